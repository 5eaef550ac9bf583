"""Runs are remembered: all of one or nothing of it, with what they were judged from, whoever writes at the same time."""

from __future__ import annotations

import lzma
import multiprocessing
import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pytest_zebu.facts.answer import Reason, Unknown
from pytest_zebu.memory import evidence, history
from pytest_zebu.memory.evidence import Kept
from pytest_zebu.memory.history import HistoryBroken, Past, PastRun, Remembered
from pytest_zebu.verdict.outcome import Outcome

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def run_at(at: datetime, **measures: float) -> PastRun:
    return PastRun(at, "v1.2.0", False, {"deploy.initial.ssh": Outcome.PASSED}, measures)


def kept(size: int = 100, suite: str = "0123456789abcdef") -> Kept:
    """Evidence that does not get smaller: so many bytes of it are kept, or a few more."""
    return Kept("1.0.0", suite, {"snapshot": os.urandom(size).decode("latin-1"), "reasons": "{}"})


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
        history.record(path, host, run_at(NOW + timedelta(seconds=number)), kept(5000))


def test_runs_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    writers = [multiprocessing.Process(target=_write_many, args=(path, f"vm{n}", 10)) for n in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    later = NOW + timedelta(days=1)
    assert [len(history.read(path, f"vm{n}", later).runs) for n in range(4)] == [10, 10, 10, 10]
    assert history.hosts(path) == ("vm0", "vm1", "vm2", "vm3")
    runs = [one for host in history.hosts(path) for one in history.remembered(path, host)]
    assert len({one.number for one in runs}) == 40
    assert all(
        found is not None and found.parts.keys() == kept().parts.keys()
        for found in (history.evidence(path, one.number) for one in runs)
    )


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
        assert all(one.size for one in history.remembered(path, "vm")[1:]), "a run was kept without its evidence"
        newest = history.remembered(path, "vm")[-1]
        assert (history.evidence(path, newest.number) is not None) is (newest.run.at >= NOW)
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


# What runs were judged from

PLACES = ("SELECT count(*) FROM outcome", "SELECT count(*) FROM kept", "SELECT count(*) FROM piece")


def counts(path: Path) -> list[int]:
    with closing(sqlite3.connect(path)) as database:
        return [database.execute(question).fetchone()[0] for question in PLACES]


def test_what_a_run_was_judged_from_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    assert (history.remembered(path, "vm"), history.hosts(path), history.evidence(path, 1)) == ((), (), None)
    first, second, third = run_at(NOW - timedelta(days=2)), run_at(NOW - timedelta(days=1)), run_at(NOW)
    known = kept(3 * history.PIECE)
    history.record(path, "vm", first)
    history.record(path, "vm", second, known)
    history.record(path, "vm", third, Kept("1.0.0", "abc", {}))
    listed = history.remembered(path, "vm")
    assert [(one.number, one.run, one.tool, one.suite) for one in listed] == [
        (1, first, "", ""), (2, second, "1.0.0", known.suite), (3, third, "1.0.0", "abc"),
    ]  # fmt: skip
    assert [one.size > 3 * history.PIECE for one in listed] == [False, True, False]
    assert [one.size for one in listed if one.number != 2] == [0, 0]
    assert [history.evidence(path, number) for number in (1, 2, 3, 4)] == [None, known, Kept("1.0.0", "abc", {}), None]
    assert history.read(path, "vm", NOW + timedelta(days=1)).runs == (first, second, third)


def test_a_run_that_goes_takes_its_evidence_with_it(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    history.record(path, "vm", run_at(NOW - timedelta(days=801)), kept())
    assert counts(path) == [1, 1, 1]
    history.record(path, "vm", run_at(NOW), kept())
    assert counts(path) == [1, 1, 1]
    assert [one.number for one in history.remembered(path, "vm")] == [2]


def test_the_evidence_of_old_runs_goes_first_and_their_outcomes_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "history.sqlite3"
    monkeypatch.setattr(history, "MOST_EVIDENCE", 1_000_000)
    sizes = []
    for day in range(40):
        history.record(path, f"vm{day % 2}", run_at(NOW + timedelta(days=day)), kept(100_000))
        sizes.append(path.stat().st_size)
    runs = sorted(
        (one for host in history.hosts(path) for one in history.remembered(path, host)), key=lambda one: one.number
    )
    assert len(runs) == 40
    assert all(one.run.outcomes and one.suite for one in runs)
    held = [one.number for one in runs if one.size]
    assert held == [*range(held[0], 41)], "of the newest all is there"
    assert sum(one.size for one in runs) <= 1_000_000 < sum(one.size for one in runs) + runs[-1].size
    assert sizes[-1] < 1_500_000
    # What each packs to differs by some bytes: a page more or less, and never nine runs of them.
    assert abs(sizes[-1] - sizes[-10]) < 100_000, "what was let go of is used again"
    found = history.evidence(path, runs[0].number)
    assert found == Kept("1.0.0", runs[0].suite, {})


def test_the_evidence_of_the_newest_run_stays_however_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "history.sqlite3"
    monkeypatch.setattr(history, "MOST_EVIDENCE", 1000)
    for day in range(3):
        history.record(path, "vm", run_at(NOW + timedelta(days=day)), kept(100_000))
    assert [bool(one.size) for one in history.remembered(path, "vm")] == [False, False, True]


def test_what_is_too_large_is_no_evidence_and_the_run_is_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "history.sqlite3"
    monkeypatch.setattr(evidence, "MOST_RAW", 1000)
    history.record(path, "vm", run_at(NOW), kept(2000))
    (one,) = history.remembered(path, "vm")
    assert (one.run, one.size, one.suite) == (run_at(NOW), 0, kept().suite)


def as_of_version_1(path: Path) -> None:
    """A history as the first version wrote it, with one run."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        for statement in history.SCHEMAS[1].split(";"):
            database.execute(statement)
        database.execute("PRAGMA user_version = 1")
        database.execute("INSERT INTO run VALUES (7, 'vm', ?, 'v1.2.0', 0)", (OTHER.timestamp(),))
        database.execute("INSERT INTO outcome VALUES (7, 'deploy.initial.ssh', 'passed')")
        database.execute("INSERT INTO measure VALUES (7, 'a', 1.0)")


def test_a_file_of_the_first_version_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    as_of_version_1(path)
    before = path.read_bytes()
    assert history.read(path, "vm", NOW).runs == (run_at(OTHER, a=1.0),)
    assert history.remembered(path, "vm") == (Remembered(7, run_at(OTHER, a=1.0)),)
    assert history.hosts(path) == ("vm",)
    assert history.evidence(path, 7) is None
    assert path.read_bytes() == before


def test_a_file_of_the_first_version_becomes_one_of_today_when_it_is_written(tmp_path: Path) -> None:
    path, new = tmp_path / "history.sqlite3", tmp_path / "new.sqlite3"
    as_of_version_1(path)
    known = kept()
    for one in (path, new):
        history.record(one, "vm", run_at(NOW), known)
    assert [(one.number, one.size > 0) for one in history.remembered(path, "vm")] == [(7, False), (8, True)]
    assert history.evidence(path, 8) == known
    schemas = []
    for one in (path, new):
        with closing(sqlite3.connect(one)) as database:
            schemas.append(database.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY name").fetchall())
            assert database.execute("PRAGMA user_version").fetchone() == (history.VERSION,)
            assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    assert schemas[0] == schemas[1]


def test_a_migration_that_is_ended_half_way_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "history.sqlite3"
    as_of_version_1(path)

    def ended(database: sqlite3.Connection) -> None:
        assert len(database.execute("PRAGMA table_info(kept)").fetchall()) == 3
        raise KeyboardInterrupt

    monkeypatch.setattr(history, "_drop_evidence", ended)
    with pytest.raises(KeyboardInterrupt):
        history.record(path, "vm", run_at(NOW), kept())
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (1,)
        assert database.execute("SELECT count(*) FROM sqlite_schema WHERE name IN ('kept', 'piece')").fetchone() == (0,)
    assert len(history.read(path, "vm", NOW + timedelta(days=1)).runs) == 1
    monkeypatch.undo()
    history.record(path, "vm", run_at(NOW), kept())
    assert len(history.remembered(path, "vm")) == 2


def test_two_that_make_a_file_of_today_at_the_same_time(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    as_of_version_1(path)
    writers = [multiprocessing.Process(target=_write_many, args=(path, f"vm{n}", 5)) for n in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [len(history.remembered(path, f"vm{n}")) for n in range(3)] == [5, 5, 5]
    assert history.read(path, "vm", NOW).runs == (run_at(OTHER, a=1.0),)


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize("statement", ["CREATE TABLE kept (run INTEGER)", "CREATE VIEW more AS SELECT 1"])
def test_a_file_of_the_first_version_with_anothers_table_is_left_alone(statement: str, tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    as_of_version_1(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute(statement)
    before = path.read_bytes()
    with pytest.raises(HistoryBroken, match="another kind"):
        history.record(path, "vm", run_at(NOW))
    assert isinstance(history.answer(path, "vm", NOW), Unknown)
    assert path.read_bytes() == before


# Strangers' files

OTHER = NOW - timedelta(days=1)


def with_runs(path: Path, *statements: str) -> None:
    """A history with one run, changed by somebody."""
    history.record(path, "vm", run_at(OTHER, a=1.0))
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        for statement in statements:
            database.execute(statement)


ANOTHERS_TABLE = "CREATE TABLE logins (name TEXT)"
ONE_MORE = "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n LIMIT 3000) "
SCHEMAS: dict[str, tuple[str, ...]] = {
    "a trigger": ("CREATE TRIGGER more AFTER INSERT ON run BEGIN DELETE FROM outcome; END",),
    "a view beside": ("CREATE VIEW more AS SELECT 1",),
    "a view in a table's place": ("DROP TABLE measure", "CREATE VIEW measure AS SELECT id AS run, 'a' AS name, 1.0 AS value FROM run"),
    "a view without end": (
        "DROP TABLE measure",
        "CREATE VIEW measure AS WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT 1 AS run, i AS name, 1.0 AS value FROM n",
    ),
    "a computed column": ("DROP TABLE measure", "CREATE TABLE measure (run INTEGER, name TEXT, value REAL AS (length(hex(zeroblob(400000000)))))"),
    "a virtual table": ("CREATE VIRTUAL TABLE more USING fts5(text)",),
    "a column more": ("ALTER TABLE run ADD COLUMN more TEXT",),
    "a column less": ("ALTER TABLE run DROP COLUMN version",),
    "a table less": ("DROP TABLE outcome",),
    "an index less": ("DROP INDEX run_by_host",),
    "another's table beside": (ANOTHERS_TABLE,),
    "a newer version": ("PRAGMA user_version = 3",),
    "an older version": ("PRAGMA user_version = 1",),
    "pieces less": ("DROP TABLE piece",),
    "what is kept less": ("DROP TABLE piece", "DROP TABLE kept"),
    "another reference": ("DROP TABLE piece", "CREATE TABLE piece (run INTEGER NOT NULL, number INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (run, number))"),
    "a version before all": ("PRAGMA user_version = -1",),
    "no version": ("PRAGMA user_version = 0",),
}  # fmt: skip


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize("statements", SCHEMAS.values(), ids=SCHEMAS)
def test_a_database_of_another_kind_is_neither_read_nor_changed(statements: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    with_runs(path, *statements)
    before = path.read_bytes()
    answer = history.answer(path, "vm", NOW)
    assert isinstance(answer, Unknown)
    assert answer.reason is Reason.GARBLED
    with pytest.raises(HistoryBroken, match="another"):
        history.record(path, "vm", run_at(NOW))
    assert path.read_bytes() == before


@pytest.mark.hostile("parsers")
def test_another_programs_database_gets_no_tables_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "logins.sqlite"
    with closing(sqlite3.connect(path)) as database:
        database.execute(ANOTHERS_TABLE)
    before = path.read_bytes()
    with pytest.raises(HistoryBroken, match="another kind"):
        history.record(path, "vm", run_at(NOW))
    assert path.read_bytes() == before


VALUES: dict[str, tuple[str, ...]] = {
    "a moment as text": ("UPDATE run SET at = 'aa'",), "a moment before all": ("UPDATE run SET at = -1e17",), "a moment without end": ("UPDATE run SET at = -9e999",),
    "a moment as bytes": ("UPDATE run SET at = x'00'",), "a version as bytes": ("UPDATE run SET version = x'ff00'",),
    "a version in no encoding": ("UPDATE run SET version = CAST(x'ff' AS TEXT)",), "a truth as text": ("UPDATE run SET is_partial = 'maybe'",),
    "an outcome as bytes": ("UPDATE outcome SET outcome = x'00'",), "an item as bytes": ("UPDATE outcome SET item = x'00'",),
    "a measure as text": ("UPDATE measure SET value = 'much'",), "a measure as bytes": ("UPDATE measure SET value = x'00'",),
    "a measure without end": ("UPDATE measure SET value = 9e999",), "a measure beyond all": ("UPDATE measure SET value = -1e300",),
    "a name without end": ("UPDATE measure SET name = printf('%.90000c', 'x')",), "a value beyond all bounds": ("UPDATE run SET version = printf('%.200000c', 'x')",),
    "more measures than there are": (f"INSERT INTO measure {ONE_MORE} SELECT 1, i, 1.0 FROM n",),
    "more outcomes than there are": (f"INSERT INTO outcome {ONE_MORE} SELECT 1, i, 'passed' FROM n",),
}  # fmt: skip


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize("statements", VALUES.values(), ids=VALUES)
def test_values_of_another_kind(statements: tuple[str, ...], tmp_path: Path) -> None:
    with_runs(tmp_path / "history.sqlite3", *statements)
    assert isinstance(history.answer(tmp_path / "history.sqlite3", "vm", NOW), Unknown)


EVIDENCE: dict[str, tuple[str, ...]] = {
    "a piece as text": ("UPDATE piece SET data = 'x'",), "a number": ("UPDATE piece SET data = 1.5",), "a piece less": ("DELETE FROM piece WHERE number = 1",),
    "a piece cut short": ("UPDATE piece SET data = substr(data, 9) WHERE number = 2",), "a piece of zeroes": ("UPDATE piece SET data = zeroblob(60000)",),
    "a piece beyond all bounds": ("UPDATE piece SET data = zeroblob(200000)",), "a tool as bytes": ("UPDATE kept SET tool = x'ff00'",),
    "a suite beyond all bounds": ("UPDATE kept SET suite = printf('%.200000c', 'x')",),
    "more pieces than there are": (f"INSERT INTO piece {ONE_MORE} SELECT 1, i + 10, zeroblob(10) FROM n",),
    "a piece of another order": ("UPDATE piece SET number = 9 WHERE number = 0",),
}  # fmt: skip


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize("statements", EVIDENCE.values(), ids=EVIDENCE)
def test_evidence_of_another_kind_is_none_and_outcomes_are_read_all_the_same(
    statements: tuple[str, ...], tmp_path: Path
) -> None:
    path = tmp_path / "history.sqlite3"
    history.record(path, "vm", run_at(OTHER, a=1.0), kept(3 * history.PIECE))
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        for statement in statements:
            database.execute(statement)
    with pytest.raises(HistoryBroken, match=str(path)):
        history.evidence(path, 1)
    assert history.read(path, "vm", NOW).runs == (run_at(OTHER, a=1.0),)


@pytest.mark.hostile("parsers")
def test_pieces_that_grow_without_end(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    history.record(path, "vm", run_at(OTHER), kept())
    bomb = lzma.compress(b"\0" * 2**27, preset=1)
    pieces = [bomb[at : at + history.PIECE] for at in range(0, len(bomb), history.PIECE)]
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("DELETE FROM piece")
        database.executemany("INSERT INTO piece VALUES (1, ?, ?)", enumerate(pieces))
    with pytest.raises(HistoryBroken, match="grows beyond"):
        history.evidence(path, 1)


@pytest.mark.hostile("parsers")
def test_names_of_what_judged_steer_nothing(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    history.record(path, "vm", run_at(OTHER), kept())
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("UPDATE kept SET tool = '1' || char(27) || '[2J', suite = printf('%.900c', 'x')")
    (one,) = history.remembered(path, "vm")
    assert (one.tool, one.suite) == ("1", "x" * history.MOST_NAMED)


@pytest.mark.hostile("parsers")
def test_words_that_are_no_outcomes_are_none(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    with_runs(
        path,
        "INSERT INTO outcome VALUES (1, 'x', 'splendid'), (1, 'y', 'PASSED')",
        "UPDATE run SET version = 'v1' || char(27) || '[2J'",
    )
    (run,) = history.read(path, "vm", NOW).runs
    assert run.outcomes == {"deploy.initial.ssh": Outcome.PASSED}
    assert run.version == "v1"


@pytest.mark.hostile("parsers")
def test_a_run_of_the_future_is_no_practice(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    for days in (0, 1, 400, 10_000):
        history.record(path, "vm", run_at(NOW + timedelta(days=days), a=1.0))
    assert history.read(path, "vm", NOW).runs == ()
    assert history.read(path, "vm", NOW).measured("a", NOW) == ((), False)
    assert Past((run_at(NOW + timedelta(days=2), a=1.0),)).measured("a", NOW)[1] is False


@pytest.mark.hostile("parsers")
def test_of_many_runs_the_newest_are_read(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    many = ONE_MORE.replace("3000", "20000")
    with_runs(path, f"INSERT INTO run (host, at, version, is_partial) {many} SELECT 'vm', i, '', 0 FROM n")
    found = history.read(path, "vm", NOW).runs
    assert len(found) == history.MOST_RUNS
    assert found[-1].at == OTHER


@pytest.mark.hostile("parsers")
def test_what_takes_too_long_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "history.sqlite3"
    with_runs(path)
    monkeypatch.setattr(history, "MOST_STEPS", 0)
    monkeypatch.setattr(history, "STEPS_A_CALL", 10)
    with pytest.raises(HistoryBroken, match="takes too long"):
        history.read(path, "vm", NOW)


def _link(path: Path) -> None:
    history.record(path.with_name("other"), "vm", run_at(OTHER))
    path.symlink_to(path.with_name("other"))


def _cut(path: Path) -> None:
    with_runs(path)
    path.write_bytes(path.read_bytes()[:9000])


def _spoilt(path: Path) -> None:
    """Each page but the first full of the same byte."""
    with_runs(path)
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))


def _with_anothers_journal(path: Path) -> None:
    """A journal that is not of this file alone names one that SQLite removes."""
    with_runs(path)
    path.with_name(f"{path.name}-journal").write_bytes(
        b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + b"\0" * 600 + history.JOURNAL_MAGIC
    )


FILES: dict[str, tuple[Callable[[Path], object], bool]] = {
    "a pipe": (os.mkfifo, True), "a folder": (lambda path: path.mkdir(), True), "a device": (lambda path: path.symlink_to("/dev/zero"), True),
    "a link": (_link, True), "a link to nothing": (lambda path: path.symlink_to(path.with_name("gone")), True), "a link to itself": (lambda path: path.symlink_to(path), True),
    "no database": (lambda path: path.write_bytes(b"x" * 9000), True), "cut short": (_cut, True), "spoilt pages": (_spoilt, True),
    "another's journal": (_with_anothers_journal, False),
}  # fmt: skip


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize(("make", "is_unread"), FILES.values(), ids=FILES)
def test_a_file_of_another_kind_is_neither_read_nor_written(
    make: Callable[[Path], object], is_unread: bool, tmp_path: Path
) -> None:
    path = tmp_path / "history.sqlite3"
    make(path)
    if is_unread:
        assert isinstance(history.answer(path, "vm", NOW), Unknown)
    before = {one.name: one.read_bytes() for one in tmp_path.iterdir() if one.is_file()}
    with pytest.raises(HistoryBroken):
        history.record(path, "vm", run_at(NOW))
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir() if one.is_file()} == before


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize(
    "name", ["a\x00b", "x" * 5000, "\ud800", "a/b/c"], ids=["nul", "long", "half a character", "below a file"]
)
def test_a_name_that_no_file_has(name: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    with pytest.raises(HistoryBroken):
        history.record(tmp_path / name, "vm", run_at(NOW))
    assert isinstance(history.answer(tmp_path / name, "vm", NOW), Unknown)


@pytest.mark.hostile("parsers")
def test_a_name_with_the_signs_of_addresses_is_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a?mode=memory&b#c%20.sqlite3"
    history.record(path, "vm", run_at(OTHER))
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    assert len(history.read(path, "vm", NOW).runs) == 1


@pytest.mark.hostile("parsers")
def test_a_file_that_somebody_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "history.sqlite3"
    with_runs(path)
    monkeypatch.setattr(history, "BUSY_SECONDS", 0.0)
    with closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(HistoryBroken, match="another program holds it"):
            history.read(path, "vm", NOW)
        with pytest.raises(HistoryBroken, match="another program holds it"):
            history.record(path, "vm", run_at(NOW))


@pytest.mark.hostile("parsers")
def test_a_journal_of_a_run_that_was_ended_is_taken_back(tmp_path: Path) -> None:
    """The copy is what a machine has that lost its power: half of a change is in the file, what was before in its journal."""
    path, copy = tmp_path / "history.sqlite3", tmp_path / "copy/history.sqlite3"
    with_runs(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA cache_size = 1")
        database.execute("BEGIN IMMEDIATE")
        database.execute(
            f"INSERT INTO run (host, at, version, is_partial) {ONE_MORE} SELECT 'vm', i, printf('%.300c', 'x'), 0 FROM n"
        )
        shutil.copytree(tmp_path, copy.parent)
        database.execute("ROLLBACK")
    assert copy.stat().st_size > path.stat().st_size
    assert history.read(copy, "vm", NOW).runs == history.read(path, "vm", NOW).runs
    assert copy.read_bytes() == path.read_bytes()


@pytest.mark.hostile("parsers")
def test_a_file_that_keeps_its_changes_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    with_runs(path, "PRAGMA journal_mode = WAL")
    assert len(history.read(path, "vm", NOW).runs) == 1
    history.record(path, "vm", run_at(NOW))
    assert len(history.read(path, "vm", NOW + timedelta(days=1)).runs) == 2


@pytest.mark.hostile("parsers")
def test_reading_leaves_nothing_behind_and_the_file_is_its_owners(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    history.record(path, "vm", run_at(OTHER))
    path.chmod(0o400)
    before = path.stat().st_mtime_ns
    assert len(history.read(path, "vm", NOW).runs) == 1
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    assert path.stat().st_mtime_ns == before
    history.record(tmp_path / "new", "vm", run_at(OTHER))
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o600


@pytest.mark.hostile("parsers")
def test_measures_that_are_none_lose_no_run(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    odd = {
        "nan": float("nan"),
        "inf": float("inf"),
        "much": 1e300,
        "many": 10**400,
        "half \ud800": 1.0,
        "x" * 501: 2.0,
        "x" * 502: 3.0,
        "good": 4.0,
    }
    history.record(
        path, "\ud800", PastRun(OTHER, "v\ud800", False, {}, odd | {f"m{n}": 1.0 for n in range(history.MOST_OF_A_RUN)})
    )
    (run,) = history.read(path, "\ud800", NOW).runs
    assert run.version == "v\ufffd"
    assert {name: run.measures[name] for name in ("half \ufffd", "x" * 500, "good")} == {
        "half \ufffd": 1.0,
        "x" * 500: 2.0,
        "good": 4.0,
    }
    assert not {"nan", "inf", "much", "many"} & run.measures.keys()


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


def test_since_when_an_outcome_is_so() -> None:
    def at(days: int, outcome: Outcome | None) -> PastRun:
        return PastRun(NOW - timedelta(days=days), "", False, {"a": outcome} if outcome else {}, {})

    passed, failed = Outcome.PASSED, Outcome.FAILED
    past = Past((at(5, passed), at(4, failed), at(3, passed), at(2, None), at(1, passed)))
    assert past.since("a", passed, NOW) == NOW - timedelta(days=3)
    assert past.since("a", failed, NOW) == NOW
    assert past.since("b", passed, NOW) is None
    assert Past((at(2, None), at(1, passed))).since("a", passed, NOW) == NOW - timedelta(days=1)
