"""Folders of our own for as long as a process needs them; what a killed process left, the next one removes."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LOCK = "alive"
YOUNG_SECONDS = 60.0
"""So young a folder may be one whose owner has not locked it yet."""

_SWEPT: set[tuple[str, Path]] = set()
"""Where this process has swept for what: a folder of each of many hosts needs no search of its own."""


class Scratch:
    """A folder that only this user may enter. Its owner holds a lock in it, which the kernel takes from the dead."""

    def __init__(self, prefix: str, place: Path | None = None) -> None:
        place = place or Path(tempfile.gettempdir())
        if (prefix, place) not in _SWEPT:
            _SWEPT.add((prefix, place))
            sweep(prefix, place)
        self.path = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
        self._lock = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        with suppress(OSError):  # a file system without locks
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def remove(self) -> None:
        """Remove it, with all that is in it; more than once does nothing."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


@contextmanager
def scratch(prefix: str, place: Path | None = None) -> Iterator[Path]:
    """Such a folder for as long as a block runs."""
    folder = Scratch(prefix, place)
    try:
        yield folder.path
    finally:
        folder.remove()


def sweep(prefix: str, place: Path) -> None:
    """Remove what killed processes of this user left: folders whose lock nobody holds any more."""
    with suppress(OSError):
        for path in place.glob(f"{prefix}*"):
            with suppress(OSError):
                seen = path.lstat()
                is_ours = stat.S_ISDIR(seen.st_mode) and seen.st_uid == os.geteuid() and not seen.st_mode & 0o077
                if is_ours and time.time() - seen.st_mtime > YOUNG_SECONDS and _is_left(path / LOCK):
                    shutil.rmtree(path, ignore_errors=True)


def _is_left(lock: Path) -> bool:
    """Whether it was somebody's, and is nobody's now."""
    held = os.open(lock, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(held)
    return True
