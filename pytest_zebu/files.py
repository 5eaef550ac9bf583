"""Reading and writing files that somebody else may be reading, writing, or have laid there."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LOCK_SECONDS = 20.0
"""How long somebody else may write before we give up."""
LOCK_FILE = ".zebu.lock"
"""Where a folder itself cannot be locked (NFS), this file in it is."""
DEVICES = tuple(map(Path, ("/dev", "/proc", "/sys")))
MEMORY = Path("/", "dev", "shm")
"""Files in it are ordinary ones."""
MIB = 1_048_576


def _error(number: int, path: Path | str, text: str = "") -> OSError:
    return OSError(number, text or os.strerror(number), str(path))


def why(error: Exception) -> str:
    """What an error of a file says, without the name of the file."""
    return str(getattr(error, "strerror", None) or error)


def at_home(path: Path) -> Path:
    """A path whose `~` is a home.

    Raises:
        ValueError: nobody has that home: there is no such user, or neither HOME nor an entry in passwd for this one.
    """
    try:
        return path.expanduser()
    except RuntimeError:
        raise ValueError(f"there is no home {path.parts[0]}: write the whole path") from None


# Reading


def read_bytes(path: Path, limit: int, within: Path | None = None) -> bytes:
    """The content of a regular file, of at most so many bytes: nothing else is read, and nothing is waited for.

    Args:
        path: the file.
        limit: how many bytes it may have.
        within: the folder that it must be in, wherever links lead.

    Raises:
        OSError: it is not there, is no regular file, is larger, or lies elsewhere.
    """
    with _opened(path, within) as handle:
        found = bytearray()
        while piece := os.read(handle, min(MIB, limit + 1 - len(found))):
            found += piece
            if len(found) > limit:
                raise _error(errno.EFBIG, path, f"is larger than {limit / MIB:g} MiB")
        return bytes(found)


def read_text(path: Path, limit: int, within: Path | None = None) -> str:
    """The text of a file, with its ends of lines as they are; a mark of byte order is none of it.

    Raises:
        OSError: as `read_bytes`.
        UnicodeDecodeError: it is not UTF-8.
    """
    return read_bytes(path, limit, within).decode("utf-8-sig")


def digest(path: Path, limit: int, within: Path | None = None) -> tuple[str, int]:
    """The SHA-256 of a file, and how many bytes it has; it is read piece by piece.

    Raises:
        OSError: as `read_bytes`.
    """
    found, size = hashlib.sha256(), 0
    with _opened(path, within) as handle:
        while piece := os.read(handle, MIB):
            found.update(piece)
            size += len(piece)
            if size > limit:
                raise _error(errno.EFBIG, path, f"is larger than {limit / MIB:g} MiB")
    return found.hexdigest(), size


@contextmanager
def _opened(path: Path, within: Path | None) -> Iterator[int]:
    try:
        # A pipe that nobody writes would be waited for; a terminal would become ours.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except ValueError:  # a name with a NUL
        raise _error(errno.EINVAL, path) from None
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise _error(errno.EINVAL, path, "is no regular file")
        # Asked of what is open: a link that is changed meanwhile changes nothing.
        if within is not None and not Path(f"/proc/self/fd/{handle}").readlink().is_relative_to(
            os.path.realpath(within)
        ):
            raise _error(errno.EXDEV, path, f"leads out of {within}")
        yield handle
    finally:
        os.close(handle)


# Writing


def write_whole(path: Path, text: str, mode: int = 0o644, is_private: bool = False) -> None:
    """Write a file at once: a reader sees the old text or the new one, also when this process is ended half-way.

    What is named is replaced and never followed, so that a link leads nowhere. A file that is there keeps its owner and its
    mode, unless it is to be private. A device or a pipe is written into.

    Args:
        path: the file; folders on the way are made.
        text: all that it holds.
        mode: of a new file, as far as the umask leaves it.
        is_private: only its owner may read it, whatever was there before; new folders are the owner's alone.

    Raises:
        OSError: it cannot be written; the old text is there then, and nothing else.
        ValueError: the name or the text is none that a file can have.
    """
    data = text.encode()
    if path.is_dir() and not path.is_symlink():
        raise _error(errno.EISDIR, path)
    if is_device(path):
        if is_private:
            raise _error(errno.EINVAL, path, "is no regular file")
        _write_into(path, data)
        return
    make_folder(path.parent, 0o700 if is_private else 0o777)
    old = None if is_private else _regular(path)
    if old is not None and not os.access(path, os.W_OK):
        raise _error(errno.EACCES, path)
    for _ in range(2):  # somebody may clear away what we have only just begun
        with suppress(FileNotFoundError):
            _replace(path, data, 0o600 if is_private else mode, old)
            return
    raise _error(errno.ENOENT, path)


def append(path: Path, text: str) -> None:
    """Write behind what a regular file holds already, which others write into as well.

    Raises:
        OSError: it is not there, is no regular file, or cannot be written.
        ValueError: the name or the text is none that a file can have.
    """
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise _error(errno.EINVAL, path, "is no regular file")
        left = memoryview(text.encode())
        while left:
            left = left[os.write(handle, left) :]
    finally:
        os.close(handle)


def _replace(path: Path, data: bytes, mode: int, old: os.stat_result | None) -> None:
    prefix = f".zebu-{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:12]}-"
    _clear(path.parent, prefix)
    passing = path.parent / f"{prefix}{secrets.token_hex(6)}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    # A new file is what the user's umask makes of its mode.
    handle = os.open(passing, flags, mode if old is None else 0o600)
    try:
        with suppress(OSError):  # it says that somebody still writes; where there are no locks nothing is cleared away
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        left = memoryview(data)
        while left:
            left = left[os.write(handle, left) :]
        if old is not None:
            if (old.st_uid, old.st_gid) != (os.geteuid(), os.getegid()):
                with suppress(OSError):  # only root may give files away
                    os.fchown(handle, old.st_uid, old.st_gid)
            os.fchmod(handle, old.st_mode & 0o777)
        os.fsync(handle)
        passing.replace(path)
    except BaseException:
        passing.unlink(missing_ok=True)
        raise
    finally:
        os.close(handle)


def _clear(folder: Path, prefix: str) -> None:
    """Remove what writers left behind that were killed: nobody holds a lock on it."""
    with suppress(OSError):
        for path in folder.glob(f"{prefix}*"):
            with suppress(OSError):
                _remove_left(path)


def _remove_left(path: Path) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        found = os.fstat(handle)
        if stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid():
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
    finally:
        os.close(handle)


def _regular(path: Path) -> os.stat_result | None:
    """What is known of a regular file, if there is one; a link is none."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return None
    return found if stat.S_ISREG(found.st_mode) else None


def is_device(path: Path) -> bool:
    """Whether a file is written into: a device, a pipe, or a door to one, such as /dev/stdout, whatever is behind it."""
    if not path.exists():
        return False
    if not path.is_file():
        return True
    folder = Path(os.path.realpath(path.parent))
    return any(map(folder.is_relative_to, DEVICES)) and not folder.is_relative_to(MEMORY)


def _write_into(path: Path, data: bytes) -> None:
    try:
        # A pipe that nobody reads would be waited for.
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as error:
        raise (_error(errno.ENXIO, path, "nobody reads it") if error.errno == errno.ENXIO else error) from None
    os.set_blocking(handle, True)
    with os.fdopen(handle, "wb") as file:
        file.write(data)


def make_folder(path: Path, mode: int = 0o777) -> None:
    """Make a folder and those on the way, each with this mode.

    Raises:
        OSError: one cannot be made.
    """
    for folder in (*reversed(path.parents), path):
        if not folder.is_dir():
            folder.mkdir(mode=mode, exist_ok=True)


def check_writable(path: Path) -> None:
    """Find out early whether a file can be written; it is left as it is.

    Raises:
        OSError: it cannot.
        ValueError: its name is none that a file can have.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        return
    make_folder(path.parent)
    was_there = path.exists()
    with path.open("a"):
        pass
    if not was_there:
        Path(os.path.realpath(path)).unlink()  # a link that leads nowhere stays


# Reading and writing, by several at once


@contextmanager
def locked(folder: Path, seconds: float = LOCK_SECONDS) -> Iterator[None]:
    """Be the only one who writes people's files in a folder: who reads, changes and writes holds this all the while.

    Raises:
        OSError: it cannot be locked, or somebody else holds it for longer.
    """
    make_folder(folder)
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if not _taken(handle, folder, seconds):
            # What is served by NFS is locked as a file that is open for writing.
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            instead = os.open(folder / LOCK_FILE, flags, 0o600)
            os.close(handle)
            handle = instead
            if not _taken(handle, folder, seconds):
                raise _error(errno.ENOLCK, folder, "cannot be locked there: is it on a file system without locks?")
        yield
    finally:
        os.close(handle)


def _taken(handle: int, folder: Path, seconds: float) -> bool:
    """Whether a lock is ours now; no, where there are none of this kind."""
    end = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= end:
                raise _error(errno.EAGAIN, folder, f"somebody else has been writing for {seconds:g} s") from None
            time.sleep(0.02)
        except OSError:
            return False


def followed(path: Path) -> Path:
    """The file that people's word goes into: a link within its folder is followed, and stays.

    Raises:
        OSError: it leads out of the folder, or to something that is no regular file.
    """
    found = Path(os.path.realpath(path))
    if found.is_symlink():
        raise _error(errno.ELOOP, path)
    if path.is_symlink() and not found.is_relative_to(os.path.realpath(path.parent)):
        raise _error(errno.EXDEV, path, f"is a link that leads out of its folder, to {found}: name that file instead")
    if found.exists() and not found.is_file():
        raise _error(errno.EINVAL, path, "is no regular file")
    return found
