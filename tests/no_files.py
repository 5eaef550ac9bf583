"""What lies where a file should: whoever reads it would wait for it, or read without end."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path


def _tebibyte(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2**40)


MAKE: dict[str, Callable[[Path], object]] = {
    "pipe": os.mkfifo,
    "folder": Path.mkdir,
    "zeroes": lambda path: path.symlink_to("/dev/zero"),
    "terminal": lambda path: path.symlink_to("/dev/tty"),
    "broken link": lambda path: path.symlink_to("gone"),
    "endless link": lambda path: path.symlink_to(path),
    "a tebibyte": _tebibyte,
}
