"""Writing files that somebody else may be reading."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from pathlib import Path


def write_whole(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file at once: a reader sees the old text or the new one, also when this process is ended half-way.

    A file that is there keeps its mode; a device or a pipe is written into, and never replaced.

    Raises:
        OSError: it cannot be written; nothing is left behind then.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if path.exists() and not path.is_file():
        path.write_text(text, encoding="utf-8")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, name)
        else:
            Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def check_writable(path: Path) -> None:
    """Find out early whether a file can be written; it is left as it is.

    Raises:
        OSError: it cannot.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    was_there = path.exists()
    with path.open("a"):
        pass
    if not was_there:
        path.unlink()
