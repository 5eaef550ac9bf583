"""Which ports answer from each declared vantage, over IPv4 and IPv6."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from pytest_zebu.facts import containers, elsewhere, sockets
from pytest_zebu.facts.answer import Garbled, Known, Missing, Reason, Unknown, is_number, part
from pytest_zebu.facts.fact import Fact, Gathered, Look, Probe
from pytest_zebu.facts.firewall import HIGH_PORTS, UNOPENED_PORT
from pytest_zebu.settings.sections import Vantage
from pytest_zebu.settings.target import Target

UNOPENED = (UNOPENED_PORT, *HIGH_PORTS)
"""Ports that no service has: what becomes of them is what becomes of everything that nobody opened."""
PORTS = (
    21, 22, 23, 25, 53, 80, 81, 111, 443, 445, 2375, 2376, 3000, 3306, 5000, 5173, 5432, 6379, 8000, 8006, 8080, 8443,
    9000, 9090, 9100, 10250, 27017, *UNOPENED,
)  # fmt: skip
"""Tried from everywhere: the application's own, those that are open by mistake most often, and some that never are."""
MOST_ADDRESSES = 16
"""Of IPv6, so many addresses of the machine are looked at."""
ADDRESSES_PROBE = Probe("addresses6", file="addresses6.sh", takes=1.5)


class View(Struct, frozen=True):
    """What is open, seen from one vantage.

    Attributes:
        address: what was tried.
        open: by port; unknown where the vantage itself was cut off, or could not try it.
        silent: of the ports that no service has, those from which nothing at all came back.
        ago: how long ago that was, where another machine saw it and handed it in; empty where this one looked.
    """

    vantage: Vantage
    address: str
    open: Mapping[int, Known[bool] | Unknown]
    silent: frozenset[int] = frozenset()
    ago: str = ""

    @property
    def name(self) -> str:
        """The vantage, and the family where it is not IPv4."""
        return f"{self.vantage.name} (IPv6)" if ":" in self.address else self.vantage.name

    @property
    def place(self) -> str:
        """From where it was seen, and how long ago where it was not now."""
        return f"from {self.name}, {self.ago}" if self.ago else f"from {self.name}"


def _address_of(target: Target, vantage: Vantage) -> str | None:
    """From the internet one can only try the public address; elsewhere the machine's own."""
    if vantage.kind == "internet" and target.host.public_address:
        return target.host.public_address
    return target.address


def look(target: Target, vantage: Vantage) -> Look | None:
    """Try the ports that matter, and the vantage's control address."""
    address = _address_of(target, vantage)
    if address is None:
        return None
    ports = sorted({*PORTS, target.ssh_port})
    if target.scan == "full":
        ports = list(range(1, 65_536))
    return _look("ports", address, ports, vantage, vantage.control)


def _look(subject: str, address: str, ports: list[int], vantage: Vantage, control: str | None) -> Look:
    arguments = {"address": address, "ports": ports, "control": control, "unopened": list(UNOPENED)}
    return Look("tcp", subject, arguments, vantage.name)


def looks(target: Target) -> tuple[Look, ...]:
    """A look per vantage."""
    return tuple(found for vantage in target.settings.vantages if (found := look(target, vantage)))


def _own_ports(gathered: Gathered, target: Target) -> set[int]:
    """The TCP ports that the machine says it has: listeners and published ports."""
    found: set[int] = set()
    listeners = sockets.FACT.read(gathered, target)
    if isinstance(listeners, Known):
        found |= {item.port for item in listeners.value if not item.is_loopback}
    seen = containers.FACT.read(gathered, target)
    if isinstance(seen, Known):
        found |= {port.host_port for item in seen.value.everything for port in item.published if not port.is_loopback}
    return {port for port in found if port}


def _addresses6(gathered: Gathered) -> tuple[str, ...] | Unknown:
    """The machine's own IPv6 addresses: where these are not known, neither is what they expose."""
    try:
        found = tuple(str(ipaddress.IPv6Address(text)) for text in gathered.said("addresses6").out.split())
    except Missing as error:
        return error.unknown
    except ValueError:
        return Unknown(Reason.GARBLED, "the machine's IPv6 addresses")
    if len(found) > MOST_ADDRESSES:
        return Unknown(Reason.UNDECIDABLE, f"it has {len(found)} IPv6 addresses: not all of them can be looked at")
    return found


def further(gathered: Gathered, target: Target) -> tuple[Look, ...]:
    """Ports that the machine has beyond the known ones, and the same over IPv6: a rule may stand in one family only."""
    own = _own_ports(gathered, target)
    found = []
    for vantage in target.settings.vantages:
        extra = sorted(own - set(PORTS))
        address = _address_of(target, vantage)
        if extra and address and target.scan != "full":
            found.append(_look("own ports", address, extra, vantage, vantage.control))
        addresses6 = _addresses6(gathered)
        for address6 in () if isinstance(addresses6, Unknown) else addresses6:
            if vantage.kind == "internet" and not ipaddress.ip_address(address6).is_global:
                continue
            found.append(_look(f"ports of {address6}", address6, sorted({*PORTS, *own}), vantage, None))
    return tuple(found)


def _view(vantage: Vantage, asked: Look, gathered: Gathered) -> View:
    seen: Known[dict[str, object]] | Unknown = gathered.saw(asked)
    return replace(_seen_by(vantage, asked, seen), ago=elsewhere.age(seen, gathered.time))


def _seen_by(vantage: Vantage, asked: Look, seen: Known[dict[str, object]] | Unknown) -> View:
    address = str(asked.arguments["address"])
    if isinstance(seen, Unknown):
        return View(vantage, address, dict.fromkeys(PORTS, seen))
    states = part(seen.value, "open", dict)
    silent = seen.value.get("silent", [])
    is_odd = any(not is_number(str(port)) or not isinstance(state, bool | None) for port, state in states.items())
    if is_odd or not isinstance(silent, list):
        raise Garbled("the ports that were tried")
    trouble = Unknown(
        Reason.UNDECIDABLE, f"{vantage.name} could not try it: {seen.value.get('trouble') or 'for want of something'}"
    )
    untried = Unknown(Reason.GARBLED, f"{vantage.name} does not tell of it")
    is_open: dict[int, Known[bool] | Unknown] = dict.fromkeys(asked.arguments["ports"], untried)
    is_open |= {int(port): trouble if state is None else Known(state) for port, state in states.items()}
    if not part(seen.value, "control", bool):
        blind = Unknown(
            Reason.UNREACHABLE, f"{vantage.control or 'every port tried'} does not answer to {vantage.name} either"
        )
        return View(
            vantage, address, {port: state if state == Known(True) else blind for port, state in is_open.items()}
        )
    return View(vantage, address, is_open, frozenset(port for port in silent if isinstance(port, int)))


def _unless_aside(view: View, target: Target) -> View:
    """Where ssh goes through another machine, a vantage may have no way to this one: then silence says nothing."""
    through = target.way.through if target.way else ""
    if not through or view.address == target.host.public_address or Known(True) in view.open.values():
        return view
    why = Unknown(
        Reason.UNREACHABLE, f"ssh goes through {through}, and nothing at {view.address} answers to {view.name}"
    )
    return replace(view, open=dict.fromkeys(view.open, why))


def parse(gathered: Gathered, target: Target) -> tuple[View, ...]:
    """By vantage. A closed port says nothing where the vantage cannot reach even its control address."""
    views = []
    more = further(gathered, target)
    addresses6 = _addresses6(gathered)
    for vantage in target.settings.vantages:
        asked = look(target, vantage)
        if asked is None:
            continue
        view = _view(vantage, asked, gathered)
        for other in more:
            if other.vantage == vantage.name and other.subject == "own ports":
                more_open = _view(vantage, other, gathered).open
                view = replace(view, open={**view.open, **more_open})
        views.append(view)
        views += [
            _view(vantage, other, gathered)
            for other in more
            if other.vantage == vantage.name and other.subject != "own ports"
        ]
        if isinstance(addresses6, Unknown):
            views.append(View(vantage, "its IPv6 addresses", dict.fromkeys(PORTS, addresses6)))
    return tuple(_unless_aside(view, target) for view in views)


FACT = Fact("exposure", parse, (ADDRESSES_PROBE, sockets.PROBE), looks=looks, then=further)
