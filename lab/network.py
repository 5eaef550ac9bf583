"""The lab's network: a LAN, an "internet" with an edge between them, and the runner with a leg in each.

Everything lives in namespaces of the lab's own; nothing is routed outside.
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass, replace
from pathlib import Path

from lab.place import Place
from lab.shell import LabError, output, run
from lab.waits import until

LAN, LAN6 = "10.77.0.{}", "fd00:77::{}"
WAN, WAN6 = "10.99.0.{}", "fd00:99::{}"
PUBLIC_ADDRESS = WAN.format(80)

EDGE_RULES = f"""
table inet edge {{
  chain forwarded_ports {{
    type nat hook prerouting priority dstnat;
    iifname "wan" ip daddr {PUBLIC_ADDRESS} tcp dport {{ 80, 443 }} dnat ip to {LAN.format(20)}
  }}
  chain outgoing {{
    type nat hook postrouting priority srcnat;
    oifname "wan" ip saddr 10.77.0.0/24 masquerade
  }}
  chain forward {{
    type filter hook forward priority filter; policy drop;
    ct state established,related accept
    iifname "lan" oifname "wan" accept
    iifname "wan" ct status dnat accept
  }}
  chain input {{
    type filter hook input priority filter; policy accept;
    iifname "wan" ct state established,related accept
    iifname "wan" meta l4proto {{ 1, 58 }} accept  # ICMP; the names need netbase
    iifname "wan" drop
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Leg:
    """One end of a cable: an interface with its last address bytes, on the LAN or the internet.

    Where the address is leased, the machine itself asks for it.
    """

    owner: str
    interface: str
    network: str
    hosts: tuple[int, ...]
    gateway: bool = False
    leased: bool = False


INTERNET_HOSTS = {
    "acme": 14, "apt": 15, "forge": 20, "clerk": 21, "prices": 22, "advisories": 23,
    "ns2": 52, "ns1": 53, "resolver1": 54, "resolver2": 55, "resolver3": 56,
}  # fmt: skip
MANAGEMENT_HOSTS = {"pve": 5, "npm": 6}
LEGS = (
    Leg("edge", "wan", "wan", (80,)),
    Leg("edge", "lan", "lan", (1,)),
    Leg("inet", "eth0", "wan", tuple(INTERNET_HOSTS.values())),
    Leg("mgmt", "eth0", "lan", tuple(MANAGEMENT_HOSTS.values()), gateway=True),
    Leg("run", "wan", "wan", (9,)),
    Leg("run", "lan", "lan", (9,)),
)
MACHINE_LEGS = {
    "vm": Leg("vm", "eth0", "lan", (10,), gateway=True),
    "proxy": Leg("proxy", "eth0", "lan", (20,), gateway=True),
    "nas": Leg("nas", "eth0", "lan", (30,), gateway=True),
}


class Network:
    """The namespaces and cables of one lab."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.leases = frozenset[str]()
        """The machines that get their address by DHCP."""

    def path(self, name: str) -> Path:
        """The file that stands for a namespace."""
        return Path("/run/netns") / self.place.namespace(name)

    def is_up(self) -> bool:
        """Whether the whole network stands; it is made at once and removed at once."""
        return all(self.path(name).exists() for name in ("switch", "edge", "inet", "mgmt", "run"))

    def _ip(self, namespace: str, *words: str) -> None:
        run(["ip", "-n", self.place.namespace(namespace), *words])

    def _namespace(self, name: str) -> None:
        run(["ip", "netns", "add", self.place.namespace(name)])
        self._ip(name, "link", "set", "lo", "up")

    def up(self) -> None:
        """Make the switch, the edge, the internet and the runner's place."""
        if self.is_up():
            return
        self.down()
        try:
            self._make()
        except LabError:
            self.down()
            raise

    def _make(self) -> None:
        self._namespace("switch")
        for bridge in ("lan", "wan"):
            self._ip("switch", "link", "add", bridge, "type", "bridge")
            self._ip("switch", "link", "set", bridge, "up")
        for name in ("edge", "inet", "mgmt", "run"):
            self._namespace(name)
        for leg in LEGS:
            self.plug(leg)
        edge = ["ip", "netns", "exec", self.place.namespace("edge")]
        run([*edge, "sysctl", "-qw", "net.ipv4.ip_forward=1"])
        run([*edge, "nft", "-f", "-"], stdin=EDGE_RULES.encode())

    def fresh(self, machine: str) -> None:
        """A new namespace for a machine: left-over firewall rules and bridges die with the old one."""
        self.remove(machine)
        self._namespace(machine)
        self.plug(replace(MACHINE_LEGS[machine], leased=machine in self.leases))

    def plug(self, leg: Leg) -> None:
        """Lay a cable from a namespace to the switch. Addresses of the hardware are fixed: neighbours remember them."""
        port = f"{leg.owner}-{leg.network}"[:15]
        first = leg.hosts[0]
        hardware = f"02:00:00:{'77' if leg.network == 'lan' else '99'}:00:{first:02x}"
        self._ip(
            "switch", "link", "add", port, "type", "veth", "peer", "name", leg.interface,
            "address", hardware, "netns", self.place.namespace(leg.owner),
        )  # fmt: skip
        self._ip("switch", "link", "set", port, "master", leg.network, "up")
        v4, v6 = (LAN, LAN6) if leg.network == "lan" else (WAN, WAN6)
        self._ip(leg.owner, "link", "set", leg.interface, "up")
        if leg.leased:
            return
        for host in leg.hosts:
            self._ip(leg.owner, "addr", "add", f"{v4.format(host)}/24", "dev", leg.interface)
            self._ip(leg.owner, "addr", "add", f"{v6.format(host)}/64", "dev", leg.interface, "nodad")
        if leg.gateway:
            self._ip(leg.owner, "route", "add", "default", "via", v4.format(1))

    def remove(self, name: str) -> None:
        """Remove a namespace, and with it the cables that end in it. Processes in it end first."""
        if not self.path(name).exists():
            return
        end_processes_in(self.place.namespace(name))
        run(["ip", "netns", "del", self.place.namespace(name)])
        port = f"{name}-lan"
        if self.path("switch").exists():
            # The peer goes with the namespace a moment later; a new cable of the same name must not meet it.
            run(["ip", "-n", self.place.namespace("switch"), "link", "del", port], check=False)

    def down(self) -> None:
        """Remove everything of this lab's network, whatever is left of it."""
        for path in sorted(Path("/run/netns").glob(f"{self.place.token}-*")):
            self.remove(path.name.removeprefix(f"{self.place.token}-"))


def end_processes_in(namespace: str) -> None:
    """End what still runs in a namespace of ours, this process aside.

    Raises:
        LabError: something survived SIGKILL for ten seconds.
    """

    def left() -> set[int]:
        pids = {int(pid) for pid in output(["ip", "netns", "pids", namespace], check=False).split()}
        pids -= {os.getpid(), os.getppid()}
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        return pids

    until(f"nothing runs in {namespace}", left, lambda pids: not pids, seconds=10)
