"""What the lab's internet consists of: names, an ACME server, an apt server."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from lab.aptsuite import AptSuite
from lab.machine import wait_until
from lab.network import INTERNET_HOSTS, LAN, MANAGEMENT_HOSTS, WAN, Network
from lab.place import REPOSITORY, SOURCE, Place
from lab.shell import run, spawn

FILES = SOURCE / "files/inet"


class Daemons:
    """Started in the internet's namespace; they end with it."""

    def __init__(self, place: Place, network: Network) -> None:
        self.place = place
        self.network = network

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
        wait_until("the ACME server", 20, lambda: self._answers("acme", 14000))
        for name in ("ns1", "ns2", "resolver1", "resolver2", "resolver3"):
            wait_until(f"the name server {name}", 20, lambda name=name: self._answers(name, 53))  # type: ignore[misc]

    def lying_resolver(self, name: str) -> None:
        """Start the third resolver anew, with a wrong address of a name and all below it; with none it tells the truth."""
        config = self.folder("resolver3") / "dnsmasq.conf"
        for proc in Path("/proc").glob("[0-9]*"):
            try:
                words = (proc / "cmdline").read_bytes()
            except OSError:
                continue
            if words.startswith(b"dnsmasq") and os.fsencode(config) in words:
                os.kill(int(proc.name), signal.SIGTERM)
        lie = [f"--address=/{name}/10.99.0.81"] if name else []
        argv = ["dnsmasq", "--keep-in-foreground", "--user=root", f"--conf-file={config}", "--pid-file=", *lie]
        time.sleep(0.3)
        self.start("resolver3", argv)
        wait_until("the third resolver", 20, lambda: self._answers("resolver3", 53))

    def zone(self, name: str, edit: Callable[[str], str]) -> None:
        """Serve the zone, edited, from one authoritative server, and wait until caches have forgotten the old one."""
        text = edit((FILES / "zebu.test.zone").read_text())
        folder = self.folder(name)
        (folder / "zebu.test.zone").write_text(text.replace("hostmaster 1 ", f"hostmaster {int(time.time())} "))
        for proc in Path("/proc").glob("[0-9]*"):
            try:
                words = (proc / "cmdline").read_bytes()
            except OSError:
                continue
            if words.startswith(b"knotd") and os.fsencode(folder) in words:
                os.kill(int(proc.name), signal.SIGHUP)
        time.sleep(2)

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
