"""From where this machine looks: by its own addresses, beside those of the machine that is judged."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence

from msgspec import Struct

from pytest_zebu.discovery.found import Seen, Unseen

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
ELSEWHERE = (
    "no address of this machine is on the internet: run `zebu look` on one that is (a small server, a laptop behind a phone), and hand what it "
    "writes to `--zebu-look`"
)


class Leg(Struct, frozen=True):
    """An address of this machine.

    Attributes:
        network: as `192.0.2.7/24`.
        control: an address and port that answer there whatever the judged machine does, such as the router; empty where none was found.
        adapter: the device that has it; empty where that is not known.
        is_tunnel: what goes out there is wrapped and goes elsewhere, as in a VPN: nobody there is a neighbour.
    """

    network: str
    control: str = ""
    adapter: str = ""
    is_tunnel: bool = False

    @property
    def address(self) -> str:
        """Without its network."""
        return self.network.partition("/")[0]


class FoundVantage(Struct, frozen=True):
    """A table of `[[vantages]]`.

    Attributes:
        where: what shows it.
    """

    name: str
    kind: str
    source: str
    control: str
    where: str


def vantages(legs: Sequence[Leg], machine: str, public: Sequence[str], aim: str = "") -> Iterator[FoundVantage | Seen]:
    """One for the machine's own network, and one on the internet, as far as this machine has a leg there.

    Args:
        legs: this machine's own addresses.
        machine: the address of the machine that is judged; empty where it has none that is known.
        public: where its names lead.
        aim: at which address a vantage on the internet would look; empty where that is not known.
    """
    at = _address(machine)
    of_lan = _beside(legs, at)
    if of_lan:
        yield FoundVantage(
            "lan", "lan", of_lan.address, of_lan.control, f"{of_lan.network} of this machine has {machine} in it"
        )
    led_to = [one for one in map(_address, public) if one]
    # What has the same cable as a neighbour of the machine is behind the same router, whatever its addresses are.
    apart = [leg for leg in legs if leg != of_lan and not (of_lan and leg.adapter and leg.adapter == of_lan.adapter)]
    out = next((leg for leg in apart if _is_on_the_internet(leg, led_to)), None)
    target = _address(aim)
    if out and target and not target.is_global:
        # Its silence there would be taken for closed ports.
        why = f"{out.network} of this machine is a public address, from which nobody reaches {aim}: set public_address of the host too"
        yield Unseen("vantages", f'name = "internet", kind = "internet", source = "{out.address}"', why)
    elif out:
        yield FoundVantage(
            "internet", "internet", out.address, out.control, f"{out.network} of this machine is a public address"
        )
    else:
        yield Unseen("vantages", 'name = "internet", kind = "internet"', ELSEWHERE)


def _beside(legs: Sequence[Leg], machine: Address | None) -> Leg | None:
    """The leg in whose network the machine is a neighbour; of several networks the narrowest, by which the kernel goes too."""

    def has(leg: Leg) -> bool:
        own = ipaddress.ip_interface(leg.network)
        # Whoever is in a container has the machine that runs it for a router: that is no network of others.
        is_router = leg.control.rpartition(":")[0] == str(machine)
        return machine in own.network and machine != own.ip and not leg.is_tunnel and not is_router

    if machine is None:
        return None
    return max(filter(has, legs), key=lambda leg: ipaddress.ip_interface(leg.network).network.prefixlen, default=None)


def _address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


SITE = 48
"""Bits of IPv6 addresses that one site has in common (RFC 6177): a provider gives a home or an office no more."""


def _is_on_the_internet(leg: Leg, public: Sequence[Address]) -> bool:
    """Whether it has a public address of its own, elsewhere than what is looked at: what goes there comes from outside.

    An address of the other family says nothing: what is looked at over IPv4 is not reached from an IPv6 one.
    """
    own = ipaddress.ip_interface(leg.network)
    same = [one for one in public if one.version == own.version]
    near = own.network if own.version == 4 else ipaddress.ip_network((own.ip, SITE), strict=False)
    return own.ip.is_global and bool(same) and not any(one in near or one in own.network for one in same)
