"""pg_hba.conf: the first rule that meets a connection decides, and nothing behind it is asked."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from typing import TypeVar

from msgspec import Struct

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
N = TypeVar("N", ipaddress.IPv4Network, ipaddress.IPv6Network)
_EVERYWHERE: tuple[Network, ...] = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))
_OWN_NAMES = frozenset({"localhost", "localhost.localdomain", "localhost4", "localhost6", "ip6-localhost", "ip6-loopback"})  # fmt: skip
ASK_NOTHING = frozenset({"trust", "ident"})
"""Methods that let in whoever comes; by ident a machine elsewhere says itself who its user is (20.8)."""
_CONNECTIONS = {
    "local": frozenset({"socket"}), "host": frozenset({"plain", "tls", "gss"}), "hostssl": frozenset({"tls"}),
    "hostnossl": frozenset({"plain", "gss"}), "hostgssenc": frozenset({"gss"}), "hostnogssenc": frozenset({"plain", "tls"}),
}  # fmt: skip
"""Which connections the kinds of rules are about (20.1)."""


class HbaRule(Struct, frozen=True):
    """A line of pg_hba.conf.

    Attributes:
        file: where it stands, if that is another file than the first.
        has_certificate: whether the client has to show one, whatever the method is.
    """

    line: int
    kind: str
    address: str
    method: str
    databases: tuple[str, ...] = ("all",)
    users: tuple[str, ...] = ("all",)
    file: str = ""
    has_certificate: bool = False

    @property
    def place(self) -> str:
        """Where it stands."""
        return f"line {self.line}{f' of {self.file}' if self.file else ''}"

    @property
    def connections(self) -> frozenset[str]:
        """The kinds of connections that it is about; of a kind that is not known, all that come over a network."""
        return _CONNECTIONS.get(self.kind, _CONNECTIONS["host"])

    @property
    def is_local(self) -> bool:
        """Whether only the database's own container can use it."""
        # samehost: the container's own addresses.
        if self.kind == "local" or self.address.lower() in (*_OWN_NAMES, "samehost"):
            return True
        return all(map(_is_own, self.networks or _EVERYWHERE))

    @property
    def networks(self) -> tuple[Network, ...]:
        """The addresses that it is about; nothing where that depends on names or on the machine's own networks."""
        if self.address == "all":
            return _EVERYWHERE
        try:
            return (ipaddress.ip_network(self.address, strict=False),)
        except ValueError:
            return ()

    def covers(self, other: HbaRule) -> bool:
        """Whether it meets whatever database and user the other is about."""
        return _has_all(self.databases, other.databases) and _has_all(self.users, other.users)


def _has_all(mine: tuple[str, ...], others: tuple[str, ...]) -> bool:
    """Patterns, groups and the like are equal or unknown; "all" is no replication, which only its own word means."""
    return all(name in mine or ("all" in mine and name != "replication") for name in others)


def _is_own(network: Network) -> bool:
    if isinstance(network, ipaddress.IPv6Network) and network.prefixlen >= 96:
        mapped = network.network_address.ipv4_mapped
        if mapped is not None:
            return ipaddress.ip_network(f"{mapped}/{network.prefixlen - 96}").is_loopback
    return network.is_loopback


def _without(networks: Iterable[Network], taken: Network) -> Iterator[Network]:
    for network in networks:
        match network, taken:
            case (ipaddress.IPv4Network() as one, ipaddress.IPv4Network() as other):
                yield from _rest(one, other)
            case (ipaddress.IPv6Network() as one, ipaddress.IPv6Network() as other):
                yield from _rest(one, other)
            case _:
                yield network


def _rest(network: N, taken: N) -> Iterator[N]:
    if not network.overlaps(taken):
        yield network
    elif network.prefixlen < taken.prefixlen:
        yield from network.address_exclude(taken)


def lets_in_anybody(rule: HbaRule, before: Iterable[HbaRule], has_tls: bool) -> bool:
    """Whether somebody elsewhere meets this rule, which asks for nothing, and none of those before it.

    Args:
        rule: the rule.
        before: the rules that stand before it.
        has_tls: whether the server speaks TLS at all.
    """
    if rule.method not in ASK_NOTHING or rule.has_certificate or rule.is_local:
        return False
    others = [one for one in before if one.covers(rule)]
    for connection in rule.connections - (set() if has_tls else {"tls"}):
        earlier = [one for one in others if connection in one.connections]
        if not rule.networks:  # by name, or its own networks: only what is about everybody, or about the same
            if not any(one.address in ("all", rule.address) for one in earlier):
                return True
            continue
        left: tuple[Network, ...] = rule.networks
        for one in earlier:
            for network in one.networks:
                left = tuple(_without(left, network))
        if any(not _is_own(network) for network in left):
            return True
    return False
