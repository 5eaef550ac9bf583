"""What the lab's internet consists of: names, an ACME server, an apt server."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from lab.aptsuite import AptSuite
from lab.network import INTERNET_HOSTS, LAN, MACHINE_LEGS, MANAGEMENT_HOSTS, WAN, Network
from lab.place import REPOSITORY, SOURCE, Place
from lab.shell import run, spawn
from lab.waits import until

FILES = SOURCE / "files/inet"
CACHED = 1.5
"""Seconds after which the resolvers have forgotten a record: they keep none for longer than one (`*-max-ttl`)."""
_ASK_SERIAL = """
import sys, dns.message, dns.query
said = dns.query.udp(dns.message.make_query("zebu.test", "SOA"), sys.argv[1], timeout=2)
print(said.answer[0][0].serial)
"""


class Daemons:
    """Started in the internet's namespace; they end with it."""

    def __init__(self, place: Place, network: Network) -> None:
        self.place = place
        self.network = network
        self.certificate_days = 90.0
        """How long the ACME server's certificates are valid."""

    def _address(self, name: str) -> str:
        return WAN.format(INTERNET_HOSTS[name])

    def folder(self, name: str) -> Path:
        """Where a daemon keeps its things."""
        return self.place.run / name

    def _prepare(self, name: str, template: str) -> Path:
        folder = self.folder(name)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        text = (FILES / template).read_text()
        text = text.replace("@ADDRESS@", WAN.format(INTERNET_HOSTS.get(name, 0))).replace("@FOLDER@", str(folder))
        text = text.replace("@VALIDITY@", str(int(self.certificate_days * 86_400)))
        config = folder / template
        config.write_text(text)
        return config

    def start(self, name: str, argv: Sequence[str | Path], **env: str) -> None:
        """Start one daemon in the internet's namespace."""
        self._spawn("inet", name, argv, **env)

    def _spawn(self, namespace: str, name: str, argv: Sequence[str | Path], **env: str) -> None:
        inside = ["nsenter", f"--net={self.network.path(namespace)}", *argv]
        spawn(inside, self.place.logs / f"{name}.log", **env)

    def state(self, stand_in: str) -> Path:
        """What a stand-in takes for true; it reads it at each request."""
        return self.place.run / "standins" / f"{stand_in}.json"

    def _stand_ins(self) -> None:
        """Their states are written when the machines are up, of which they tell."""
        self.state("").parent.mkdir(parents=True, exist_ok=True)
        places = {
            "inet": {"forge": ("forge", 443), "signin": ("clerk", 443), "prices": ("prices", 443), "advisories": ("advisories", 443)},
            "mgmt": {"proxmox": ("pve", 8006), "npm": ("npm", 81)},
        }  # fmt: skip
        for namespace, services in places.items():
            words: list[str | Path] = []
            for name, (host, port) in services.items():
                address = self._address(host) if namespace == "inet" else LAN.format(MANAGEMENT_HOSTS[host])
                words.append(f"{name}={self.state(name)}@{address}:{port}")
            argv: list[str | Path] = [sys.executable, "-m", "lab.standins", self.place.keys / "standins.pem", *words]
            self._spawn(namespace, f"standins-{namespace}", argv, PYTHONPATH=str(REPOSITORY))

    def up(self) -> None:
        """Start them all, and wait until names resolve and the ACME server answers."""
        for name in ("ns1", "ns2"):
            config = self._prepare(name, "knot.conf")
            shutil.copy(FILES / "zebu.test.zone", self.folder(name))
            self.start(name, ["knotd", "-c", config])
        for name in ("resolver1", "resolver2"):
            self.start(name, ["unbound", "-d", "-c", self._prepare(name, "unbound.conf")])
        config = self._prepare("resolver3", "dnsmasq.conf")
        self.start(
            "resolver3", ["dnsmasq", "--keep-in-foreground", "--user=root", f"--conf-file={config}", "--pid-file="]
        )
        suite = AptSuite(self.place.cache / "apt")
        self.start(
            "apt", [sys.executable, "-m", "http.server", "--bind", self._address("apt"), "--directory", suite.web, "80"]
        )
        config = self._prepare("acme", "pebble.json")
        for file in ("acme.pem", "acme.key"):
            shutil.copy(self.place.keys / file, self.folder("acme"))
        self.start(
            "acme",
            ["pebble", "-config", config, "-dnsserver", f"{self._address('ns1')}:53"],
            PEBBLE_VA_NOSLEEP="1",
            PEBBLE_WFE_NONCEREJECT="0",
        )
        self._stand_ins()
        until("the ACME server answers", partial(self._answers, "acme", 14000), seconds=20)
        for name in ("ns1", "ns2", "resolver1", "resolver2", "resolver3"):
            until(f"the name server {name} answers", partial(self._answers, name, 53), seconds=20)

    def lend_address(self, machine: str) -> None:
        """Let the router lend a machine its address by DHCP, to whoever asks for one: it is the only one to be had."""
        address = LAN.format(MACHINE_LEGS[machine].hosts[0])
        folder = self.folder("dhcp")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        words = [
            "dnsmasq", "--keep-in-foreground", "--user=root", "--conf-file=/dev/null", "--pid-file=", "--port=0",
            "--interface=lan", "--bind-interfaces", f"--dhcp-leasefile={folder}/leases", "--dhcp-authoritative", "--no-ping",
            f"--dhcp-range={address},{address},255.255.255.0,12h", f"--dhcp-option=option:router,{LAN.format(1)}",
            f"--dhcp-option=option:dns-server,{self._address('resolver1')}",
        ]  # fmt: skip
        self._spawn("edge", "dhcp", words)

    def lying_resolver(self, name: str) -> None:
        """Start the third resolver anew, with a wrong address of a name and all below it; with none it tells the truth."""
        config = self.folder("resolver3") / "dnsmasq.conf"
        for pid in self._processes("dnsmasq", config):
            os.kill(pid, signal.SIGTERM)
        lie = [f"--address=/{name}/10.99.0.81"] if name else []
        argv = ["dnsmasq", "--keep-in-foreground", "--user=root", f"--conf-file={config}", "--pid-file=", *lie]
        until(
            "the third resolver has ended",
            lambda: self._processes("dnsmasq", config),
            lambda left: not left,
            seconds=20,
        )
        self.start("resolver3", argv)
        until("the third resolver answers", partial(self._answers, "resolver3", 53), seconds=20)

    def zone(self, name: str, edit: Callable[[str], str]) -> None:
        """Serve the zone, edited, from one authoritative server, and wait until caches have forgotten the old one."""
        text = edit((FILES / "zebu.test.zone").read_text())
        folder = self.folder(name)
        serial = int(time.time())
        (folder / "zebu.test.zone").write_text(text.replace("hostmaster 1 ", f"hostmaster {serial} "))
        for pid in self._processes("knotd", folder):
            os.kill(pid, signal.SIGHUP)
        until(
            f"{name} serves the zone of {serial}", lambda: self._serial(name), lambda seen: seen == serial, seconds=20
        )
        since = time.monotonic()
        until("what caches keep has run out", lambda: time.monotonic() - since, lambda age: age > CACHED, seconds=20)

    def _serial(self, name: str) -> int:
        """The serial number of the zone, as a server has it."""
        said = run(
            ["nsenter", f"--net={self.network.path('inet')}", sys.executable, "-c", _ASK_SERIAL, self._address(name)]
        )
        return int(said.stdout)

    @staticmethod
    def _processes(program: str, mark: Path) -> list[int]:
        """The daemons that were started with a path of ours."""
        found = []
        for proc in Path("/proc").glob("[0-9]*"):
            try:
                words = (proc / "cmdline").read_bytes()
            except OSError:
                continue
            if words.startswith(program.encode()) and os.fsencode(mark) in words:
                found.append(int(proc.name))
        return found

    def _answers(self, name: str, port: int) -> bool:
        probe = "import socket,sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 1)"
        argv = [
            "nsenter",
            f"--net={self.network.path('inet')}",
            sys.executable,
            "-c",
            probe,
            self._address(name),
            str(port),
        ]
        return run(argv, check=False).returncode == 0

    def acme_root(self) -> bytes:
        """The root certificate of the ACME server: a new one at each start."""
        fetch = "import ssl,sys,urllib.request as u; sys.stdout.buffer.write(u.urlopen(sys.argv[1], context=ssl._create_unverified_context(), timeout=5).read())"
        url = f"https://{self._address('acme')}:15000/roots/0"
        argv = ["nsenter", f"--net={self.network.path('inet')}", sys.executable, "-c", fetch, url]
        return run(argv).stdout
