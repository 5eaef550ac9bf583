"""This machine's own addresses, and what answers beside them."""

from __future__ import annotations

import ipaddress
import socket
import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from pytest_zebu.discovery.vantages import Leg

ROUTES = Path("/proc/net/route")
DEVICES = Path("/sys/class/net")
UNLIKE_A_LAN = 0x10 | 0x80
"""Flags of devices that have one other end, or ask nobody who has an address (IFF_POINTOPOINT, IFF_NOARP of linux/if.h)."""
PORTS = (53, 80, 443, 22)
"""What a router listens on, usually."""
SECONDS = 0.5
INTERNET = "1.1.1.1:53"
"""Answers nearly always, to nearly everybody: a public resolver."""


def legs(beside: Iterable[str] = ()) -> tuple[Leg, ...]:
    """The addresses by which others may be reached, without the loopback's. Whatever adapters are called, their kind is the kernel's word."""
    import ifaddr  # only `zebu init` and a run without a file look for them

    found = []
    for adapter in ifaddr.get_adapters():
        name = str(adapter.name)
        for one in adapter.ips:
            address = one.ip if one.is_IPv4 else one.ip[0]
            parsed = ipaddress.ip_interface(f"{address}/{one.network_prefix}")
            if not parsed.ip.is_link_local and not parsed.ip.is_loopback:
                found.append(Leg(str(parsed), control(parsed, beside), name, is_tunnel(name)))
    return tuple(found)


def at(name: str) -> str:
    """Where this machine goes to reach another one, as ssh does; empty where its name leads nowhere."""
    with suppress(OSError, UnicodeError):
        return str(socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)[0][4][0])
    return ""


def is_tunnel(adapter: str) -> bool:
    """Whether what goes out there is wrapped and goes elsewhere: WireGuard, Tailscale, OpenVPN, ZeroTier; Linux alone tells."""
    place = DEVICES / adapter
    if (place / "tun_flags").exists():
        return True
    with suppress(OSError, ValueError):
        return bool(int((place / "flags").read_text(), 16) & UNLIKE_A_LAN)
    return False


def control(own: ipaddress.IPv4Interface | ipaddress.IPv6Interface, beside: Iterable[str] = ()) -> str:
    """What answers in a network, whatever the judged machine does: its router; of an address on the internet a public resolver.

    Args:
        own: this machine's address there.
        beside: other machines that are known, such as the proxy: where the router is silent, one of them tells as much.
    """
    if own.ip.is_global:
        return INTERNET if own.version == 4 else ""
    for other in (*_routers(), *map(ipaddress.ip_address, beside)):
        if other in own.network and other != own.ip:
            for port in PORTS:
                with suppress(OSError), socket.create_connection((str(other), port), SECONDS):
                    return f"{other}:{port}" if other.version == 4 else f"[{other}]:{port}"
    return ""


def _routers() -> Iterator[ipaddress.IPv4Address]:
    """The default routes of Linux, by its own table; elsewhere none is known."""
    with suppress(OSError, ValueError, struct.error):
        for line in ROUTES.read_text().splitlines()[1:]:
            fields = line.split()
            if len(fields) > 7 and fields[1] == fields[7] == "00000000":
                yield ipaddress.IPv4Address(struct.pack("<L", int(fields[2], 16)))
