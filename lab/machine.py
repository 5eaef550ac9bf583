"""A machine of the lab: a systemd-nspawn container on a btrfs snapshot, in a network namespace of its own."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from lab.network import Network
from lab.place import Place
from lab.shell import LabError, lives, run, spawn
from lab.waits import until

ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
}
NSPAWN = Path("/run/systemd/nspawn")
JOIN_CGROUPS = 'while [ "$1" != -- ]; do echo $$ > "$1"; shift; done; shift; exec "$@"'


def _cgroup_folders() -> list[Path]:
    """This process's place in each cgroup hierarchy that is mounted."""
    found = []
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        name = controllers.removeprefix("name=")
        root = Path("/sys/fs/cgroup") / (name or "unified")
        if not name and not root.is_dir():
            root = Path("/sys/fs/cgroup")
        if (root / "cgroup.procs").exists():
            found.append(root / path.lstrip("/"))
    return found


class Machine:
    """One machine: `build` and `clean` states are snapshots, the running one is a snapshot of one of them."""

    def __init__(self, place: Place, network: Network, name: str) -> None:
        self.place = place
        self.network = network
        self.name = name

    @property
    def root(self) -> Path:
        """The running machine's file system."""
        return self.place.machines / self.name

    @property
    def _pid_file(self) -> Path:
        return self.place.run / f"{self.name}.pid"

    def _launcher(self) -> int | None:
        """The pid of our systemd-nspawn, if it lives: by its name, so that a pid used again is not taken for it."""
        mark = f"--machine={self.place.token}-{self.name}".encode()
        for proc in Path("/proc").iterdir():
            if not proc.name.isdigit():
                continue
            try:
                words = (proc / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if words[0] == b"systemd-nspawn" and mark in words:
                return int(proc.name)
        return None

    def leader(self) -> int | None:
        """The pid of the machine's init on the host."""
        try:
            launcher = int(self._pid_file.read_text())
            children = Path(f"/proc/{launcher}/task/{launcher}/children").read_text().split()
        except (OSError, ValueError):
            return None
        return int(children[0]) if children else None

    @property
    def is_up(self) -> bool:
        """Whether its init lives."""
        return self.leader() is not None

    def snapshot(self, source: str, target: str) -> None:
        """Replace one state by a snapshot of another."""
        self.delete(target)
        run(["btrfs", "-q", "subvolume", "snapshot", self.place.machines / source, self.place.machines / target])

    def delete(self, state: str) -> None:
        """Remove a state, if it is there."""
        if (self.place.machines / state).exists():
            run(["btrfs", "-q", "subvolume", "delete", self.place.machines / state])

    def start(self, state: str) -> None:
        """Boot from a snapshot of a state.

        Raises:
            LabError: its init did not come up; the console's last words are given.
        """
        self.snapshot(state, self.name)
        (self.root / "etc/hostname").write_text(f"zebu-{self.name}\n")
        self.network.fresh(self.name)
        joins = []
        for folder in _cgroup_folders():
            own = folder / f"{self.place.token}-{self.name}"
            own.mkdir(exist_ok=True)
            for knob in ("cpuset.cpus", "cpuset.mems"):
                if (own / knob).exists():
                    (own / knob).write_text((folder / knob).read_text())
            joins.append(str(own / "cgroup.procs"))
        console = self.place.logs / f"{self.name}.console"
        pid = spawn(
            [
                "sh",
                "-c",
                JOIN_CGROUPS,
                "sh",
                *joins,
                "--",
                "systemd-nspawn",
                f"--machine={self.place.token}-{self.name}",
                f"--directory={self.root}",
                f"--hostname=zebu-{self.name}",
                f"--network-namespace-path={self.network.path(self.name)}",
                "--boot",
                "--quiet",
                "--register=no",
                "--keep-unit",
                "--capability=all",
                "--drop-capability=CAP_SYS_TIME,CAP_SYS_MODULE",
                "--system-call-filter=@keyring bpf",
                "--resolv-conf=off",
                "--timezone=off",
                "--link-journal=no",
                "--console=pipe",
            ],
            console,
            SYSTEMD_NSPAWN_API_VFS_WRITABLE="network",
        )
        self._pid_file.write_text(str(pid))
        try:
            until(f"the init of {self.name} is up", lambda: not lives(pid) or self._has_booted(), seconds=20)
        except LabError as error:
            raise LabError(f"{error}\n{console.read_text(errors='replace')[-2000:]}") from None
        if not lives(pid):
            raise LabError(f"{self.name} died at start:\n{console.read_text(errors='replace')[-2000:]}")

    def _has_booted(self) -> bool:
        return self.is_up and self.run(["test", "-S", "/run/systemd/private"], check=False).returncode == 0

    def run(
        self, argv: Sequence[str | Path], *, stdin: bytes | None = None, check: bool = True, timeout: float = 300
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a command as root inside.

        Raises:
            LabError: the machine is down, or the command failed (with `check`).
        """
        return run(self.command(argv), stdin=stdin, check=check, timeout=timeout, env=ENVIRONMENT)

    def command(self, argv: Sequence[str | Path]) -> list[str]:
        """The command that runs another inside."""
        leader = self.leader()
        if leader is None:
            raise LabError(f"{self.name} is down; start the lab with: zebu lab up")
        inside = ["nsenter", f"--target={leader}", "--mount", "--uts", "--ipc", "--net", "--pid", "--"]
        return [*inside, *(str(word) for word in argv)]

    def shell(self, script: str, *, check: bool = True, timeout: float = 300) -> str:
        """Run a shell script as root inside, and give what it says."""
        done = self.run(["sh", "-euc", script], check=check, timeout=timeout)
        return done.stdout.decode(errors="replace").strip()

    def favour(self, times: int) -> None:
        """Give it so many times its share of the processors, where other work of this host wants them too; 1 is its own."""
        for own in self._cgroups():
            for knob, share in (("cpu.shares", 1024), ("cpu.weight", 100)):
                if (own / knob).exists():
                    (own / knob).write_text(str(share * times))

    def stop(self) -> None:
        """Shut down cleanly, so that every file is written; then tidy up."""
        launcher = self._launcher()
        if launcher is not None:
            os.kill(launcher, signal.SIGTERM)
            until(f"{self.name} has shut down", lambda: self._launcher() is None, seconds=60)
        self.kill()

    def kill(self) -> None:
        """End at once, as a power cut would, and leave nothing: no process, cgroup or namespace."""
        launcher = self._launcher()
        if launcher is not None:
            leader = self.leader()
            for pid in (leader, launcher):
                if pid is not None:
                    try:
                        os.kill(pid, signal.SIGKILL)
                    except ProcessLookupError:
                        continue
            until(f"{self.name} has ended", lambda: not lives(launcher), seconds=20)
        self._pid_file.unlink(missing_ok=True)
        self.network.remove(self.name)
        for path in self._left_by_nspawn():
            if path.is_dir():
                path.rmdir()
            else:
                path.unlink(missing_ok=True)
        for own in self._cgroups():
            until(f"the cgroup {own} is empty", partial(_remove_cgroup, own), seconds=10)

    def _left_by_nspawn(self) -> list[Path]:
        """What systemd-nspawn keeps in /run, and cannot remove when it is killed."""
        own = NSPAWN / "propagate" / f"{self.place.token}-{self.name}"
        found = [own] if own.is_dir() else []
        if self.root.exists():
            there = self.root.stat()
            found.append(NSPAWN / "locks" / f"inode-{there.st_dev}:{there.st_ino}")
        return found

    def _cgroups(self) -> list[Path]:
        """Its own, wherever they are: each login has another place in the hierarchies, and it may have been booted from any."""
        found = []
        for folder, below, _ in os.walk("/sys/fs/cgroup"):
            if f"{self.place.token}-{self.name}" in below:
                below.clear()
                found.append(Path(folder) / f"{self.place.token}-{self.name}")
        return found


def _remove_cgroup(folder: Path) -> bool:
    for path, _, _ in os.walk(folder, topdown=False):
        try:
            Path(path).rmdir()
        except OSError:
            continue
    return not folder.exists()
