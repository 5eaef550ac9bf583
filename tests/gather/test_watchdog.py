"""Whoever keeps us too long is ended, with all that it started, and nobody else is."""

from __future__ import annotations

import errno
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pytest_zebu.gather import watchdog
from pytest_zebu.gather.bounds import OutOfTime, within
from pytest_zebu.gather.deadline import Deadline
from pytest_zebu.gather.watchdog import NeverYielded, Watchdog

pytestmark = pytest.mark.hostile("browser")
LONG = "60"


@contextmanager
def started(home: Path, *command: str, own: str = "") -> Iterator[subprocess.Popen[bytes]]:
    """A program that believes to live there."""
    child = subprocess.Popen(command, env={"HOME": own or str(home), "PATH": "/usr/bin:/bin"}, stdout=subprocess.PIPE)
    try:
        yield child
    finally:
        child.kill()
        child.wait()
        assert child.stdout is not None
        child.stdout.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "LOOK_SECONDS", 0.02)


def test_what_does_not_end_is_ended(tmp_path: Path) -> None:
    with Watchdog(tmp_path) as dog, started(tmp_path, "sleep", LONG) as child:
        with (
            pytest.raises(NeverYielded, match="the page never yielded: the browser was ended after 0 s"),
            dog.over(0.1),
        ):
            child.wait(50)
        assert child.returncode == -9


def test_what_breaks_because_it_was_ended_is_not_what_is_said(tmp_path: Path) -> None:
    def broken(child: subprocess.Popen[bytes]) -> None:
        child.wait(50)
        raise ValueError("the browser is gone")

    with Watchdog(tmp_path) as dog, started(tmp_path, "sleep", LONG) as child:
        assert child.poll() is None
        with pytest.raises(NeverYielded), dog.over(0.1):
            broken(child)


@pytest.mark.parametrize("broken", ["iterdir", "read_bytes"])
def test_where_too_many_files_are_open_it_goes_on(
    broken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A scan of ports in the same process takes most descriptors for a while."""
    real, failures = getattr(Path, broken), [OSError(errno.EMFILE, "Too many open files")] * 5

    def sometimes(*given: Any) -> Any:
        if failures and str(given[0]).startswith("/proc"):
            raise failures.pop()
        return real(*given)

    monkeypatch.setattr(Path, broken, sometimes)
    with Watchdog(tmp_path) as dog, started(tmp_path, "sleep", LONG) as child:
        with pytest.raises(NeverYielded), dog.over(0.1):
            child.wait(50)
        assert child.returncode == -9
    assert not failures
    assert "Traceback" not in capsys.readouterr().err


def test_what_is_done_within_has_the_time_of_the_whole(tmp_path: Path) -> None:
    """As a browser that is started again within a look at a page: after that, the page's own time still runs."""
    with Watchdog(tmp_path) as dog, started(tmp_path, "sleep", LONG) as child:
        assert child.poll() is None

        def begun_again() -> None:
            with dog.over(60):
                assert child.poll() is None
            child.wait(50)

        with pytest.raises(NeverYielded), dog.over(0.3):
            begun_again()


def test_what_ends_by_itself_is_left(tmp_path: Path) -> None:
    with Watchdog(tmp_path) as dog, started(tmp_path, "sleep", LONG) as child:
        with dog.over(60):
            assert child.poll() is None
        with pytest.raises(ValueError, match="its own"), dog.over(60):
            raise ValueError("its own")
        assert child.poll() is None


def test_children_that_hide_are_ended_too(tmp_path: Path) -> None:
    """They do not say where they live, and have a session of their own."""
    script = f"env -i setsid sleep {LONG} & echo $!; wait"
    with Watchdog(tmp_path) as dog, started(tmp_path, "sh", "-c", script) as child:
        assert child.stdout is not None
        hidden = int(child.stdout.readline())
        with pytest.raises(NeverYielded), dog.over(0.1):
            child.wait(50)
    until = time.monotonic() + 240
    while is_running(hidden):
        assert time.monotonic() < until


def is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("own", ["/root", "{home}x", "{home}/.config", "x{home}"])
def test_others_are_left(own: str, tmp_path: Path) -> None:
    with started(tmp_path, "sleep", LONG, own=own.format(home=tmp_path)) as other:
        with Watchdog(tmp_path) as dog, started(tmp_path, "sleep", LONG) as child:
            assert other.poll() is None
            with pytest.raises(NeverYielded), dog.over(0.1):
                child.wait(50)
        assert other.poll() is None


def test_nothing_is_left_at_the_end(tmp_path: Path) -> None:
    with started(tmp_path, "sleep", LONG) as child:
        with Watchdog(tmp_path):
            pass
        assert child.wait(50) == -9


def test_the_profile_of_a_browser_that_was_ended_goes_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Playwright makes them, and no folder else, whatever a process says that it uses."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    profile, other = tmp_path / f"{watchdog.PROFILE}a1", tmp_path / "elsewhere" / f"{watchdog.PROFILE}b2"
    mine = tmp_path / "mine"
    for folder in (profile, other, mine):
        folder.mkdir(parents=True)
        (folder / "Cookies").touch()
    script = f"sleep {LONG} & wait"
    flags = [f"--user-data-dir={folder}" for folder in (profile, other, mine)]
    with started(tmp_path, "sh", "-c", script, *flags) as child, Watchdog(tmp_path) as dog:
        assert child.poll() is None
        with pytest.raises(NeverYielded), dog.over(0.1):
            child.wait(50)
    assert not profile.exists()
    assert (other / "Cookies").exists()
    assert (mine / "Cookies").exists()


def test_a_process_that_takes_too_much_is_ended_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the one of a page, which takes no other page with it."""
    monkeypatch.setattr(watchdog, "MEMORY_LIMIT", 100 * 2**20)
    greedy = "x = bytearray(300 * 2**20); import time; time.sleep(60)"
    with Watchdog(tmp_path) as dog, started(tmp_path, "sleep", LONG) as modest:
        with started(tmp_path, sys.executable, "-c", greedy) as child, dog.over(60):
            assert child.wait(50) == -9
        assert modest.poll() is None


def test_the_looks_own_end_is_not_the_pages_doing(tmp_path: Path) -> None:
    with Watchdog(tmp_path) as dog, started(tmp_path, "sleep", LONG) as child:
        with within(Deadline.after(0.1), "no time left"), pytest.raises(OutOfTime, match="no time left"), dog.over(60):
            child.wait(50)
        with within(Deadline.after(-1), "no time left"), pytest.raises(OutOfTime), dog.over(60):
            raise AssertionError("nothing is begun")


def test_a_driver_that_hangs_is_ended_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It lives elsewhere, and is known as what this thread has started."""
    monkeypatch.setattr(watchdog, "GRACE_SECONDS", 0.1)
    with Watchdog(tmp_path) as dog, started(tmp_path, "sleep", LONG, own="/root") as driver:
        dog.know_driver()
        with pytest.raises(NeverYielded), dog.over(0.1):
            driver.wait(50)
        assert driver.returncode == -9
