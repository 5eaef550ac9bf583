"""What a machine elsewhere saw of a deployment: written and signed there by `zebu look`, taken in here as its vantage."""

from __future__ import annotations

import ipaddress
import json
import shlex
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from pytest_zebu import __version__
from pytest_zebu.facts import plainjson, urls
from pytest_zebu.facts.answer import Garbled, Reason, Unknown, part, plain_text, texts
from pytest_zebu.facts.elsewhere import LATEST, ago, marked
from pytest_zebu.facts.fact import Look
from pytest_zebu.files import MIB, read_bytes, why
from pytest_zebu.gather.snapshot import MOST_SAID, entry, rich
from pytest_zebu.redaction import redacted_data
from pytest_zebu.settings.errors import UsageProblem
from pytest_zebu.settings.sections import Domains, Vantage
from pytest_zebu.settings.target import Target

if TYPE_CHECKING:  # what signs is imported where something is signed, or was
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from pytest_zebu.gather import signing

SCHEMA = 1
KIND = "application/vnd.pytest-zebu.look+json"
MOST_BYTES, MOST_VALUES, MOST_LOOKS = 16 * MIB, 500_000, 1000
"""Of a stranger's file. What is seen of three names has some 100 KiB in some 50 looks; all ports, 70,000 values."""
MOST_OF_ONE = 4 * MIB
"""Characters of what came of one look."""
FAST_SECONDS = 300.0
"""So much may another machine's clock be fast."""
HOUR = 3600.0
KINDS = ("dns", "tcp", "tls", "http", "descriptions", "scripts")
"""Looks that another machine makes: those that need no secret, no browser and no login."""
STANDS_IN = frozenset(KINDS) - {"tcp"}
"""Looks that may stand in where this machine itself could see nothing; whether its own network is there, no other one tells."""
AT_HOME = tuple(
    map(
        ipaddress.ip_network,
        ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8",
         "fc00::/7", "fe80::/10", "::1/128"),
    )
)  # fmt: skip
"""Addresses that mean another machine in each network (RFC 1918, 4193, 6598, 3927, 4291)."""
UNTOLD = "no vantage declares a control address to tell why"
"""What is said where silence may be the target's as well as our own network's."""
MOST_PORTS_NAMED = 8


class Kept(Struct, frozen=True):
    """A look that was made, and what came of it: plain data, or Unknown."""

    look: Look
    seen: Any


class Handed(Struct, frozen=True):
    """What one machine saw.

    Attributes:
        vantage: what it is called.
        at: when it began to look, by its own clock, in seconds since 1970.
        names: the names that it looked at.
        addresses: the addresses whose ports it tried, the public one first.
        signer: the fingerprint of the key that signed it.
    """

    vantage: str
    at: float
    names: tuple[str, ...]
    addresses: tuple[str, ...]
    kept: tuple[Kept, ...]
    signer: str = ""

    def saw(self, look: Look, now: float) -> Any:
        """What came of a look, with the mark of where it comes from; Unknown, with the reason, where the file does not have it."""
        found = self._find(look)
        if found is None:
            address = look.arguments["address"] if look.kind == "tcp" else ""
            what, how = (address, f", with --also {address}") if address else (f"{look.kind} {look.subject}", "")
            again = f"run `zebu look` there again{how}"
            return Unknown(Reason.MISSING, f"{self._when(now)}: it did not look at {what}: {again}")
        if isinstance(found.seen, Unknown):
            return Unknown(found.seen.reason, f"{self._when(now)}: {found.seen.detail}")
        if not isinstance(found.seen, Mapping):
            return Unknown(
                Reason.GARBLED, f"{self._when(now)}: what came of {look.kind} {look.subject} is of no known shape"
            )
        seen = _of_ports(found.seen, look.arguments["ports"]) if look.kind == "tcp" else found.seen
        if seen is None:
            return Unknown(Reason.GARBLED, f"{self._when(now)}: what came of the ports is of no known shape")
        return marked(seen, self.vantage, self.at)

    def _find(self, look: Look) -> Kept | None:
        return next((one for one in self.kept if _are_alike(one.look, look)), None)

    def _when(self, now: float) -> str:
        return f"from {self.vantage}, {ago(now - self.at)}"


def _of_ports(seen: Mapping[str, Any], ports: Sequence[int]) -> dict[str, Any] | None:
    """Of the ports that were tried, those that are asked for, without a state where one was not; nothing if it is odd."""
    match seen:
        case {
            "open": Mapping() as states,
            "silent": list() as silent,
            "control": bool() as control,
            "trouble": str() as trouble,
        }:
            wanted = {str(port): states.get(str(port)) for port in ports}
        case _:
            return None
    if not all(isinstance(state, bool | None) for state in wanted.values()):
        return None
    lacking = [f"--port {port}" for port in ports if str(port) not in states]
    if lacking:
        listed = " ".join(lacking[:MOST_PORTS_NAMED])
        trouble = f"its look did not try it: run `zebu look` there again, with {listed} or --scan full"
    quiet = {port for port in silent if type(port) is int}
    kept = [port for port in ports if port in quiet]
    return {"open": wanted, "silent": kept, "control": control, "trouble": trouble}


def _are_alike(one: Look, other: Look) -> bool:
    """Whether two looks see the same, by whatever control address the machines know that they see anything."""
    if one.kind != other.kind:
        return False
    if one.kind == "tcp":
        return _as_one(str(one.arguments.get("address"))) == _as_one(str(other.arguments["address"]))
    return one.subject == other.subject and _apart(one.arguments) == _apart(other.arguments)


def _as_one(address: str) -> str:
    """An address in the one way of writing it."""
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return address.lower()


def is_same_elsewhere(look: Look) -> bool:
    """Whether a look may stand in for another machine's: of its kind, and at nothing that is another machine in each network."""
    url = urls.read(str(look.arguments.get("url", "")))
    return look.kind in STANDS_IN and not any(
        map(_is_at_home, (str(look.arguments.get("address", "")), url.host if url else ""))
    )


def _is_at_home(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address.strip("[]"))
    except ValueError:
        return False
    return any(found in network for network in AT_HOME if network.version == found.version)


def _apart(arguments: Mapping[str, Any]) -> Any:
    return json.loads(json.dumps({key: value for key, value in arguments.items() if key != "control"}))


# Writing


def written(handed: Handed, key: Ed25519PrivateKey) -> str:
    """The file that is handed over: everything that was seen, without secrets, signed."""
    looks = [
        {
            "kind": one.look.kind,
            "subject": one.look.subject,
            "arguments": dict(one.look.arguments),
            "seen": _bounded(entry(redacted_data(one.seen))),
        }
        for one in handed.kept
    ]
    payload = {
        "zebu_look": SCHEMA,
        "tool": __version__,
        "vantage": handed.vantage,
        "at": handed.at,
        "names": list(handed.names),
        "addresses": list(handed.addresses),
        "looks": looks,
    }
    from pytest_zebu.gather import signing

    return signing.sealed(json.dumps(payload).encode(), KIND, key)


def _bounded(seen: Any) -> Any:
    if len(json.dumps(seen)) <= MOST_OF_ONE:
        return seen
    return entry(Unknown(Reason.GARBLED, "what came of it is larger than what is handed over"))


# Reading


def read(path: Path) -> Handed:
    """What a machine handed over, whoever that is: its signature is right, and its signer is still to be compared.

    Raises:
        UsageProblem: it cannot be read, was altered, or is of another version.
    """
    from pytest_zebu.gather import signing

    try:
        signed = signing.opened(_bytes_of(path), KIND)
        return _handed(signed)
    except FileNotFoundError:
        raise UsageProblem(f"{path}: no such file (`zebu look` on another machine writes it)") from None
    except OSError as error:
        raise UsageProblem(f"{path}: what `zebu look` wrote cannot be read: {why(error)}") from None
    except Garbled as error:
        raise UsageProblem(f"{path}: {error}: hand in the file as `zebu look` wrote it, or look again") from None


def _bytes_of(path: Path) -> bytes:
    data = read_bytes(path, MOST_BYTES)
    if sum(data.count(sign) for sign in (b",", b"[", b"{")) > MOST_VALUES:
        raise Garbled("has more values than any look")
    return data


def _handed(signed: signing.Signed) -> Handed:
    if sum(signed.text.count(sign) for sign in (b",", b"[", b"{")) > MOST_VALUES:
        raise Garbled("has more values than any look")
    try:
        data = plainjson.loads(signed.text.decode())
    except (plainjson.NoJson, UnicodeDecodeError):
        raise Garbled("what was signed is no JSON") from None
    version = data.get("zebu_look") if isinstance(data, dict) else None
    if type(version) is not int or version != SCHEMA:
        raise Garbled(f"is of version {plain_text(repr(version))[:40]}, this is for version {SCHEMA}")
    at = data.get("at")
    if isinstance(at, bool) or not isinstance(at, int | float) or not 0 <= at < LATEST:
        raise Garbled("at is no moment")
    looks = part(data, "looks", list)
    if len(looks) > MOST_LOOKS:
        raise Garbled("has more looks than anybody makes")
    return Handed(
        vantage=plain_text(part(data, "vantage", str))[:MOST_SAID],
        at=float(at),
        names=texts(data, "names"),
        addresses=texts(data, "addresses"),
        kept=tuple(_kept(one) for one in looks),
        signer=signed.signer,
    )


def _kept(data: Any) -> Kept:
    look = Look(part(data, "kind", str), part(data, "subject", str), part(data, "arguments", dict))
    return Kept(look, rich(data.get("seen")))


def complaint(handed: Handed, vantage: Vantage, target: Target, now: float) -> str:
    """Why a file does not count as what a vantage saw of a target, and what to do; empty if it does."""
    if handed.signer != vantage.signer:
        return (
            f"is signed by {handed.signer}, and vantages has signer = {_quoted(vantage.signer)} for {_quoted(vantage.name)}: "
            f"compare it with what `zebu look` printed on that machine, and write it there if it is the same"
        )
    if handed.vantage != vantage.name:
        return f"was seen as {_quoted(handed.vantage)}, and not as {_quoted(vantage.name)}: look again with --as"
    if not target.host.public_address:
        return f"public_address of {target.name} is not set: without it nothing tells whether its ports were looked at"
    if {*handed.names} != {*target.settings.domains.names}:
        return _otherwise("names", handed.names, target.settings.domains.names, target)
    if _as_one(target.host.public_address) not in map(_as_one, handed.addresses):
        return _otherwise("addresses", handed.addresses, (target.host.public_address,), target)
    age = now - handed.at
    if age < -FAST_SECONDS:
        return f"is of a moment {-age / HOUR:.1f} hours ahead of this machine's clock: set the one that is wrong, and look again"
    if age > vantage.look_hours * HOUR:
        return f"was seen {ago(age)}, and counts for {vantage.look_hours:g} hours (look_hours): look again: {command(target, vantage)}"
    return ""


def _quoted(text: str | None) -> str:
    return json.dumps(plain_text(text)[:100], ensure_ascii=False) if text is not None else "none"


def _otherwise(what: str, theirs: Sequence[str], ours: Sequence[str], target: Target) -> str:
    listed = ", ".join(plain_text(one)[:80] for one in theirs[:5]) or "none"
    return f"is of other {what} ({listed}) than {target.name} has ({', '.join(ours)}): look again: {command(target)}"


def command(target: Target, vantage: Vantage | None = None) -> str:
    """How that machine looks at what this target has, with no file of settings there; quoted for a shell."""
    domains, usual = target.settings.domains, Domains()
    words = ["zebu", "look"]
    for flag in ("site", "www", "api", "staging"):
        words += [f"--{flag}", value] if (value := getattr(domains, flag)) else []
    for address in domains.addresses:
        words += ["--address", address]
    public = target.host.public_address
    if public and public != next((one for one in domains.addresses if "/" not in one), None):
        words += ["--public-address", public]
    for resolver in domains.resolvers if domains.resolvers != usual.resolvers else ():
        words += ["--resolver", resolver]
    words += ["--as", vantage.name] if vantage else []
    words += ["--control", vantage.control] if vantage and vantage.control else []
    return shlex.join([*words, "-o", f"{vantage.name if vantage else 'look'}.json"])


# Taking in


def taken_in(targets: Iterable[Target], files: Sequence[str], now: float) -> tuple[Target, ...]:
    """Targets whose vantages have the files that were named for this run, beside those that the settings name.

    Raises:
        UsageProblem: a file counts for none of them; one that the settings name does not count.
    """
    found = list(targets)
    named: set[tuple[str, str]] = set()
    for name in files:
        path = Path(name).absolute()
        found = _with(found, path, read(path), now, named)
    _expect_to_count(found, now)
    return tuple(found)


def _expect_to_count(targets: Sequence[Target], now: float) -> None:
    """Each file counts for one target at least: of several hosts, it is of one.

    Raises:
        UsageProblem: one does not.
    """
    complaints: dict[Path, list[str]] = {}
    for target in targets:
        for vantage in target.settings.vantages:
            if vantage.look is not None:
                path = target.settings.file(vantage.look)
                complaints.setdefault(path, []).append(complaint(read(path), vantage, target, now))
    for path, found in complaints.items():
        if all(found):
            raise UsageProblem(f"{path}: {found[0]}")


def _with(
    targets: Sequence[Target], path: Path, handed: Handed, now: float, named: set[tuple[str, str]]
) -> list[Target]:
    """Targets, of which those that a file counts for have it; `named` is what has one already, by target and vantage.

    Raises:
        UsageProblem: it counts for none, or for what has another one.
    """
    found, complaints = [], []
    for target in targets:
        vantage = next((one for one in target.settings.vantages if one.name == handed.vantage), None)
        if vantage is None:
            complaints.append(_unknown_signer(handed))
        elif vantage.signer is None:
            taken = f"{_quoted(vantage.name)} is what a vantage of this machine is called"
            complaints.append(f"{taken}: look again with --as and another name, and declare that with its signer")
        elif why_not := complaint(handed, vantage, target, now):
            complaints.append(why_not)
        elif (place := (target.name, vantage.name)) in named:
            raise UsageProblem(
                f"{path}: is of {_quoted(vantage.name)} like another file that is named: hand in one of them"
            )
        else:
            named.add(place)
            target = _looking(target, vantage.model_copy(update={"look": path}))
        found.append(target)
    if len(complaints) == len(found):
        raise UsageProblem(f"{path}: {complaints[0]}")
    return found


def _unknown_signer(handed: Handed) -> str:
    table = f'[[vantages]] name = {_quoted(handed.vantage)}, kind = "internet", signer = "{handed.signer}"'
    return f"nobody knows who signed it: compare {handed.signer} with what `zebu look` printed there, and declare {table} (a line each)"


def _looking(target: Target, changed: Vantage) -> Target:
    vantages = tuple(changed if one.name == changed.name else one for one in target.settings.vantages)
    return target.model_copy(update={"settings": target.settings.model_copy(update={"vantages": vantages})})


def handed_to(target: Target, now: float) -> dict[str, Handed | Unknown]:
    """By vantage that is another machine: what it handed in; or, with the reason, that there is nothing that counts."""
    return {one.name: _handed_by(one, target, now) for one in target.settings.vantages if one.signer}


def _handed_by(vantage: Vantage, target: Target, now: float) -> Handed | Unknown:
    if vantage.look is None:
        return Unknown(
            Reason.NOT_CONFIGURED,
            f"{vantage.name} looks from another machine: run `{command(target, vantage)}` there, and hand in what it writes: --zebu-look=FILE",
        )
    try:
        handed = read(target.settings.file(vantage.look))
    except UsageProblem as error:
        return Unknown(Reason.UNDECIDABLE, str(error))
    why_not = complaint(handed, vantage, target, now)
    return Unknown(Reason.UNDECIDABLE, f"{vantage.look}: {why_not}") if why_not else handed


def instead(look: Look, seen: Unknown, handed: Mapping[str, Handed | Unknown]) -> Any:
    """What another machine saw of what this one could not see, if it saw it; else why this one could not.

    Where the target is silent to this one, and nothing tells whose fault that is, it may be silent since: what was seen before stays away.
    """
    if not is_same_elsewhere(look) or UNTOLD in seen.detail:
        return seen
    others = sorted((one for one in handed.values() if isinstance(one, Handed)), key=lambda one: -one.at)
    found = (one.saw(look, time.time()) for one in others)
    return next((one for one in found if not isinstance(one, Unknown)), seen)
