"""One look at a machine that says what is to be declared of its deployment, for `zebu init` and for a run without a file."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from pytest_zebu.catalogue import SCORED, load
from pytest_zebu.discovery.found import Found, Seen, Unseen
from pytest_zebu.discovery.legs import at, legs
from pytest_zebu.discovery.resolvers import instead, own_resolvers
from pytest_zebu.discovery.vantages import FoundVantage, vantages
from pytest_zebu.discovery.whole import (
    IN_FRONT,
    INSIDE,
    OUTSIDE,
    as_settings,
    asking,
    in_front,
    inside,
    outside,
    settled,
    to_ask,
)
from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Known
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.gather.gathering import gather
from pytest_zebu.gather.snapshot import Discovered
from pytest_zebu.gather.ssh import Connection
from pytest_zebu.memory.history import Past
from pytest_zebu.people.attestations import Records
from pytest_zebu.plugin.judge import Evidence
from pytest_zebu.settings.errors import UsageProblem, explain, toml
from pytest_zebu.settings.model import DEFAULT_FILE, Settings
from pytest_zebu.settings.sections import Host
from pytest_zebu.settings.target import Target
from pytest_zebu.shown import clean_line
from pytest_zebu.verdict.outcome import Finding

if TYPE_CHECKING:  # what writes settings is imported where something was discovered
    from pytest_zebu.discovery.written import Written

TABLES = frozenset({"hosts", "domains", "vantages", "network", "backups", "proxmox", "proxy", "forge", "application"})
"""What is ever discovered; so a stranger's snapshot declares no more either."""
FILES = re.compile(r"(?:.*_)?file|identity|known_hosts|ssh_config|ssh|look|signer")
"""Keys that name a file of this machine, a way into another one, or whose word counts as a look: nobody else may choose those."""


class NotLetIn(UsageProblem):
    """The machine lets nobody in, so that nothing of it can be discovered."""


class Looking:
    """One look at a machine: what it says first decides what is looked at next, all over one connection.

    Attributes:
        name: what the machine is called in the file.
        seen: what was seen so far.
    """

    def __init__(
        self, path: Path, known: str, target: Target, connection: Connection, watch: Callable[[str], None]
    ) -> None:
        self.path, self.known, self.target = path, known, target
        self.connection, self.watch = connection, watch
        from pytest_zebu.discovery.written import name_in_file

        self.name = name_in_file(target.name, target.host.address)
        self.seen: list[Seen | FoundVantage] = []

    def look(self) -> None:
        """What the machine says of its deployment, what its names lead to, and from where this machine looks.

        Raises:
            NotLetIn: it does not let us in.
        """
        self.seen += _own(self.target)
        self._declare()
        self.watch(f"asking {self.target.name} what is deployed there, how, and under which names")
        self.seen += self._possible(inside(self._ask(INSIDE).fact))
        names = self._names()
        self._declare([Found(f"domains.{key}", name, "to be asked for") for key, name in names.items()])
        self._look_outside(names)
        self._declare([Found(f"domains.{key}", name, "to be asked for") for key, name in names.items()])
        read = self._ask(IN_FRONT).fact
        self.seen += self._possible(in_front(read, names, self._values()))
        self.seen = [*settled(self._values())]
        self._declare()
        domains = self.target.settings.domains
        # Behind another machine nobody is a neighbour of it.
        machine = "" if self.target.way and self.target.way.through else at(self.target.address)
        beside = [one for one in asking(read) if one != machine]
        aim = self.target.host.public_address or at(self.target.address)
        self.seen += vantages(legs(beside), machine, domains.addresses, aim)
        self._declare()

    def _names(self) -> dict[str, str]:
        """The names to ask for: those of the file, then what the machine tells."""
        domains = self.target.settings.domains
        said = {key: name for key in ("site", "www", "api") if (name := getattr(domains, key))}
        found = [Found(f"domains.{key}", name, "the file") for key, name in said.items()]
        names = to_ask([*self._values(), *found])
        if names and "www" in said:
            names["www"] = said["www"]
        return {key: name for key, name in names.items() if not self._refused(Found(f"domains.{key}", name, ""))}

    def _possible(self, seen: Iterable[Seen]) -> list[Seen]:
        """What was seen; what can be no value of its key is none: whatever a target says, the rest of it counts."""
        return [self._refused(one) or one if isinstance(one, Found) else one for one in seen]

    def _refused(self, one: Found) -> Unseen | None:
        """What a value that settings do not take is instead; nothing for one that they take."""
        try:
            Settings.model_validate(as_settings([one], self.name))
        except ValidationError:
            said = json.dumps(clean_line(str(one.value), 80), ensure_ascii=False)
            return Unseen(one.key, said, f"{one.where} has it, which can be none: what it is instead")
        return None

    def _look_outside(self, names: Mapping[str, str]) -> None:
        """What the names lead to; where nobody on the internet can be asked, by those whom this machine asks."""
        self.watch(f"looking where {', '.join(names.values()) or 'its names'} lead, and what stands there")
        read = self._ask(OUTSIDE).fact
        if own := instead(read, self.target.settings.domains, names, own_resolvers()):
            self.seen.append(own)
            self._declare([Found(f"domains.{key}", name, "to be asked for") for key, name in names.items()])
            read = self._ask(OUTSIDE).fact
        self.seen = [*self.seen, *self._possible(outside(read, names))]
        self.seen = [*settled(self._values())]

    def add(self, one: Found) -> None:
        """Take in what somebody said.

        Raises:
            UsageProblem: it can be no value of its key.
        """
        before = self.seen
        self.seen = [one, *(other for other in before if isinstance(other, FoundVantage) or other.key != one.key)]
        try:
            self._declare()
        except UsageProblem:
            self.seen = before
            raise

    def judge(self) -> list[Finding]:
        """What comes of each scored item with what was seen, before anybody declares more.

        It is judged as once it is in the file; but asked for as what nobody declared yet: no login is tried where something was only found.
        """
        self.watch("judging with that what can be judged, to say what each other setting would open")
        gathered = self._ask(ALL).gathered
        settings = self.target.settings.model_copy(update={"seen": frozenset()})
        evidence = _evidence(self.target.model_copy(update={"settings": settings}), gathered)
        return [evidence.judge(item.id) for item in load() if item.stage in SCORED]

    def written(self, opens: Mapping[str, int], more: Iterable[Seen] = ()) -> Written:
        """The file, as it would be.

        Raises:
            UsageProblem: what people wrote there cannot be added to.
        """
        from pytest_zebu.discovery.written import written

        try:
            return written(self.known, self.name, [*more, *self.seen], opens)
        except ValueError as error:
            raise UsageProblem(f"{self.path}: {error}") from None

    def _values(self) -> list[Seen]:
        return [one for one in self.seen if not isinstance(one, FoundVantage)]

    def _declare(self, more: Iterable[Seen] = ()) -> None:
        """Let what was seen hold for what is asked next, as if it stood in the file."""
        found = self.written({}, more)
        said = {**toml(found.text), "folder": self.path.parent, "is_from_file": True, "seen": found.added}
        self.target = _with(self.target, self.name, said, self.path)

    def _ask(self, facts: Iterable[str]) -> Evidence:
        snapshot = gather(self.target, [ALL[name] for name in facts], self.connection, lambda text: None)
        if not snapshot.reachable:
            raise NotLetIn(f"{self.target.name}: ssh: {snapshot.trouble}")
        return _evidence(self.target, snapshot.gathered)


def _evidence(target: Target, gathered: Gathered) -> Evidence:
    """What was gathered, as it is judged where no people and no earlier runs say anything."""
    return Evidence(target, gathered, Records(), Known(Past(())), Known(()))


def _own(target: Target) -> Iterable[Seen]:
    """How the machine is reached, where that is said nowhere else: an alias of ssh's has it in ssh's own configuration."""
    host = target.host
    if "://" not in target.name and "@" not in target.name:
        return
    where = "as it was called"
    for key, value in (("address", host.address), ("user", host.user), ("port", host.port)):
        if value:
            yield Found(f"host.{key}", value, where)


def discovered(target: Target, connection: Connection) -> tuple[Target, Discovered]:
    """A target that nothing is declared of, with what can be seen of its deployment.

    Raises:
        NotLetIn: it does not let us in.
    """
    from pytest_zebu.discovery.written import written

    looking = Looking(Path(DEFAULT_FILE), "", target, connection, lambda text: None)
    looking.look()
    unseen = tuple((one.key, one.example, one.why) for one in looking.seen if isinstance(one, Unseen))
    values = [one for one in looking.seen if not isinstance(one, Unseen)]
    found = Discovered(written("", looking.name, values, {}).text, unseen)
    return declared(target, found.settings), found


def declared(target: Target, text: str) -> Target:
    """A target with settings that were discovered.

    Raises:
        UsageProblem: they say what is never discovered: a stranger's snapshot may have anything.
    """
    from pytest_zebu.discovery.written import keys_of

    path = Path(f"what was discovered of {target.name}")
    try:
        said = toml(text)
    except ValueError:
        raise UsageProblem(f"{path}: is no TOML: gather again") from None
    hosts = said.get("hosts", {})
    # Hosts may be called anything.
    tables = {**said, "hosts": [*hosts.values()] if isinstance(hosts, Mapping) else []}
    own = [
        key for table in tables["hosts"] if isinstance(table, Mapping) for key in table if key not in Host.model_fields
    ]
    if odd := next(iter([*(said.keys() - TABLES), *own, *_files_of(tables)]), None):
        raise UsageProblem(f"{path}: says {clean_line(odd, 80)!r}, which is never discovered: gather again")
    name = next(iter(hosts), target.name) if isinstance(hosts, Mapping) else target.name
    return _with(target, name, {**said, "folder": target.settings.folder, "seen": tuple(keys_of(text))}, path)


def _files_of(said: object) -> Iterator[str]:
    """The keys among them that nobody else may choose."""
    if isinstance(said, Mapping):
        for key, value in said.items():
            if FILES.fullmatch(key):
                yield key
            yield from _files_of(value)
    elif isinstance(said, list):
        for value in said:
            yield from _files_of(value)


def _with(target: Target, name: str, said: Mapping[str, object], path: Path) -> Target:
    """A target with other settings; its limits are the run's.

    Raises:
        UsageProblem: the settings are none.
    """
    try:
        settings = Settings.model_validate(said)
    except ValidationError as error:
        raise UsageProblem(explain(path, error, Settings)) from None
    limits = {"timeout": target.settings.timeout, "deadline": target.settings.deadline}
    host, settings = settings.hosts.get(name, target.host), settings.for_host(name)
    return target.model_copy(update={"settings": settings.model_copy(update=limits), "host": host})
