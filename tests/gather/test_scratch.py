"""Folders of our own: who may enter, and what becomes of those whose owner was killed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_zebu.gather.scratch import LOCK, YOUNG_SECONDS, Scratch, sweep

KILLED = """
import os, signal, sys
from pathlib import Path
from pytest_zebu.gather.scratch import Scratch
scratch = Scratch("zebu-test-", Path(sys.argv[1]))
(scratch.path / "kept").touch()
print(scratch.path, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def aged(path: Path) -> Path:
    long_ago = time.time() - 2 * YOUNG_SECONDS
    os.utime(path, (long_ago, long_ago))
    return path


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """What a killed process left."""
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], capture_output=True, text=True, check=False)
    return Path(done.stdout.strip())


def test_nobody_else_may_enter_and_nothing_stays(tmp_path: Path) -> None:
    scratch = Scratch("zebu-test-", tmp_path)
    assert scratch.path.stat().st_mode & 0o777 == 0o700
    (scratch.path / "folder").mkdir()
    scratch.remove()
    scratch.remove()
    assert not list(tmp_path.iterdir())


@pytest.mark.hostile("files")
def test_what_a_killed_process_left_is_removed_by_the_next(left: Path, tmp_path: Path) -> None:
    assert (left / "kept").exists()
    aged(left)
    Scratch("zebu-test-", tmp_path).remove()
    assert not list(tmp_path.iterdir())


@pytest.mark.hostile("files")
@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("young", lambda path: os.utime(path)),
        ("of another name", lambda path: path.rename(path.parent / "other-x")),
        ("open to others", lambda path: path.chmod(0o755)),
        ("without a lock", lambda path: (path / LOCK).unlink()),
        ("whose lock is a link", lambda path: ((path / LOCK).unlink(), (path / LOCK).symlink_to(path / "kept"))),
    ],
)  # fmt: skip
def test_what_may_be_somebody_elses_stays(name: str, how: Callable[[Path], object], left: Path, tmp_path: Path) -> None:
    aged(left)
    how(left)
    if name not in ("young", "of another name"):
        aged(left)
    sweep("zebu-test-", tmp_path)
    assert list(tmp_path.glob("*/kept"))


@pytest.mark.hostile("files")
def test_a_link_in_its_place_leads_nowhere(left: Path, tmp_path: Path) -> None:
    """Whoever may write to the common folder can lay one there."""
    elsewhere = tmp_path / "elsewhere"
    left.rename(elsewhere)
    aged(elsewhere)
    left.symlink_to(elsewhere)
    sweep("zebu-test-", tmp_path)
    assert (elsewhere / "kept").exists()


@pytest.mark.hostile("files")
def test_what_is_in_use_stays(tmp_path: Path) -> None:
    scratch = Scratch("zebu-test-", tmp_path)
    aged(scratch.path)
    sweep("zebu-test-", tmp_path)
    assert scratch.path.exists()
    scratch.remove()


def test_where_nothing_is_nothing_is_swept(tmp_path: Path) -> None:
    sweep("zebu-test-", tmp_path / "nowhere")


def test_a_process_sweeps_a_place_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many hosts each has a folder of its own."""
    swept: list[tuple[str, Path]] = []
    monkeypatch.setattr("pytest_zebu.gather.scratch.sweep", lambda *what: swept.append(what))
    folders = [Scratch(prefix, tmp_path) for prefix in ("zebu-one-", "zebu-one-", "zebu-two-")]
    for folder in folders:
        folder.remove()
    assert swept == [("zebu-one-", tmp_path), ("zebu-two-", tmp_path)]
