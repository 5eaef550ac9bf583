"""From where this machine looks: by its own addresses, beside those of the machine that is judged."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pytest_zebu.discovery.found import Seen, Unseen

ELSEWHERE = (
    "no address of this machine is on the internet: run `zebu look` on one that is (a small server, a laptop behind a phone), and hand what it "
    "writes to `--zebu-look`"
)


@dataclass(frozen=True, slots=True)
class Leg:
    """An address of this machine.

    Attributes:
        network: as `192.0.2.7/24`.
        control: an address and port that answer there whatever the judged machine does, such as the router; empty where none was found.
    """

    network: str
    control: str = ""

    @property
    def address(self) -> str:
        """Without its network."""
        return self.network.partition("/")[0]


@dataclass(frozen=True, slots=True)
class FoundVantage:
    """A table of `[[vantages]]`.

    Attributes:
        where: what shows it.
    """

    name: str
    kind: str
    source: str
    control: str
    where: str


def vantages(legs: Sequence[Leg], machine: str, public: Sequence[str]) -> Iterator[FoundVantage | Seen]:
    """One for the machine's own network, and one on the internet, as far as this machine has a leg there.

    Args:
        legs: this machine's own addresses.
        machine: the address of the machine that is judged; empty where it has none that is known.
        public: where its names lead.
    """
    at = _address(machine)
    of_lan = next((leg for leg in legs if at and at in ipaddress.ip_interface(leg.network).network), None)
    if of_lan:
        yield FoundVantage(
            "lan", "lan", of_lan.address, of_lan.control, f"{of_lan.network} of this machine has {machine} in it"
        )
    led_to = [one for one in map(_address, public) if one]
    if out := next((leg for leg in legs if leg != of_lan and _is_on_the_internet(leg, led_to)), None):
        yield FoundVantage(
            "internet", "internet", out.address, out.control, f"{out.network} of this machine is a public address"
        )
    else:
        yield Unseen("vantages", 'name = "internet", kind = "internet"', ELSEWHERE)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _is_on_the_internet(leg: Leg, public: Sequence[ipaddress.IPv4Address | ipaddress.IPv6Address]) -> bool:
    """Whether it has a public address of its own, in another network than what is looked at: what goes there comes from outside."""
    own = ipaddress.ip_interface(leg.network)
    return own.ip.is_global and not any(one in own.network for one in public)
