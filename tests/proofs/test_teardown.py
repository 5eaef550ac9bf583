"""`down` leaves nothing behind, also after a crash; `up` works again afterwards. Runs last."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from lab.deployment import Lab
from lab.shell import output

pytestmark = pytest.mark.lab


def traces(lab: Lab) -> dict[str, list[str]]:
    """What the kernel still has of this lab."""
    token, folder = lab.place.token, str(lab.place.folder)
    processes = []
    for proc in Path("/proc").glob("[0-9]*"):
        try:
            words = (proc / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if (
            words
            and int(proc.name) != os.getpid()
            and (token in words or f"{folder}/run" in words or f"{folder}/machines" in words)
        ):
            processes.append(words.replace("\0", " "))
    return {
        "mounts": [line for line in Path("/proc/mounts").read_text().splitlines() if folder in line],
        "namespaces": [path.name for path in Path("/run/netns").glob(f"{token}-*")],
        "loop devices": [
            line
            for line in output(["losetup", "--list", "--noheadings", "--output", "BACK-FILE"]).splitlines()
            if folder in line
        ],
        "cgroups": [str(path) for path in Path("/sys/fs/cgroup").rglob(f"{token}-*")],
        "processes": processes,
    }


def test_nothing_is_left_after_a_crash(lab: Lab) -> None:
    """The launchers and a name server are killed, pid files are lost: as after a crash of whatever started them."""
    before = traces(lab)
    assert all(before.values())
    for machine in ("vm", "proxy"):
        launcher = int((lab.place.run / f"{machine}.pid").read_text())
        os.kill(launcher, signal.SIGKILL)
    (lab.place.run / "nas.pid").unlink()
    lab.down()
    assert traces(lab) == {kind: [] for kind in before}
    lab.up()
    assert lab.is_up
