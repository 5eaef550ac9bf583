"""What the kernel still has of a lab."""

from __future__ import annotations

import os
from pathlib import Path

from lab.machine import NSPAWN
from lab.place import Place
from lab.shell import bearing, output

ROOT = Path(__file__).parents[2]


def traces(place: Place) -> dict[str, list[str]]:
    """Everything of a lab that is not in its folder, by kind; a kind of which there is nothing is not named."""
    token, lab = place.token, str(place.folder)
    processes = []
    for proc in Path("/proc").glob("[0-9]*"):
        try:
            words = (proc / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if (
            words
            and int(proc.name) != os.getpid()
            and (token in words or f"{lab}/run" in words or f"{lab}/machines" in words)
        ):
            processes.append(words.replace("\0", " "))
    found = {
        "mounts": [line for line in Path("/proc/mounts").read_text().splitlines() if lab in line],
        "namespaces": [path.name for path in Path("/run/netns").glob(f"{token}-*")],
        "loop devices": [
            line
            for line in output(["losetup", "--list", "--noheadings", "--output", "BACK-FILE"]).splitlines()
            if lab in line
        ],
        # Other labs' groups come and go meanwhile, on which `Path.rglob` stumbles.
        "cgroups": [
            f"{folder}/{name}"
            for folder, names, _ in os.walk("/sys/fs/cgroup")
            for name in names
            if name.startswith(f"{token}-")
        ],
        "processes": processes,
        "marked processes": [str(pid) for pid in bearing(token)],
        "places of nspawn": [path.name for path in NSPAWN.glob(f"propagate/{token}-*")],
        "scratch": [str(path) for path in (place.scratch,) if path.exists()],
    }
    return {kind: these for kind, these in found.items() if these}
