"""Where it is measured: a lab that is up, fresh processes that look at it, and what they cost here and there."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit

from benchmarks.measured import usage
from benchmarks.plugins import ALONE, PLUGINS
from benchmarks.relay import SSH_PORT
from lab.deployment import Lab, require_up
from pytest_zebu.gather.lab import RunningLab
from pytest_zebu.settings import read
from pytest_zebu.settings.sections import FirewallRules

ROOT = Path(__file__).parents[1]
OPPONENT = Path(__file__).with_name("opponent")
NAME = "lab"
SECONDS = 900.0
END_SECONDS = 5.0
PR_SET_CHILD_SUBREAPER = 36
LOG = "var/log/auth.log"
ACCEPTED = b": Accepted "
READY = (0, 1)
"""How pytest may end: all is well, or the machine is not ready by what was asked. Anything else is a break."""
WITHOUT_BROWSER = ("-m", "not browser")
NO_BROWSER = "/nonexistent/chromium"
"""What is declared for those runs: some items ask a browser, too, where there is one."""
CGROUPS = ("unified", "", "cpuacct", "cpu,cpuacct")
SUITE = "this suite"


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a program.

    Attributes:
        seconds: it took.
        here: processor seconds on this machine, of it and all that it started.
        there: processor seconds on the target meanwhile.
        logins: on the target meanwhile, by sshd's log.
        status: with which it ended.
        output: the last of what it said.
    """

    seconds: float
    here: float
    there: float
    logins: int
    status: int
    output: str


class Bench:
    """A lab that is up, and a scratch folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lab = require_up(Lab())
        self.running = RunningLab.find()
        self.settings = read(self.running.config)
        host = self.settings.hosts[NAME]
        self.address, self.user = str(host.address), str(host.user)
        self.identity, self.known_hosts = Path(str(host.identity)), Path(str(host.known_hosts))
        self.empty = folder / "empty"
        self.empty.mkdir()
        # Connections that stay are started by what is measured and outlive it: they are ours to wait for.
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def there(self) -> float:
        """Processor seconds that the target has taken so far, its containers among them."""
        own = f"{self.lab.place.token}-vm"
        for hierarchy in CGROUPS:
            for name in ("cpu.stat", "cpuacct.usage"):
                file = Path("/sys/fs/cgroup", hierarchy, own, name)
                with suppress(OSError, ValueError):
                    return usage(file.read_text())
        raise RuntimeError(f"no control group tells what {own} takes")

    @property
    def _log(self) -> Path:
        return self.lab.vm.root / LOG

    def run(
        self,
        words: Sequence[str | Path],
        *,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
        statuses: Iterable[int] = (0,),
        afterwards: Sequence[str] = (),
    ) -> Run:
        """Run a program in a fresh process, and wait for all that it has started.

        Args:
            words: the program and its arguments.
            cwd: where; elsewhere than in a project, by default.
            environment: on top of this process's.
            statuses: with which it may end.
            afterwards: what ends a connection that the program leaves; it is not part of its seconds.

        Raises:
            RuntimeError: it ended otherwise; what it said last is told.
        """
        clean = {key: value for key, value in os.environ.items() if key not in ("PYTHONDONTWRITEBYTECODE", "CI")}
        at, before = self._log.stat().st_size, children()
        there, here = self.there(), resource.getrusage(resource.RUSAGE_CHILDREN)
        started = time.monotonic()
        done = subprocess.run(
            [str(word) for word in words],
            cwd=cwd or self.empty, env={**clean, **(environment or {})}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS, check=False,
        )  # fmt: skip
        seconds = time.monotonic() - started
        if afterwards:
            subprocess.run(afterwards, capture_output=True, check=False)
        reap(before)
        spent = resource.getrusage(resource.RUSAGE_CHILDREN)
        took = spent.ru_utime + spent.ru_stime - here.ru_utime - here.ru_stime
        output = done.stdout.decode(errors="replace")
        if done.returncode not in statuses:
            raise RuntimeError(f"{words[0]} ended with {done.returncode}:\n{output[-4000:]}")
        with self._log.open("rb") as log:
            log.seek(at)
            logins = log.read().count(ACCEPTED)
        return Run(seconds, took, self.there() - there, logins, done.returncode, output[-4000:])

    def declare(self, port: int | None = None, *, has_browser: bool = True) -> Path:
        """The lab's settings in a file of the bench's own, with a history of its own.

        Args:
            port: of a relay on this machine, through which ssh goes.
            has_browser: whether it finds the browser.
        """
        document = tomlkit.parse(self.running.config.read_text())
        evidence: Any = document["evidence"]
        evidence["attestations"] = str(self.running.config.parent / str(evidence["attestations"]))
        history = self.folder / "history.sqlite3"
        if not history.exists() and Path(str(evidence["history"])).exists():  # a lab that nobody has judged has none
            shutil.copy(str(evidence["history"]), history)
        evidence["history"] = str(history)
        if port is not None:
            hosts: Any = document["hosts"]
            hosts[NAME]["address"], hosts[NAME]["port"] = "127.0.0.1", port
            hosts[NAME]["known_hosts"] = str(self._known(port))
            # Beside the relay's port, which is the declared one, the machine's own answers.
            document["firewall"] = {"allowed": [*FirewallRules().allowed, SSH_PORT]}
            relaxed: Any = document["relaxed"]
            relaxed.append({"key": "firewall.allowed", "reason": "ssh goes through a relay", "approver": "operations"})
        if not has_browser:
            document["browser"] = {"executable": NO_BROWSER}
        file = self.folder / "zebu.toml"
        file.write_text(tomlkit.dumps(document))
        return file

    def _known(self, port: int) -> Path:
        file = self.folder / "known_hosts"
        file.write_text(self.known_hosts.read_text().replace(f"{self.address} ", f"[127.0.0.1]:{port} "))
        return file

    def suite(self, *words: str, port: int | None = None, prefix: Sequence[str] = ()) -> tuple[Run, dict[str, Any]]:
        """The suite in a fresh process, from a folder that is no project, with a login of its own; and its report.

        Raises:
            RuntimeError: it broke, or the machine was not reached.
        """
        report = self.folder / "report.json"
        report.unlink(missing_ok=True)
        done = self.run(
            [*prefix, sys.executable, "-m", "pytest", *PLUGINS, f"--zebu-host={NAME}", f"--zebu-config={self.declare(port, has_browser=words[:2] != WITHOUT_BROWSER)}",
             f"--zebu-json={report}", "-p", "no:cacheprovider", *words],
            environment={"PYTHONPATH": str(ROOT), **ALONE},
            statuses=READY,
        )  # fmt: skip
        (host,) = json.loads(report.read_text())["hosts"]
        if not host["reachable"]:
            raise RuntimeError(f"the machine was not reached: {host['trouble']}\n{done.output}")
        return done, host

    def opponent(self, port: int) -> Run:
        """The plain checks, as their users run them: one connection that stays, and four workers that share it.

        Only testinfra and xdist are loaded beside them, and the connection is ended afterwards: each run logs in anew.

        Raises:
            RuntimeError: a check failed, or they broke.
        """
        control = self.folder / "c"
        config = self.folder / "ssh_config"
        config.write_text(
            f"Host target\n  HostName 127.0.0.1\n  Port {port}\n  User {self.user}\n"
            f"  IdentityFile {self.identity}\n  IdentitiesOnly yes\n  UserKnownHostsFile {self._known(port)}\n"
            f"  LogLevel ERROR\n  ControlMaster auto\n  ControlPath {control}\n  ControlPersist 60\n"
        )
        return self.run(
            [*self.inside(), sys.executable, "-m", "pytest", "-c", OPPONENT / "pytest.ini", "-p", "testinfra.plugin",
             "-p", "xdist.plugin", "-p", "no:cacheprovider", "-n", "4", "--hosts=ssh://target", f"--ssh-config={config}", "--sudo"],
            cwd=OPPONENT,
            environment=ALONE,
            afterwards=["ssh", "-F", str(config), "-O", "exit", "target"],
        )  # fmt: skip

    def inside(self) -> list[str]:
        """What runs a program in the lab's network."""
        return ["nsenter", f"--net={self.running.namespace}", "--"]


def children() -> set[int]:
    """The processes that this one has started, or that became its own."""
    found = set()
    for task in Path("/proc/self/task").iterdir():
        with suppress(OSError):
            found |= {int(pid) for pid in (task / "children").read_text().split()}
    return found


def reap(before: set[int]) -> None:
    """Wait for what a program left that has ended, so that what it took is counted; what does not end is left."""
    ends = time.monotonic() + END_SECONDS
    while left := children() - before:
        for pid in left:
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        if time.monotonic() > ends:
            return
        time.sleep(0.02)


@contextmanager
def bench() -> Iterator[Bench]:
    """A bench over the lab that is up.

    Raises:
        LabError: none is.
    """
    with tempfile.TemporaryDirectory(prefix="zebu-bench-") as name:
        yield Bench(Path(name))


def outcomes(host: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """What became of each item of a report's host: its outcome, and why."""
    return {item["id"]: (item["outcome"], item["reason"]) for item in host["items"]}
