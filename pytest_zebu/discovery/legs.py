"""This machine's own addresses, and what answers beside them."""

from __future__ import annotations

import ipaddress
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import ifaddr

from pytest_zebu.discovery.vantages import Leg

ROUTES = Path("/proc/net/route")
PORTS = (53, 80, 443, 22)
"""What a router listens on, usually."""
SECONDS = 0.5
INTERNET = "1.1.1.1:53"
"""Answers nearly always, to nearly everybody: a public resolver."""


def legs() -> tuple[Leg, ...]:
    """The addresses by which others may be reached, without the loopback's and those of containers' bridges."""
    found = []
    for adapter in ifaddr.get_adapters():
        if str(adapter.name).startswith(("lo", "docker", "br-", "veth", "virbr")):
            continue
        for one in adapter.ips:
            address = one.ip if one.is_IPv4 else one.ip[0]
            parsed = ipaddress.ip_interface(f"{address}/{one.network_prefix}")
            if not parsed.ip.is_link_local and not parsed.ip.is_loopback:
                found.append(Leg(str(parsed), control(parsed)))
    return tuple(found)


def control(own: ipaddress.IPv4Interface | ipaddress.IPv6Interface) -> str:
    """What answers in a network, whatever the judged machine does: its router; of an address on the internet a public resolver."""
    if own.ip.is_global:
        return INTERNET if own.version == 4 else ""
    for router in _routers():
        if router in own.network:
            for port in PORTS:
                with suppress(OSError), socket.create_connection((str(router), port), SECONDS):
                    return f"{router}:{port}"
    return ""


def _routers() -> Iterator[ipaddress.IPv4Address]:
    """The default routes of Linux, by its own table; elsewhere none is known."""
    with suppress(OSError):
        for line in ROUTES.read_text().splitlines()[1:]:
            fields = line.split()
            if len(fields) > 7 and fields[1] == fields[7] == "00000000":
                yield ipaddress.IPv4Address(struct.pack("<L", int(fields[2], 16)))
