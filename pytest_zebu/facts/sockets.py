"""What listens on the machine itself, by `ss`."""

from __future__ import annotations

import ipaddress
import re

from msgspec import Struct

from pytest_zebu.facts.answer import Garbled, lines_of, whole_number
from pytest_zebu.facts.fact import Fact, Gathered, Probe
from pytest_zebu.settings.target import Target

PROBE = Probe("sockets", file="sockets.sh", timeout=5, takes=1.5)
UDP_PROBE = Probe("sockets.udp", file="sockets-udp.sh", timeout=5)


class Listener(Struct, frozen=True):
    """A listening socket.

    Attributes:
        device: the interface that it is bound to, if it is bound to one.
        pid: the number of the process; 0 where it is not told.
    """

    address: str
    port: int
    process: str
    device: str = ""
    pid: int = 0

    @property
    def place(self) -> str:
        """Where it listens, as addresses and ports are written together."""
        return f"{bracketed(self.address)}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only the machine itself can reach it."""
        return self.device == "lo" or is_loopback(self.address)


def bracketed(address: str) -> str:
    """An address as it stands before a port."""
    return f"[{address}]" if ":" in address else address


def is_loopback(address: str) -> bool:
    """Whether an address stands for the machine itself only; a wildcard does not."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0].strip("[]"))
    except ValueError:
        return False
    return (getattr(found, "ipv4_mapped", None) or found).is_loopback


def _listeners(said: str) -> tuple[Listener, ...]:
    return tuple(_listener(line) for line in lines_of(said) if line.strip())


def _listener(line: str) -> Listener:
    fields = line.split()
    if len(fields) < 5 or fields[0] not in ("LISTEN", "UNCONN"):
        raise Garbled(f"ss said: {line[:120]}")
    place, _, port = fields[3].rpartition(":")
    address, _, device = place.partition("%")
    address = address.strip("[]")
    if address != "*":
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            raise Garbled(f"ss said: {line[:120]}") from None
        address = str(getattr(found, "ipv4_mapped", None) or found)
    process = re.search(r'\("([^"]*)"(?:,pid=([0-9]{1,10})\b)?', line)
    name, pid = (process[1], int(process[2] or 0)) if process else ("", 0)
    return Listener(address, whole_number(port, "a port of ss"), name, device.strip("[]"), pid)


def parse(gathered: Gathered, target: Target) -> tuple[Listener, ...]:
    """From `ss -Hltnp`: state, queues, local address:port, peer, users. What let us in listens: nothing at all was not seen."""
    if not (found := _listeners(gathered.said("sockets").out)):
        raise Garbled("ss lists nothing that listens, although the machine let us in")
    return found


def parse_udp(gathered: Gathered, target: Target) -> tuple[Listener, ...]:
    """From `ss -Hlunp`, likewise; that there is nothing, which the script compares with the kernel's tables, is believed where `ss` works for TCP."""
    found = _listeners(gathered.said("sockets.udp").out)
    if not found:
        parse(gathered, target)
    return found


FACT = Fact("sockets", parse, (PROBE,))
UDP = Fact("udp_sockets", parse_udp, (UDP_PROBE, PROBE))
