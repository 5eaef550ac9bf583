"""Letting go of what a lab mounted, also where somebody else took a copy of it along.

Who makes a mount namespace (a machine of another lab, a build, a browser) has copies of all mounts that there are. A
copy keeps the file system alive, and with it its loop device, after we have unmounted it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lab.shell import LabError, run
from lab.waits import until

SECONDS = 20
OCTAL = re.compile(r"\\([0-7]{3})")


def mounted_below(folders: tuple[Path, ...], process: int | str = "self") -> list[str]:
    """The places of mounts at or below folders, as a process sees them: what lies on another comes first."""
    found = []
    for line in _mounts(process):
        point = OCTAL.sub(lambda part: chr(int(part[1], 8)), line.split()[4])
        if any(point == str(folder) or point.startswith(f"{folder}/") for folder in folders):
            found.append(point)
    return found[::-1]


def _mounts(process: int | str) -> list[str]:
    try:
        return Path(f"/proc/{process}/mountinfo").read_text(errors="surrogateescape").splitlines()
    except OSError:  # it has ended meanwhile
        return []


def _namespaces() -> Iterator[int]:
    """A process of each mount namespace but this one."""
    seen = {Path("/proc/self/ns/mnt").readlink()}
    for proc in Path("/proc").glob("[0-9]*"):
        try:
            namespace = (proc / "ns/mnt").readlink()
        except OSError:
            continue
        if namespace not in seen:
            seen.add(namespace)
            yield int(proc.name)


def let_go(*folders: Path) -> list[str]:
    """Unmount everything at and below folders, here and wherever a copy of it went, and say who was in there.

    What they hold goes when they go: nobody can enter it any more.

    Raises:
        LabError: something cannot be unmounted.
    """
    inside = list(_inside(folders))
    for point in mounted_below(folders):
        run(["umount", "--lazy", point], check=False)
    for process in _namespaces():
        for point in mounted_below(folders, process):
            run(["nsenter", f"--target={process}", "--mount", "umount", "--lazy", point], check=False)
    if left := mounted_below(folders):
        raise LabError(f"cannot be unmounted: {', '.join(left)}")
    return inside


def _inside(folders: tuple[Path, ...]) -> Iterator[str]:
    """Which processes work in there: `NUMBER (NAME)`."""
    starts = tuple(f"{folder}/" for folder in folders)
    for proc in Path("/proc").glob("[0-9]*"):
        try:
            places = [f"{(proc / name).readlink()}/" for name in ("cwd", "root", "exe")]
            places += [str(one.readlink()) for one in (proc / "fd").iterdir()]
            if any(place.startswith(starts) for place in places):
                yield f"{proc.name} ({(proc / 'comm').read_text().strip()})"
        except OSError:  # it has ended meanwhile, or is the kernel's
            continue


def wait_for_device(image: Path, inside: list[str], seconds: float = SECONDS) -> None:
    """Wait until an image has no loop device any more: the kernel lets go of it when nobody has its file system.

    Args:
        image: the file.
        inside: who was in there when it was unmounted.
        seconds: for how long.

    Raises:
        LabError: somebody has it still; who was in there is named.
    """
    attached = ["losetup", "--noheadings", "--output=NAME", f"--associated={image}"]
    try:
        until(
            "the image's loop device is detached", lambda: run(attached).stdout, lambda rest: not rest, seconds=seconds
        )
    except LabError as error:
        held = f"; end who works in there: {', '.join(inside)}" if inside else ""
        raise LabError(f"{error}{held}") from None
