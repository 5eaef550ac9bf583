"""Files that somebody else may be reading, writing, or have laid there."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import multiprocessing
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_zebu import files
from pytest_zebu.files import (
    LOCK_FILE,
    append,
    at_home,
    check_writable,
    digest,
    followed,
    locked,
    make_folder,
    read_bytes,
    read_text,
    write_whole,
)

HOSTILE = pytest.mark.hostile("files")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_a_home_is_found_or_missed_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/deploy")
    assert at_home(Path("~/key")) == Path("/home/deploy/key")
    assert at_home(Path("a/~/key")) == Path("a/~/key")
    with pytest.raises(ValueError, match="there is no home ~nobody-of-that-name"):
        at_home(Path("~nobody-of-that-name/key"))


# Writing


def test_a_new_file_has_the_mode_that_was_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a/b.json"
    write_whole(path, "one\r\n", mode=0o640)
    assert path.read_bytes() == b"one\r\n"
    assert mode(path) == 0o640


@HOSTILE
@pytest.mark.parametrize(("umask", "found"), [(0o000, 0o644), (0o022, 0o644), (0o027, 0o640), (0o077, 0o600)], ids=oct)
@pytest.mark.parametrize("is_private", [False, True], ids=["a report", "a snapshot"])
def test_a_new_file_is_no_opener_than_the_user_wants(umask: int, found: int, is_private: bool, tmp_path: Path) -> None:
    before = os.umask(umask)
    try:
        write_whole(tmp_path / "b", "one", is_private=is_private)
        write_whole(tmp_path / "b", "two", is_private=is_private)
    finally:
        os.umask(before)
    assert mode(tmp_path / "b") == (0o600 if is_private else found)


@HOSTILE
@pytest.mark.skipif(not os.access(files.MEMORY, os.W_OK), reason="no such folder on this machine")
@pytest.mark.parametrize("is_private", [False, True], ids=["a report", "a snapshot"])
def test_a_file_in_the_machines_memory_is_replaced_as_any_other(is_private: bool) -> None:
    with tempfile.TemporaryDirectory(dir=files.MEMORY) as folder:
        path = Path(folder, "b")
        for text in ("the first", "second"):
            write_whole(path, text, is_private=is_private)
            assert path.read_text() == text


def test_a_file_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "b"
    path.write_text("old")
    path.chmod(0o640)
    write_whole(path, "new", mode=0o600)
    assert (path.read_text(), mode(path)) == ("new", 0o640)


def test_a_file_that_is_anothers_stays_his(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, given = tmp_path / "b", []
    path.write_text("old")
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    monkeypatch.setattr(os, "fchown", lambda _, *owner: given.append(owner))
    write_whole(path, "new")
    assert (path.read_text(), given) == ("new", [(os.getuid(), os.getgid())])


def _laid(kind: str, path: Path) -> Callable[[], None]:
    """Lay something where a file is to be written; what must still be so afterwards."""
    secret = path.parent / "elsewhere"
    secret.write_text("another's")
    secret.chmod(0o644)

    def untouched() -> None:
        assert secret.read_text() == "another's"
        assert mode(secret) == 0o644

    match kind:
        case "readable by all":
            path.write_text("old")
            path.chmod(0o666)
        case "link":
            path.symlink_to(secret)
        case "broken link":
            path.symlink_to(path.parent / "nowhere")
        case "link to itself":
            path.symlink_to(path)
        case "hard link":
            os.link(secret, path)
    return untouched


@HOSTILE
@pytest.mark.parametrize("kind", ["nothing", "readable by all", "link", "broken link", "link to itself", "hard link"])
def test_what_is_private_is_the_owners_alone_whatever_was_there(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "snapshot.json"
    untouched = _laid(kind, path)
    write_whole(path, "mine", is_private=True)
    assert stat.S_ISREG(path.lstat().st_mode)
    assert (path.read_text(), mode(path), path.lstat().st_nlink) == ("mine", 0o600, 1)
    untouched()
    assert names(tmp_path) == ["elsewhere", "snapshot.json"]


@HOSTILE
@pytest.mark.parametrize("kind", ["link", "broken link", "hard link"])
def test_a_report_is_never_written_through_a_link(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    untouched = _laid(kind, path)
    write_whole(path, "report")
    assert (path.read_text(), path.is_symlink()) == ("report", False)
    untouched()


@HOSTILE
@pytest.mark.parametrize("kind", ["pipe", "socket", "device", "folder", "link to a device", "door to a device"])
def test_nothing_private_goes_into_what_is_no_file(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "snapshot.json"
    with socket.socket(socket.AF_UNIX) as listening:
        match kind:
            case "pipe":
                os.mkfifo(path)
            case "socket":
                listening.bind(str(path))
            case "device":
                path = Path("/dev/null")
            case "folder":
                path.mkdir()
            case "link to a device":
                path.symlink_to("/dev/null")
            case "door to a device":
                path = Path("/dev/stdout")
        before = path.lstat()
        with pytest.raises(OSError, match=r"is no regular file|Is a directory"):
            write_whole(path, "mine", is_private=True)
        assert (path.lstat().st_ino, path.lstat().st_mode) == (before.st_ino, before.st_mode)


def test_folders_of_what_is_private_are_the_owners_alone(tmp_path: Path) -> None:
    write_whole(tmp_path / "a/b/c", "mine", is_private=True)
    assert (mode(tmp_path / "a"), mode(tmp_path / "a/b")) == (0o700, 0o700)


@HOSTILE
def test_a_pipe_that_nobody_reads_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="nobody reads it"):
        write_whole(tmp_path / "pipe", "text")


def test_a_pipe_that_is_read_is_written_into(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    write_whole(tmp_path / "pipe", "text")
    assert os.read(reader, 10) == b"text"
    os.close(reader)


@HOSTILE
def test_standard_output_is_a_door_also_where_a_file_is_behind_it(tmp_path: Path) -> None:
    program = (
        "from pathlib import Path; from pytest_zebu.files import write_whole; write_whole(Path('/dev/stdout'), 'two')"
    )
    before = Path("/dev/stdout").readlink()
    with (tmp_path / "out").open("w") as out:
        out.write("one ")
        out.flush()
        subprocess.run([sys.executable, "-c", program], stdout=out, check=True)
    assert (tmp_path / "out").read_text() == "one two"
    assert Path("/dev/stdout").readlink() == before


@HOSTILE
@pytest.mark.parametrize("at", ["open", "write", "fchmod", "fsync", "replace"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO], ids=errno.errorcode.get)
def test_wherever_it_fails_the_old_is_whole_and_nothing_else_is_there(
    at: str, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "b"
    path.write_text("old")

    def fails(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    target: object = Path if at == "replace" else os
    monkeypatch.setattr(target, at, fails)
    with pytest.raises(OSError, match=os.strerror(number)):
        write_whole(path, "new")
    monkeypatch.undo()
    assert names(tmp_path) == ["b"]
    assert path.read_text() == "old"


@HOSTILE
@pytest.mark.parametrize("text", ["\ud800", "a\udcffb"])
def test_what_no_file_can_hold_leaves_the_old(text: str, tmp_path: Path) -> None:
    path = tmp_path / "b"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, text)
    assert names(tmp_path) == ["b"]
    assert path.read_text() == "old"


@HOSTILE
@pytest.mark.parametrize("name", [
    "a\0b", "x" * 256, "x/" * 3000, "file/below", "file/below/that", "loop/x",
], ids=["nul", "too long", "too deep", "below a file", "far below a file", "below a link to itself"])  # fmt: skip
def test_a_name_that_no_file_has_is_an_error_and_leaves_nothing(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("x")
    Path("loop").symlink_to("loop")
    with pytest.raises((OSError, ValueError)):
        write_whole(Path(name), "text")
    assert Path("file").read_text() == "x"
    with pytest.raises((OSError, ValueError)):
        check_writable(Path(name))


def test_a_name_may_be_as_long_as_the_file_system_takes(tmp_path: Path) -> None:
    write_whole(tmp_path / ("x" * 255), "text")
    write_whole(tmp_path / "with\nnewline", "text")
    write_whole(tmp_path / os.fsdecode(b"no-utf8-\xff"), "text")
    assert len(names(tmp_path)) == 3


@HOSTILE
@pytest.mark.hostile("files")
def test_what_is_appended_comes_behind_what_others_wrote(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("first\n")
    (tmp_path / "link").symlink_to("file")
    append(path, "sécond\n")
    append(tmp_path / "link", "third\n")
    assert path.read_text() == "first\nsécond\nthird\n"
    os.mkfifo(tmp_path / "pipe")
    for odd, error in (
        (tmp_path / "nothing", FileNotFoundError), (tmp_path, IsADirectoryError), (tmp_path / "pipe", OSError), (Path("/dev/null"), OSError),
    ):  # fmt: skip
        with pytest.raises(error):
            append(odd, "x")
    assert not (tmp_path / "nothing").exists()
    with pytest.raises(UnicodeEncodeError):
        append(path, "\udc80")
    assert path.read_text().endswith("third\n")


def test_what_is_not_to_be_written_is_not_replaced_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "b"
    path.write_text("old")
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everything
    with pytest.raises(PermissionError):
        write_whole(path, "new")
    assert path.read_text() == "old"


KILLED = """
import os, signal, sys
from pathlib import Path
from pytest_zebu import files
def ended(*_):
    os.kill(os.getpid(), signal.SIGKILL)
target = Path if sys.argv[2] == "replace" else os
setattr(target, sys.argv[2], ended)
files.write_whole(Path(sys.argv[1]), "new" * 1000)
"""


@HOSTILE
@pytest.mark.parametrize("at", ["write", "fchmod", "fsync", "replace"])
def test_killed_at_any_moment_leaves_the_old_and_the_next_write_clears_up(at: str, tmp_path: Path) -> None:
    path = tmp_path / "b"
    path.write_text("old")
    done = subprocess.run([sys.executable, "-c", KILLED, str(path), at], check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.read_text() == "old"
    assert len(names(tmp_path)) == 2
    write_whole(path, "next")
    assert (names(tmp_path), path.read_text()) == (["b"], "next")


def test_what_another_is_still_writing_is_not_cleared_away(tmp_path: Path) -> None:
    prefix = f".zebu-{hashlib.sha256(b'b').hexdigest()[:12]}-"
    passing = tmp_path / f"{prefix}0123"
    with passing.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        write_whole(tmp_path / "b", "text")
        assert passing.exists()
    (tmp_path / f"{prefix}link").symlink_to(tmp_path / "b")
    os.mkfifo(tmp_path / f"{prefix}pipe")
    write_whole(tmp_path / "b", "text")
    assert not passing.exists()
    assert (tmp_path / "b").read_text() == "text"


def test_whether_a_file_can_be_written_is_found_out_without_a_trace(tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.write_text("x")
    check_writable(old)
    check_writable(tmp_path / "a/new")
    check_writable(Path("/dev/null"))
    assert old.read_text() == "x"
    assert not list((tmp_path / "a").iterdir())
    with pytest.raises(IsADirectoryError):
        check_writable(tmp_path)


def test_a_folder_is_made_once(tmp_path: Path) -> None:
    make_folder(tmp_path / "a/b", 0o700)
    make_folder(tmp_path / "a/b")
    assert mode(tmp_path / "a") == mode(tmp_path / "a/b") == 0o700


# Reading


def test_a_text_is_read_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\xef\xbb\xbfone\r\ntwo")
    assert read_text(tmp_path / "a", 100) == "one\r\ntwo"
    assert digest(tmp_path / "a", 100) == (hashlib.sha256(b"\xef\xbb\xbfone\r\ntwo").hexdigest(), 11)


@HOSTILE
@pytest.mark.parametrize("kind", ["pipe", "socket", "zeroes", "full", "terminal", "folder", "endless link"])
@pytest.mark.parametrize("read", [read_bytes, digest], ids=["read", "digest"])
def test_what_is_no_regular_file_is_not_waited_for(
    kind: str, read: Callable[[Path, int], object], tmp_path: Path
) -> None:
    path = tmp_path / "a"
    with socket.socket(socket.AF_UNIX) as listening:
        match kind:
            case "pipe":
                os.mkfifo(path)
            case "socket":
                listening.bind(str(path))
            case "folder":
                path.mkdir()
            case "endless link":
                path.symlink_to(path)
            case _:
                path.symlink_to({"zeroes": "/dev/zero", "full": "/dev/full", "terminal": "/dev/tty"}[kind])
        with pytest.raises(OSError, match=r"is no regular file|No such device|symbolic links|Permission"):
            read(path, 100)


@HOSTILE
@pytest.mark.parametrize("read", [read_bytes, digest], ids=["read", "digest"])
def test_what_is_too_large_is_not_read_to_its_end(read: Callable[[Path, int], object], tmp_path: Path) -> None:
    with (tmp_path / "a").open("wb") as file:
        file.truncate(2**40)  # a tebibyte that takes no room
    with pytest.raises(OSError, match="is larger than 1 MiB"):
        read(tmp_path / "a", files.MIB)


@HOSTILE
@pytest.mark.parametrize(
    "name", ["../outside", "/etc/passwd", "link", "links/outside", "/proc/self/environ", "up/../../outside"]
)
def test_what_leads_elsewhere_is_not_read(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    (folder / "up").mkdir(parents=True)
    (tmp_path / "outside").write_text("another's")
    (folder / "link").symlink_to("../outside")
    (folder / "links").symlink_to("..")
    with pytest.raises(OSError, match="leads out of"):
        read_bytes(folder / name, 100_000, folder)


def test_what_is_linked_within_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    (folder / "below").mkdir(parents=True)
    (folder / "below/a").write_text("mine")
    (folder / "link").symlink_to("below/a")
    os.link(folder / "below/a", folder / "hard")
    (tmp_path / "name").symlink_to(folder)
    for path in (folder / "link", folder / "hard", tmp_path / "name/below/a", folder / "below/../link"):
        assert read_bytes(path, 100, tmp_path / "name") == b"mine"


# By several at once


def _count(path: Path) -> None:
    for _ in range(20):
        with locked(path.parent):
            write_whole(path, str(int(path.read_text()) + 1))


def test_twenty_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "count"
    path.write_text("0")
    several = [multiprocessing.get_context("fork").Process(target=_count, args=(path,)) for _ in range(20)]
    for one in several:
        one.start()
    for one in several:
        one.join()
    assert path.read_text() == "400"
    assert names(tmp_path) == ["count"]


@pytest.fixture
def no_locks_on_folders(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """As on NFS: a lock is for what is open for writing."""
    real = fcntl.flock
    refused: list[int] = []

    def flock(handle: int, how: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            refused.append(handle)
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        real(handle, how)

    monkeypatch.setattr(fcntl, "flock", flock)
    return refused


def test_where_no_folder_can_be_locked_a_file_in_it_is(tmp_path: Path, no_locks_on_folders: list[int]) -> None:
    busy = pytest.raises(BlockingIOError, match=r"somebody else has been writing for 0\.1 s")
    with locked(tmp_path), busy, locked(tmp_path, 0.1):
        pass
    assert (names(tmp_path), mode(tmp_path / LOCK_FILE)) == ([LOCK_FILE], 0o600)
    with locked(tmp_path):
        assert len(no_locks_on_folders) == 3


@HOSTILE
def test_where_there_are_no_locks_at_all_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def flock(handle: int, how: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(OSError, match="is it on a file system without locks"), locked(tmp_path):
        pass
    write_whole(tmp_path / "report", "text")  # a report needs none
    assert names(tmp_path) == [LOCK_FILE, "report"]


@HOSTILE
def test_who_holds_a_lock_for_ever_is_not_waited_for_ever(tmp_path: Path) -> None:
    handle = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    with pytest.raises(BlockingIOError, match="somebody else has been writing"), locked(tmp_path, 0.1):
        pass
    os.close(handle)
    with locked(tmp_path, 0.1):
        pass


@HOSTILE
def test_a_link_in_place_of_the_lock_is_not_followed(tmp_path: Path, no_locks_on_folders: list[int]) -> None:
    (tmp_path / LOCK_FILE).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"), locked(tmp_path):
        pass
    assert not (tmp_path / "elsewhere").exists()


# People's files


def test_a_link_within_its_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "link").symlink_to("below/file")
    assert followed(tmp_path / "link") == tmp_path / "below/file"
    assert followed(tmp_path / "new") == tmp_path / "new"


@HOSTILE
@pytest.mark.parametrize("leads_to", ["../outside", "/etc/passwd", "/dev/null", "below/up/outside"])
def test_a_link_that_leads_out_is_refused(leads_to: str, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    (folder / "below").mkdir(parents=True)
    (folder / "below/up").symlink_to("../..")
    (folder / "link").symlink_to(leads_to)
    with pytest.raises(OSError, match="is a link that leads out of its folder"):
        followed(folder / "link")


@HOSTILE
def test_a_link_to_itself_is_no_file_of_people(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("link")
    with pytest.raises(OSError, match="symbolic links"):
        followed(tmp_path / "link")


def test_a_link_that_leads_nowhere_is_tried_and_stays(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    check_writable(tmp_path / "link")
    assert (names(tmp_path), (tmp_path / "link").is_symlink()) == (["link"], True)


@HOSTILE
def test_a_pipe_is_no_file_of_people(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="is no regular file"):
        followed(tmp_path / "pipe")
