"""A stranger's first packet, and its way through the chains of a packet filter, whatever tool wrote them.

Three values: what a filter does is known, or cannot be known, and then it is said why. A condition that is not understood
neither lets anybody in for certain nor keeps everybody out.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from enum import IntEnum
from typing import Literal

from msgspec import Struct, field

from pytest_zebu.facts.answer import Garbled

NO_BRIDGE = re.compile(r"lo$|en|eth|wl|tun|tap|wg|tailscale|zt|nebula|ipsec|vti|gre|sit|ip6tnl|veth|virbr")
"""How the names of interfaces begin behind which there are no containers."""
DEEPEST = 100
"""Jumps within jumps. Kernels know loops, and give up long before."""
MANY = 1 / 1024
"""The share of all addresses from which one speaks of strangers, and no longer of somebody that is let in."""
PUBLIC6 = ipaddress.IPv6Network("2000::/3")
BROADCAST = ipaddress.IPv4Network("255.255.255.255")
SHARED = ipaddress.IPv4Network("100.64.0.0/10")
"""Behind the routers of providers, and in the tunnels of some products (RFC 6598)."""
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Met(IntEnum):
    """How many strangers' packets meet a condition.

    `UNSURE`: it asks for something particular, of which it cannot be known here who meets it (a country, a time, what a packet has in it).
    `UNSEEN`: it may well be all, but what it asks for could not be read.
    """

    NONE = 0
    UNSURE = 1
    UNSEEN = 2
    SOME = 3
    ALL = 4

    @property
    def otherwise(self) -> Met:
        """The same of the opposite."""
        return {Met.NONE: Met.ALL, Met.ALL: Met.NONE}.get(self, self)


def met_if(is_met: bool) -> Met:
    """Of what all packets have in common."""
    return Met.ALL if is_met else Met.NONE


def every(conditions: Iterable[Met]) -> Met:
    """Of conditions that must all be met. One that asks for something particular keeps it particular, whatever the rest is."""
    found = set(conditions)
    if Met.NONE in found:
        return Met.NONE
    if Met.UNSEEN in found:
        return Met.UNSURE if found & {Met.UNSURE, Met.SOME} else Met.UNSEEN
    return min(found, default=Met.ALL)


def any_of(conditions: Iterable[Met]) -> Met:
    """Of conditions of which one must be met."""
    return max(conditions, default=Met.NONE)


class Machine(Struct, frozen=True):
    """What a filter's conditions are about besides the packet.

    Attributes:
        outer: by family, the interfaces through which strangers come; nothing where that is not known.
        links: all interfaces.
        addresses: by interface, the machine's own addresses; nothing where they are not known.
    """

    outer: Mapping[int, frozenset[str]] | None = None
    links: frozenset[str] = frozenset()
    addresses: Mapping[str, tuple[ipaddress.IPv4Interface | ipaddress.IPv6Interface, ...]] | None = None

    def own(self, family: int) -> tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, ...]:
        """The addresses at which strangers find it: those of the interfaces through which they come."""
        found = self.addresses or {}
        names = (self.outer or {}).get(family) or found.keys()
        return tuple(
            one.ip
            for name in names
            for one in found.get(name, ())
            if one.version == family and not one.ip.is_loopback and not one.ip.is_link_local
        )

    def has(self, address: str, family: int) -> bool:
        """Whether an address is one of the machine itself."""
        try:
            wanted = ipaddress.ip_address(address)
        except ValueError:
            return False
        ones = (one.ip for found in (self.addresses or {}).values() for one in found)
        return wanted.version == family and wanted in ones

    def inner(self, family: int) -> tuple[Network, ...]:
        """The networks of containers: of interfaces that are neither the way out, nor a tunnel's, nor a network card's."""
        outer = frozenset().union(*(self.outer or {}).values())
        return tuple(
            one.network
            for name, found in (self.addresses or {}).items()
            if name not in outer and not NO_BRIDGE.match(name)
            for one in found
            if one.version == family and not one.ip.is_link_local
        )

    def is_inside(self, address: str, device: str) -> bool:
        """Whether what listens at an address, or on a device, is where no stranger comes."""
        if _is_of_link(address):
            return True
        if self.outer is None or self.addresses is None:
            return False
        outer = frozenset().union(*self.outer.values())
        if device:
            return device not in outer
        holders = {name for name, found in self.addresses.items() if any(str(one.ip) == address for one in found)}
        return bool(holders) and not holders & outer


def _is_of_link(address: str) -> bool:
    """Whether packets to an address come from the same link only: no router passes them on."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return found.is_link_local or found.is_multicast


class Packet(Struct, frozen=True):
    """A stranger's first packet: new, from an address and a port of its choice.

    Attributes:
        port: where it goes to.
        forwarded: nothing where it is for the machine itself; else the port at which it came in, which Docker publishes.
        is_tracked: whether it is a connection's; nothing where that is not known.
        mark: the mark that it comes with; nothing where that is not known.
        inner: of what is forwarded, the network of containers that it goes to; nothing where that is not known.
    """

    machine: Machine
    family: Literal[4, 6]
    protocol: str
    port: int
    forwarded: int | None = None
    is_tracked: bool | None = True
    mark: int | None = 0
    inner: Network | None = None

    def in_state(self, states: Collection[str]) -> Met:
        """Whether its connection is in one of some states, in capitals."""
        if self.is_tracked is None and {"NEW", "UNTRACKED"} & set(states) and not {"NEW", "UNTRACKED"} <= set(states):
            return Met.UNSEEN
        if self.is_tracked is False:
            return met_if("UNTRACKED" in states)
        return met_if("NEW" in states or (self.forwarded is not None and "DNAT" in states))

    def comes_by(self, name: str, *, prefix: bool = False) -> Met:
        """Whether it comes in by an interface, or by one whose name begins so."""

        def is_meant(link: str) -> bool:
            return link.startswith(name) if prefix else link == name

        if name == "lo" and not prefix:
            return Met.NONE
        if self.machine.outer is None:
            return Met.UNSEEN if not self.machine.links or any(map(is_meant, self.machine.links)) else Met.NONE
        outer = self.machine.outer.get(self.family) or frozenset()
        meant = [link for link in outer if is_meant(link)]
        return Met.NONE if not meant else Met.ALL if len(meant) == len(outer) else Met.SOME

    def goes_to(self, networks: Collection[Network]) -> Met:
        """Whether it is for an address in networks."""
        wanted = [network for network in networks if network.version == self.family]
        if not wanted:
            return Met.NONE
        if any(network.prefixlen == 0 for network in wanted):
            return Met.ALL
        if self.forwarded is not None:
            return _holds(wanted, self.inner)
        if all(network.is_multicast for network in wanted):
            return Met.NONE
        if self.machine.addresses is None:
            return Met.UNSEEN
        own = self.machine.own(self.family)
        if not own:
            # A rule that names an address of a machine that shows none means the machine's.
            return met_if(
                not all(network.is_loopback or network.is_multicast or network == BROADCAST for network in wanted)
            )
        held = [address for address in own if any(address in network for network in wanted)]
        return Met.NONE if not held else Met.ALL if len(held) == len(own) else Met.SOME


def _holds(wanted: Collection[Network], inner: Network | None) -> Met:
    """Whether networks have all of another one's addresses, or none; one address is that of a container, and not of all."""
    if inner is not None:
        first, last = inner[0], inner[-1]
        if any(first in network and last in network for network in wanted):
            return Met.ALL
        if not any(network.overlaps(inner) for network in wanted):
            return Met.NONE
    return Met.UNSURE if all(network.num_addresses == 1 for network in wanted) else Met.UNSEEN


def share_of(network: Network) -> float:
    """The share of all addresses that a network holds. Private and shared ones and groups are no stranger's."""
    if network.version == 6 and network.prefixlen >= PUBLIC6.prefixlen:
        return float(2.0 ** (PUBLIC6.prefixlen - network.prefixlen)) if network.subnet_of(PUBLIC6) else 0.0
    if network.prefixlen and (network.is_private or network.is_multicast or _is_shared(network)):
        return 0.0
    return float(2.0**-network.prefixlen)


def _is_shared(network: Network) -> bool:
    return isinstance(network, ipaddress.IPv4Network) and network.subnet_of(SHARED)


def from_share(share: float) -> Met:
    """How many strangers come from addresses that are such a share of all."""
    return Met.NONE if share < MANY else Met.ALL if share > 1 - MANY else Met.SOME


Act = Literal["accept", "drop", "reject", "return", "jump", "goto", "mark", "pass", "unknown"]
"""What a rule does. Unknown: it may end the packet's way or not, either way."""


class Step(Struct, frozen=True):
    """A rule, or one of the ways that it has.

    Attributes:
        met: by the mark that the packet has (nothing where it is not known), how many packets meet its conditions.
        to: the chain that it goes to, or the mark that it sets.
        text: the rule, for people.
    """

    met: Callable[[int | None], Met]
    act: Act
    text: str
    to: str = ""


class Fate(Struct, frozen=True):
    """What becomes of strangers' packets.

    Attributes:
        word: `accept` where at least some come in, `drop` or `reject` where none does, `unknown` where that cannot be said.
        why: the rule or policy.
        is_unseen: an unknown fate for want of what could not be read. A look from outside makes up for that; it does not
            where it depends on who looks, and when.
    """

    word: Literal["accept", "drop", "reject", "unknown"]
    why: str
    is_unseen: bool = False

    @property
    def is_shut(self) -> bool:
        """Whether nobody comes in."""
        return self.word in ("drop", "reject")


class Flow(IntEnum):
    """Whether a packet gets to a place."""

    NO = 0
    UNSURE = 1
    UNSEEN = 2
    SURE = 3


class _Course(Struct):
    """What was met on the way."""

    accepted: str = ""
    unsure: str = ""
    unseen: str = ""
    stopped: tuple[Literal["drop", "reject"], str] | None = None
    mark: int | None = 0
    walked: dict[tuple[str, Flow, int | None], tuple[Flow, int | None]] = field(default_factory=dict)


REACHED: Mapping[Met, Flow] = {
    Met.ALL: Flow.SURE, Met.SOME: Flow.SURE, Met.UNSURE: Flow.UNSURE, Met.UNSEEN: Flow.UNSEEN, Met.NONE: Flow.NO,
}  # fmt: skip
PASSED: Mapping[Met, Flow] = {
    Met.ALL: Flow.NO, Met.SOME: Flow.SURE, Met.UNSURE: Flow.SURE, Met.UNSEEN: Flow.UNSEEN, Met.NONE: Flow.SURE,
}  # fmt: skip
"""Whether, behind a rule that ends the way of what meets it, anything still comes. What is particular is not everybody."""


def walk(chains: Mapping[str, Sequence[Step]], base: str, policy: str, mark: int | None = 0) -> Fate:
    """The way through a base chain and those that it goes to."""
    course = _Course(mark=mark)
    left = _through(chains, base, Flow.SURE, course, 0)
    _end(course, "drop" if policy == "drop" else "accept", left, f"policy of {base}")
    if course.accepted:
        return Fate("accept", course.accepted)
    if course.unsure or course.unseen:
        return Fate("unknown", course.unsure or course.unseen, not course.unsure)
    word, why = course.stopped or ("drop", f"policy of {base}")
    return Fate(word, why)


def _end(course: _Course, act: str, flow: Flow, text: str) -> None:
    """A verdict on what gets to it."""
    match act, flow:
        case _, Flow.NO:
            pass
        case "accept", Flow.SURE:
            course.accepted = course.accepted or text
        case "accept" | "unknown", Flow.UNSURE:
            course.unsure = course.unsure or text
        case "accept" | "unknown", _:
            course.unseen = course.unseen or text
        case "drop" | "reject" as word, _:
            course.stopped = (word, text)


def _through(chains: Mapping[str, Sequence[Step]], name: str, flow: Flow, course: _Course, depth: int) -> Flow:
    """Whether anything comes back from a chain, or out of its end."""
    if depth > DEEPEST:
        raise Garbled("the packet filter's chains nest deeper than a kernel lets them")
    key = (name, flow, course.mark)
    if key not in course.walked:
        back = Flow.NO
        for step in chains.get(name, ()):
            if flow is Flow.NO or course.accepted:
                break
            met = step.met(course.mark)
            reached, passed = min(flow, REACHED[met]), min(flow, PASSED[met])
            match step.act:
                case _ if reached is Flow.NO:
                    pass
                case "pass":
                    pass
                case "mark":
                    course.mark = int(step.to) if step.to and met is Met.ALL else None
                case "accept":
                    _end(course, "accept", reached, step.text)
                    # What may have been let in is not gone for sure: the rest of the way decides, too.
                    flow = Flow.NO if met is Met.ALL else flow
                case "unknown":
                    _end(course, "unknown", reached, step.text)
                    flow = min(flow, Flow.UNSEEN) if reached > Flow.UNSURE else flow
                case "drop" | "reject" as act:
                    _end(course, act, reached, step.text)
                    flow = passed
                case "return":
                    back, flow = max(back, reached), passed
                case "jump" | "goto" as act if step.to in chains:
                    returned = _through(chains, step.to, reached, course, depth + 1)
                    if act == "goto":
                        back, flow = max(back, returned), passed
                    elif returned < reached:
                        flow = max(passed, returned)
        course.walked[key] = (max(back, flow), course.mark)
    left, course.mark = course.walked[key]
    return left


def strictest(fates: Sequence[Fate], nothing: str) -> Fate:
    """Of several base chains: a packet must get through all of them."""
    for fate in fates:
        if fate.is_shut:
            return fate
    unknown = [fate for fate in fates if fate.word == "unknown"]
    if unknown:
        return next((fate for fate in unknown if not fate.is_unseen), unknown[0])
    # A rule tells more than a policy, and the last chain more than those before it.
    told = [fate for fate in fates if "policy of" not in fate.why] or fates
    return told[-1] if told else Fate("accept", nothing)


def loosest(fates: Sequence[Fate]) -> Fate:
    """Of several packets: one that comes in is enough."""
    for word in ("accept", "unknown"):
        found = [fate for fate in fates if fate.word == word]
        if found:
            return next((fate for fate in found if not fate.is_unseen), found[0])
    return fates[0]
