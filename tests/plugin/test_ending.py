"""Runs that are ended from outside, at whatever moment: no process, no connection and no folder of theirs stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_zebu.ending import SIGNALS
from pytest_zebu.gather.scratch import sweep
from tests.ended import as_usual
from tests.waiting import until

STAND_IN = """#!/bin/sh
config= kind=
for word in "$@"; do
  [ "$last" = -F ] && config=$word
  [ "$word" = -O ] && kind=control
  [ "$word" = -G ] && exit 1
  last=$word
done
folder=${config%/*}
echo "$folder" >> "$SEEN/folders"
[ "$kind" != control ] || { echo "$*" >> "$SEEN/control"; exit 0; }
touch "$folder/control"
echo $$ >> "$SEEN/pids"
WHAT
"""
MOMENTS = {
    "connecting": "exec sleep 300",
    "stubborn": "trap '' TERM INT HUP; while :; do sleep 1; done",
    "hearing": "cat >/dev/null",
    "answering": 'echo "Authenticated to vm" >> "$folder/log"; while :; do echo noise; sleep 0.1; done',
}


def words(path: Path) -> list[str]:
    return path.read_text().split() if path.exists() else []


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@pytest.fixture
def seen(tmp_path: Path) -> Iterator[Path]:
    """What the stand-in of ssh saw; whatever still runs in the end is killed."""
    for name in ("seen", "tools", "temporary", "project"):
        (tmp_path / name).mkdir()
    yield tmp_path / "seen"
    for pid in map(int, [*words(tmp_path / "seen/runs"), *words(tmp_path / "seen/pids")]):
        if is_running(pid):
            os.kill(pid, signal.SIGKILL)


def begin(seen: Path, moment: str, *words_: str) -> subprocess.Popen[str]:
    """A run whose ssh does not come to its end."""
    tools = seen.parent / "tools"
    (tools / "ssh").write_text(STAND_IN.replace("WHAT", MOMENTS[moment]))
    (tools / "ssh").chmod(0o755)
    environment = {
        **os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "SEEN": str(seen), "TMPDIR": str(seen.parent / "temporary"),
    }  # fmt: skip
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "--zebu-host=vm",
        "-k",
        "no-passwords",
        *words_,
    ]
    process = subprocess.Popen(
        command, cwd=seen.parent / "project", env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        start_new_session=True, preexec_fn=as_usual,
    )  # fmt: skip
    with (seen / "runs").open("a") as runs:
        print(process.pid, file=runs)
    return process


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_a_run_that_is_ended_leaves_nothing(number: signal.Signals, moment: str, seen: Path) -> None:
    process = begin(seen, moment)
    until(lambda: words(seen / "pids"), "the run asks")
    process.send_signal(number)
    out, _ = process.communicate(timeout=240)
    assert process.returncode == pytest.ExitCode.INTERRUPTED, out
    assert "INTERNALERROR" not in out
    expect_nothing_left(seen)


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
@pytest.mark.parametrize("whom", ["the controller", "all"])
def test_a_run_with_workers_that_is_ended_leaves_nothing(number: signal.Signals, whom: str, seen: Path) -> None:
    """Where the machine is too slow for xdist's patience with workers (10 s), what a killed one leaves ends by itself."""
    process = begin(seen, "hearing", "-n", "2")
    until(lambda: words(seen / "pids"), "a worker asks")
    if whom == "all":  # as a terminal does
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    process.communicate(timeout=240)
    assert process.returncode != 0
    until(lambda: not any(is_running(int(pid)) for pid in words(seen / "pids")), "ssh ends")
    for folder in {Path(one) for one in words(seen / "folders")}:
        if folder.exists():
            os.utime(folder, (0, 0))
            sweep("zebu-ssh-", folder.parent)
        assert not folder.exists()


@pytest.mark.hostile("ssh")
def test_more_signals_do_not_stop_the_cleaning(seen: Path) -> None:
    process = begin(seen, "stubborn")
    until(lambda: words(seen / "pids"), "the run asks")
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        process.send_signal(number)
        time.sleep(0.1)
    process.communicate(timeout=240)
    expect_nothing_left(seen)


@pytest.mark.hostile("ssh")
def test_what_a_killed_run_leaves_the_next_one_removes(seen: Path) -> None:
    """Its ssh hears that nobody speaks to it any more; its folders are nobody's."""
    process = begin(seen, "connecting")
    until(lambda: words(seen / "pids"), "the run asks")
    process.kill()
    process.communicate(timeout=240)
    left = [*map(Path, sorted({*words(seen / "folders")})), *(seen.parent / "temporary").glob("zebu-run-*")]
    assert [path for path in left if path.exists()]
    for path in left:
        if path.exists():
            os.utime(path, (0, 0))
    for pid in map(int, words(seen / "pids")):
        if is_running(pid):
            os.kill(pid, signal.SIGKILL)
    count = len(words(seen / "pids"))
    again = begin(seen, "connecting")
    until(lambda: len(words(seen / "pids")) > count, "the next run asks")
    assert not [path for path in left if path.exists()]
    again.send_signal(signal.SIGTERM)
    again.communicate(timeout=240)
    expect_nothing_left(seen)


def expect_nothing_left(seen: Path) -> None:
    until(lambda: not any(is_running(int(pid)) for pid in words(seen / "pids")), "ssh ends")
    assert words(seen / "control"), "the connection that stood was told to end"
    assert not [folder for folder in words(seen / "folders") if Path(folder).exists()]
    assert not [*(seen.parent / "temporary").glob("zebu-*")]


def test_without_a_host_nothing_is_heeded(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import signal
        def test_own():
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    """)
    pytester.runpytest_subprocess().assert_outcomes(passed=1)
