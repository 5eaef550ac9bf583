"""Runs are remembered: all of one or nothing of it, whoever writes at the same time."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pytest_zebu.facts.answer import Unknown
from pytest_zebu.memory import history
from pytest_zebu.memory.history import HistoryBroken, Past, PastRun
from pytest_zebu.verdict.outcome import Outcome

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def run_at(at: datetime, **measures: float) -> PastRun:
    return PastRun(at, "v1.2.0", False, {"deploy.initial.ssh": Outcome.PASSED}, measures)


def test_what_is_recorded_is_read(tmp_path: Path) -> None:
    path = tmp_path / "state/history.sqlite3"
    assert history.read(path, "vm", NOW) == Past(())
    first, second = run_at(NOW - timedelta(days=1), a=1.5), run_at(NOW - timedelta(hours=1), a=2.5)
    history.record(path, "vm", second)
    history.record(path, "vm", first)
    history.record(path, "other", run_at(NOW - timedelta(hours=2)))
    assert history.read(path, "vm", NOW).runs == (first, second)
    assert history.read(path, "vm", first.at).runs == ()
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_what_is_older_than_two_years_goes(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    history.record(path, "vm", run_at(NOW - timedelta(days=801)))
    history.record(path, "vm", run_at(NOW))
    assert [run.at for run in history.read(path, "vm", NOW + timedelta(seconds=1)).runs] == [NOW]
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT count(*) FROM outcome").fetchone() == (1,)


def _write_many(path: Path, host: str, count: int) -> None:
    for number in range(count):
        history.record(path, host, run_at(NOW + timedelta(seconds=number)))


def test_runs_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    writers = [multiprocessing.Process(target=_write_many, args=(path, f"vm{n}", 10)) for n in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    later = NOW + timedelta(days=1)
    assert [len(history.read(path, f"vm{n}", later).runs) for n in range(4)] == [10, 10, 10, 10]


def test_a_run_that_is_ended_half_way_loses_no_history(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    history.record(path, "vm", run_at(NOW - timedelta(days=1)))
    for pause in (0.05, 0.1, 0.15, 0.2):
        writer = multiprocessing.Process(target=_write_many, args=(path, "vm", 100_000))
        writer.start()
        time.sleep(pause)
        os.kill(writer.pid or 0, signal.SIGKILL)
        writer.join()
        found = history.read(path, "vm", NOW + timedelta(days=2)).runs
        assert found[0].at == NOW - timedelta(days=1) or len(found) == history.MOST_RUNS
        assert all(run.outcomes for run in found), "a run was kept without its outcomes"
        with sqlite3.connect(path) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.parametrize("content", [b"this is no database, and longer than a header of one" * 20, None])
def test_a_file_that_is_no_history_is_said_to_be_none(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "history.sqlite3"
    if content is None:
        with sqlite3.connect(path) as database:
            database.execute("PRAGMA user_version = 9")
    else:
        path.write_bytes(content)
    with pytest.raises(HistoryBroken):
        history.record(path, "vm", run_at(NOW))
    assert isinstance(history.answer(path, "vm", NOW), Unknown)


def test_growth_is_a_line_through_all_readings() -> None:
    past = Past(tuple(run_at(NOW - timedelta(days=day), disk=1000.0 - 10 * day) for day in (3, 2, 1)))
    assert past.growth("disk", NOW, 1000.0) == pytest.approx(10.0)
    assert Past((run_at(NOW - timedelta(hours=3), disk=5.0),)).growth("disk", NOW, 9.0) is None
    assert Past(()).growth("disk", NOW, 9.0) is None


def test_what_changed_is_told_against_the_last_run_that_judged_it() -> None:
    old = PastRun(NOW - timedelta(days=2), "", False, {"a": Outcome.FAILED, "b": Outcome.PASSED}, {})
    new = PastRun(NOW - timedelta(days=1), "", True, {"b": Outcome.FAILED}, {})
    past = Past((old, new))
    now = {"a": Outcome.PASSED, "b": Outcome.FAILED, "c": Outcome.PASSED}
    assert past.changes(now) == (("a", Outcome.FAILED, Outcome.PASSED),)
    assert past.seen("b") == old.at
    assert past.seen("a") is None


def test_the_last_run_is_the_youngest() -> None:
    old, new = run_at(NOW - timedelta(days=1)), run_at(NOW)
    assert Past((old, new)).last is new
    assert Past(()).last is None


def test_a_day_of_readings_is_enough_for_growth() -> None:
    past = Past((run_at(NOW - timedelta(days=1), disk=5.0),))
    assert past.growth("disk", NOW, 9.0) == pytest.approx(4.0)
    assert past.growth("disk", NOW - timedelta(seconds=1), 9.0) is None
    assert past.growth("memory", NOW, 9.0) is None


@pytest.mark.hostile("files")
def test_a_history_is_its_owners_alone(tmp_path: Path) -> None:
    history.record(tmp_path / "a/b/runs.sqlite3", "vm", PastRun(NOW, "", False, {}, {}))
    modes = [path.stat().st_mode & 0o777 for path in (tmp_path / "a", tmp_path / "a/b", tmp_path / "a/b/runs.sqlite3")]
    assert modes == [0o700, 0o700, 0o600]


@pytest.mark.hostile("files")
@pytest.mark.parametrize(
    "kind", ["folder", "zeroes", "below a file", "nul", "pipe", "link that leads out", "link to itself"]
)
def test_a_history_that_cannot_be_kept_is_a_line(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite3"
    match kind:
        case "folder":
            path.mkdir()
        case "zeroes":
            path.symlink_to("/dev/zero")
        case "below a file":
            path.write_text("")
            path = path / "below"
        case "nul":
            path = tmp_path / "a\0b"
        case "pipe":
            os.mkfifo(path)
        case "link that leads out":
            path = tmp_path / "below/runs.sqlite3"
            path.parent.mkdir()
            sqlite3.connect(tmp_path / "another.sqlite3").close()
            path.symlink_to("../another.sqlite3")
        case "link to itself":
            path.symlink_to(path)
    with pytest.raises(HistoryBroken, match=str(tmp_path)):
        history.record(path, "vm", PastRun(NOW, "", False, {}, {}))
