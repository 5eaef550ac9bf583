"""Which ports answer from each declared vantage, over IPv4 and IPv6."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, replace

from pytest_zebu.facts import containers, sockets
from pytest_zebu.facts.answer import Garbled, Known, Missing, Reason, Unknown, is_number, part
from pytest_zebu.facts.fact import Fact, Gathered, Look, Probe
from pytest_zebu.settings.sections import Vantage
from pytest_zebu.settings.target import Target

PORTS = (
    21, 22, 23, 25, 53, 80, 81, 111, 443, 445, 2375, 2376, 3000, 3306, 5000, 5173, 5432, 6379, 8000, 8006, 8080, 8443,
    9000, 9090, 9100, 10250, 27017,
)  # fmt: skip
"""Tried from everywhere: the application's own, and those that are open by mistake most often."""
ADDRESSES_PROBE = Probe("addresses6", file="addresses6.sh")


@dataclass(frozen=True, slots=True)
class View:
    """What is open, seen from one vantage.

    Attributes:
        address: what was tried.
        open: by port; unknown where the vantage itself was cut off.
    """

    vantage: Vantage
    address: str
    open: Mapping[int, Known[bool] | Unknown]

    @property
    def name(self) -> str:
        """The vantage, and the family where it is not IPv4."""
        return f"{self.vantage.name} (IPv6)" if ":" in self.address else self.vantage.name


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
    return Look("tcp", "ports", {"address": address, "ports": ports, "control": vantage.control}, vantage.name)


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
        return tuple(str(ipaddress.IPv6Address(text)) for text in gathered.said("addresses6").out.split()[:4])
    except Missing as error:
        return error.unknown
    except ValueError:
        return Unknown(Reason.GARBLED, "the machine's IPv6 addresses")


def further(gathered: Gathered, target: Target) -> tuple[Look, ...]:
    """Ports that the machine has beyond the known ones, and the same over IPv6: a rule may stand in one family only."""
    own = _own_ports(gathered, target)
    found = []
    for vantage in target.settings.vantages:
        extra = sorted(own - set(PORTS))
        address = _address_of(target, vantage)
        if extra and address and target.scan != "full":
            arguments = {"address": address, "ports": extra, "control": vantage.control}
            found.append(Look("tcp", "own ports", arguments, vantage.name))
        addresses6 = _addresses6(gathered)
        for address6 in () if isinstance(addresses6, Unknown) else addresses6:
            if vantage.kind == "internet" and not ipaddress.ip_address(address6).is_global:
                continue
            ports = sorted({*PORTS, *own})
            found.append(
                Look(
                    "tcp",
                    f"ports of {address6}",
                    {"address": address6, "ports": ports, "control": None},
                    f"{vantage.name}",
                )
            )
    return tuple(found)


def _view(vantage: Vantage, address: str, seen: Known[dict[str, object]] | Unknown) -> View:
    if isinstance(seen, Unknown):
        return View(vantage, address, dict.fromkeys(PORTS, seen))
    states = part(seen.value, "open", dict)
    if not all(is_number(str(port)) for port in states):
        raise Garbled("the ports that were tried")
    is_open: dict[int, Known[bool] | Unknown] = {int(port): Known(bool(state)) for port, state in states.items()}
    if not part(seen.value, "control", bool):
        blind = Unknown(
            Reason.UNREACHABLE, f"{vantage.control or 'every port tried'} does not answer to {vantage.name} either"
        )
        is_open = {port: state if state == Known(True) else blind for port, state in is_open.items()}
    return View(vantage, address, is_open)


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
        address = str(asked.arguments["address"])
        view = _view(vantage, address, gathered.saw(asked))
        for other in more:
            if other.vantage == vantage.name and other.subject == "own ports":
                view = View(vantage, address, {**view.open, **_view(vantage, address, gathered.saw(other)).open})
        views.append(view)
        views += [
            _view(vantage, str(other.arguments["address"]), gathered.saw(other))
            for other in more
            if other.vantage == vantage.name and other.subject != "own ports"
        ]
        if isinstance(addresses6, Unknown):
            views.append(View(vantage, "its IPv6 addresses", dict.fromkeys(PORTS, addresses6)))
    return tuple(_unless_aside(view, target) for view in views)


FACT = Fact("exposure", parse, (ADDRESSES_PROBE, sockets.PROBE), looks=looks, then=further)
