"""Letting go of what a lab mounted, also where somebody else took a copy of it along.

Who makes a mount namespace (a machine of another lab, a build, a browser) has copies of all mounts that there are. A
copy keeps the file system alive, and with it its loop device, after we have unmounted it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lab.shell import LabError, run
from lab.waits import until

SECONDS = 20
OCTAL = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """A mount as a process sees it: where it is, of which device and part of it, and by what name."""

    point: str
    device: str
    root: str
    source: str

    def is_below(self, folders: Iterable[Path]) -> bool:
        """Whether it is at or below one of the folders."""
        return any(self.point == str(folder) or self.point.startswith(f"{folder}/") for folder in folders)


def mounts(process: int | str = "self") -> list[Mount]:
    """The mounts of a process: what lies on another comes first."""
    try:
        lines = Path(f"/proc/{process}/mountinfo").read_text(errors="surrogateescape").splitlines()
    except OSError:  # it has ended meanwhile
        return []
    found = []
    for line in lines:
        _, _, device, root, point, *rest = (
            OCTAL.sub(lambda part: chr(int(part[1], 8)), one) for one in line.split(" ")
        )
        found.append(Mount(point, device, root, rest[rest.index("-") + 2]))
    return found[::-1]


def mounted_below(*folders: Path) -> list[str]:
    """The places of our own mounts at or below folders, what lies on another first."""
    return [one.point for one in mounts() if one.is_below(folders)]


def devices_of(image: Path) -> list[str]:
    """The loop devices of an image."""
    said = run(["losetup", "--noheadings", "--output=NAME", f"--associated={image}"]).stdout
    return said.decode().split()


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


def let_go(image: Path, *folders: Path) -> list[str]:
    """Unmount everything at and below folders, and the image wherever a copy of its mount went, and say who was in there.

    What they hold goes when they go: nobody can enter it any more. What others mounted at places of the same name is
    theirs.

    Raises:
        LabError: something cannot be unmounted.
    """
    devices = devices_of(image) if image.exists() else []
    ours = {(one.device, one.root) for one in mounts() if one.is_below(folders)}
    inside = list(_inside(folders)) if ours or devices else []
    for point in mounted_below(*folders):
        run(["umount", "--lazy", point], check=False)
    for process in _namespaces():
        for one in mounts(process):
            if one.source in devices or (one.is_below(folders) and (one.device, one.root) in ours):
                run(["nsenter", f"--target={process}", "--mount", "umount", "--lazy", one.point], check=False)
    if left := mounted_below(*folders):
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
    try:
        until("the image's loop device is detached", lambda: devices_of(image), lambda rest: not rest, seconds=seconds)
    except LabError as error:
        held = f"; end who works in there: {', '.join(inside)}" if inside else ""
        raise LabError(f"{error}{held}") from None
