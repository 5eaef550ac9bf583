"""`zebu.toml` as one validated value."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import certifi
from pydantic import Field, ValidationError, model_validator

from pytest_zebu.files import MIB, at_home, read_text, why
from pytest_zebu.redaction import remember
from pytest_zebu.settings.errors import UsageProblem, explain, parsed
from pytest_zebu.settings.sections import (
    Advisories,
    Application,
    BackupPlan,
    BrowserNeeds,
    DatabaseAccess,
    DeclaredHost,
    Domains,
    Evidence,
    FirewallRules,
    ForgeAccess,
    LongSeconds,
    Maintenance,
    NetworkNeeds,
    Profile,
    ProxmoxAccess,
    ProxyAccess,
    Relaxation,
    RelaxationReason,
    Requirements,
    Seconds,
    Section,
    Thresholds,
    Tls,
    TrialNeeds,
    Vantage,
    laid_over,
)
from pytest_zebu.settings.wanted import written
from pytest_zebu.shown import meant

DEFAULT_FILE = "zebu.toml"
SIZE_LIMIT = MIB
SECRET_LIMIT = 65_536
AUTHORITY_LIMIT = 16 * MIB
BARE = re.compile(r"[A-Za-z0-9_-]+")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
HostName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=255,
        pattern=r"^[^\s,\x00-\x1f\x7f-\x9f]+$",
        description="a host's name, without blanks and commas",
        examples=["vm"],
    ),
]


class Settings(Section):
    """Everything that is declared about a deployment.

    Attributes:
        seen: the keys, in full, of values that nobody declared: they were read from the deployment for this run. What is compared
            with such a value is compared with itself, and needs another witness.
    """

    hosts: Mapping[HostName, DeclaredHost] = Field(default_factory=dict)
    domains: Domains = Domains()
    tls: Tls = Tls()
    vantages: tuple[Vantage, ...] = ()
    network: NetworkNeeds = NetworkNeeds()
    firewall: FirewallRules = FirewallRules()
    backups: BackupPlan = BackupPlan()
    database: DatabaseAccess = DatabaseAccess()
    requirements: Requirements = Requirements()
    thresholds: Thresholds = Thresholds()
    application: Application = Application()
    browser: BrowserNeeds = BrowserNeeds()
    proxmox: ProxmoxAccess = ProxmoxAccess()
    proxy: ProxyAccess = ProxyAccess()
    forge: ForgeAccess = ForgeAccess()
    advisories: Advisories = Advisories()
    probes: TrialNeeds = TrialNeeds()
    maintenance: Maintenance = Maintenance()
    simulated: tuple[str, ...] = ()
    evidence: Evidence = Evidence()
    relaxed: tuple[RelaxationReason, ...] = ()
    profile: Profile = "standard"
    timeout: Seconds = 30.0
    deadline: LongSeconds = 120.0
    folder: Path = Field(default=Path(), exclude=True)
    is_from_file: bool = Field(default=False, exclude=True)
    seen: frozenset[str] = Field(default=frozenset(), exclude=True)

    def _check(self) -> None:
        """Compare what is declared with what else is.

        Raises:
            ValueError: it does not fit; the text names the key.
        """
        self._relaxed_is_declared()
        self._ssh_names_are_hosts()
        self._other_machines_have_names_of_their_own()

    def _relaxed_is_declared(self) -> None:
        reasons = {declared.key for declared in self.relaxed}
        lowered = {key for key, _, _ in self._lowered()}
        if missing := sorted(lowered - reasons):
            raise ValueError(
                f"{missing[0]} is lower than the checklist's: declare it in [[relaxed]] with key, reason and approver"
            )
        if unused := sorted(reasons - lowered):
            raise ValueError(f"[[relaxed]] names {unused[0]}, which is not lower than the checklist's")

    def _lowered(self) -> list[tuple[str, str, str]]:
        found = []
        for section, default in (("requirements", Requirements()), ("thresholds", Thresholds())):
            mine = getattr(self, section)
            for name in type(mine).model_fields:
                asked, declared = getattr(default, name), getattr(mine, name)
                if declared < asked:
                    found.append((f"{section}.{name}", f"{asked:g}", f"{declared:g}"))
        for name, asked in (("allowed", (80, 443)), ("forwarded", (80, 443))):
            if extra := sorted(set(getattr(self.firewall, name)) - set(asked)):
                found.append((f"firewall.{name}", "80, 443", ", ".join(map(str, [*asked, *extra]))))
        if datagrams := self.firewall.allowed_udp:
            found.append(("firewall.allowed_udp", "no UDP port", ", ".join(map(str, datagrams))))
        if self.advisories.allowed != "none":
            found.append(("advisories.allowed", "no known vulnerability", f"up to {self.advisories.allowed}"))
        if self.firewall.lan_trusted:
            found.append(("firewall.lan_trusted", "the backend is not directly exposed", "the LAN may reach it"))
        if self.tls.ca_file is not None:
            found.append(
                ("tls.ca_file", "a publicly trusted authority", f"{self.tls.issuer} ({self.tls.ca_file.name})")
            )
        elif self.tls.issuer != Tls().issuer:
            found.append(("tls.issuer", Tls().issuer, self.tls.issuer))
        return found

    @property
    def relaxations(self) -> tuple[Relaxation, ...]:
        """All requirements that are lower than the checklist's."""
        reasons = {declared.key: declared for declared in self.relaxed}
        return tuple(
            Relaxation(
                key=key, checklist=asked, declared=declared, reason=reasons[key].reason, approver=reasons[key].approver
            )
            for key, asked, declared in self._lowered()
        )

    def _ssh_names_are_hosts(self) -> None:
        for key, name in (("proxy.ssh", self.proxy.ssh), ("proxmox.ssh", self.proxmox.ssh)):
            if name is not None and name not in self.hosts:
                raise ValueError(
                    f"{key} names {written(name, 'ssh')}, which is not in [hosts]{meant(name, self.hosts)}; for example: [hosts.node]"
                )

    def _other_machines_have_names_of_their_own(self) -> None:
        names = [vantage.name for vantage in self.vantages]
        if twice := next((one.name for one in self.vantages if one.signer and names.count(one.name) > 1), None):
            raise ValueError(f"two vantages are called {twice!r}, and one of them is another machine: rename one")

    @model_validator(mode="after")
    def _is_right(self) -> Settings:
        self._check()
        for name, host in self.hosts.items():
            if host.own:
                self.for_host(name)
        return self

    def for_host(self, name: str) -> Settings:
        """What holds for one host: what is declared of all, and key by key over that what is declared of it alone.

        A reason for a relaxation is one for the value beside it: a host that has a lower value of its own has its own reason.

        Raises:
            ValueError: together they are wrong; the text names the key.
        """
        if not any(host.own for host in self.hosts.values()):
            return self
        own = self.hosts[name].own if name in self.hosts else {}
        relaxed = own.pop("relaxed", ())
        update = {key: laid_over(getattr(self, key), said) for key, said in own.items()}
        at = f"hosts.{written_name(name)}."
        update["hosts"] = {other: host.plain for other, host in self.hosts.items()}
        update["seen"] = self.seen | {key.removeprefix(f"hosts.{name}.") for key in self.seen}
        found = self.model_copy(update=update)
        lowered = {key for key, _, _ in found._lowered()}
        of_its_own = {
            f"{key}.{one}" for key, said in own.items() if isinstance(said, Section) for one in said.model_fields_set
        }
        of_its_own |= {one.key for one in relaxed}
        shared = (one for one in self.relaxed if one.key in lowered - of_its_own)
        found = found.model_copy(update={"relaxed": (*shared, *relaxed)})
        try:
            found._check()
        except ValueError as error:
            said = str(error).replace("[[relaxed]]", f"[[{at}relaxed]]")
            raise ValueError(f"for {at.removesuffix('.')}: {said}") from None
        return found

    def file(self, path: Path) -> Path:
        """A file that the settings name: relative to the folder in which they are."""
        return self.folder / at_home(path)

    def trust(self, ca_file: Path | None) -> str:
        """Whom a service's certificate may come from: its own authority, the declared one, or the public ones."""
        chosen = ca_file or self.tls.ca_file
        return str(self.file(chosen)) if chosen else certifi.where()

    def secret(self, path: Path | None, key: str) -> str:
        """The content of a file that holds a secret. It goes into requests only, and is hidden wherever else it would stand.

        Raises:
            UsageProblem: it cannot be read; the text names the key.
        """
        try:
            found = read_text(self.file(path), SECRET_LIMIT).strip() if path else ""
        except UnicodeDecodeError:
            raise UsageProblem(f"{key}: {path} is no text") from None
        except OSError as error:
            raise UsageProblem(f"{key}: {path} cannot be read ({why(error)})") from None
        if path and not found:
            raise UsageProblem(f"{key}: {path} is empty")
        if CONTROL.search(found):
            raise UsageProblem(f"{key}: {path} must hold one line and no control characters")
        return remember(found)

    @property
    def control(self) -> str | None:
        """An address that answers this machine whatever the target does: it tells whose fault silence is."""
        return next((vantage.control for vantage in self.vantages if vantage.control and not vantage.signer), None)

    @property
    def attestations_file(self) -> Path:
        """Where attestations are read from."""
        return self.file(self.evidence.attestations)

    @property
    def incidents_folder(self) -> Path:
        """Where the records of incidents are."""
        return self.file(self.evidence.incidents)

    @property
    def history_file(self) -> Path:
        """Where runs are remembered: beside the settings, or in the user's state folder where there are none.

        Who has no home (a number that passwd does not know) has it where they stand.
        """
        if self.evidence.history is not None:
            return self.file(self.evidence.history)
        if self.is_from_file:
            return self.folder / ".zebu/history.sqlite3"
        state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
        with suppress(ValueError):
            return at_home(Path(state)) / "pytest-zebu/history.sqlite3"
        return self.folder / ".zebu/history.sqlite3"


def read(path: Path) -> Settings:
    """Read a settings file.

    Raises:
        UsageProblem: it is missing, is no TOML, or has a wrong or unknown key; the text names file, key and remedy.
    """
    try:
        _, said = parsed(path, SIZE_LIMIT)
    except FileNotFoundError:
        raise UsageProblem(f"{path}: no such file (--zebu-config names it)") from None
    if ours := said.keys() & {"folder", "is_from_file", "seen"}:
        raise UsageProblem(f"{path}: unknown key {min(ours)!r}")
    try:
        found = Settings.model_validate({**said, "folder": path.parent, "is_from_file": True})
    except ValidationError as error:
        raise UsageProblem(explain(path, error, Settings)) from None
    of_hosts = {f"hosts.{written_name(name)}.": host.own for name, host in found.hosts.items()}
    for table, said in {"": dict(found), **of_hosts}.items():
        for section in ("tls", "proxmox", "proxy", "forge", "advisories"):
            authority = said[section].ca_file if section in said else None
            # Libraries would wait for it, or read it to its end.
            if authority is not None and _is_odd(found.file(authority)):
                raise UsageProblem(
                    f"{path}: {table}{section}.ca_file: {authority} is no regular file of at most 16 MiB"
                )
    return found


def written_name(name: str) -> str:
    """A host's name as a part of a key, as TOML has it."""
    return name if BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def _is_odd(path: Path) -> bool:
    """Whether there is something that is no ordinary file."""
    try:
        return path.exists() and (not path.is_file() or path.stat().st_size > AUTHORITY_LIMIT)
    except OSError:
        return True


def find(option: str | None) -> Settings:
    """The settings that apply: the named file, else the one in the current folder, else the defaults."""
    named = option or os.environ.get("ZEBU_CONFIG")
    if named:
        return read(Path(named))
    return read(Path(DEFAULT_FILE)) if os.path.lexists(DEFAULT_FILE) else Settings()
