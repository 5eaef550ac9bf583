"""Files that somebody else may be reading."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_zebu.files import check_writable, write_whole


def test_a_new_file_has_the_mode_that_was_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a/b.json"
    write_whole(path, "one\r\n", mode=0o600)
    assert path.read_bytes() == b"one\r\n"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "b"
    path.write_text("old")
    path.chmod(0o640)
    write_whole(path, "new", mode=0o600)
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o640)


def test_what_cannot_be_written_leaves_the_old_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "b"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "\ud800")
    assert [one.name for one in tmp_path.iterdir()] == ["b"]
    assert path.read_text() == "old"


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
