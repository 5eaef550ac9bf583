"""What earlier runs found: outcomes, and a few measures. One SQLite file; runs at the same time are safe."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pytest_zebu.facts.answer import Known, Reason, Unknown
from pytest_zebu.files import followed, make_folder, why
from pytest_zebu.verdict.outcome import Outcome

VERSION = 1
KEPT = timedelta(days=800)
"""Two years, so that annual tasks can be seen twice."""
BUSY_SECONDS = 10.0
MOST_RUNS = 500
PRACTICE = timedelta(days=1)
"""How far two looks lie apart, at least, that show a practice."""
SCHEMA = """
CREATE TABLE run (
  id INTEGER PRIMARY KEY, host TEXT NOT NULL, at REAL NOT NULL, version TEXT NOT NULL, is_partial INTEGER NOT NULL
);
CREATE INDEX run_by_host ON run (host, at);
CREATE TABLE outcome (
  run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, item TEXT NOT NULL, outcome TEXT NOT NULL,
  PRIMARY KEY (run, item)
) WITHOUT ROWID;
CREATE TABLE measure (
  run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, name TEXT NOT NULL, value REAL NOT NULL,
  PRIMARY KEY (run, name)
) WITHOUT ROWID;
"""


class HistoryBroken(Exception):
    """The file cannot be read or written; the text says why."""


@dataclass(frozen=True, slots=True)
class PastRun:
    """One run.

    Attributes:
        at: when its evidence was gathered, by the host's clock.
        version: what was deployed, else empty.
        is_partial: whether items were left out.
        outcomes: by item, of those that were judged.
        measures: numbers by name, such as `restarts.backend` or `disk.used./`.
    """

    at: datetime
    version: str
    is_partial: bool
    outcomes: Mapping[str, Outcome]
    measures: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Past:
    """Earlier runs over a host, oldest first."""

    runs: tuple[PastRun, ...]

    @property
    def last(self) -> PastRun | None:
        """The run before this one."""
        return self.runs[-1] if self.runs else None

    def series(self, name: str) -> tuple[tuple[datetime, float], ...]:
        """A measure over time."""
        return tuple((run.at, run.measures[name]) for run in self.runs if name in run.measures)

    def measured(self, prefix: str, now: datetime) -> tuple[tuple[PastRun, ...], bool]:
        """The runs that measured something of that name, and whether they show a practice: one is a day old."""
        runs = tuple(run for run in self.runs if any(name.startswith(prefix) for name in run.measures))
        return runs, bool(runs) and now - runs[0].at >= PRACTICE

    def seen(self, item_id: str) -> datetime | None:
        """When an item was last seen to pass by a machine."""
        found = [run.at for run in self.runs if run.outcomes.get(item_id) is Outcome.PASSED]
        return found[-1] if found else None

    def changes(self, outcomes: Mapping[str, Outcome]) -> tuple[tuple[str, Outcome, Outcome], ...]:
        """Items that were otherwise in the last run that judged them: item, then, now."""
        found = []
        for item_id, now in outcomes.items():
            then = next((run.outcomes[item_id] for run in reversed(self.runs) if item_id in run.outcomes), None)
            if then is not None and then is not now:
                found.append((item_id, then, now))
        return tuple(found)

    def growth(self, name: str, now: datetime, value: float) -> float | None:
        """By how much a measure grows in a day: the least-squares line through its readings, today's included.

        Nothing where they do not span a day.
        """
        points = [*self.series(name), (now, value)]
        days = [(at - now) / timedelta(days=1) for at, _ in points]
        if max(days) - min(days) < PRACTICE / timedelta(days=1):
            return None
        mean_day, mean_value = sum(days) / len(days), sum(one for _, one in points) / len(points)
        spread = sum((day - mean_day) ** 2 for day in days)
        together = sum((day - mean_day) * (one - mean_value) for day, (_, one) in zip(days, points, strict=True))
        return together / spread


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        file = followed(path)
        with closing(sqlite3.connect(file, timeout=BUSY_SECONDS, isolation_level=None)) as database:
            database.execute("PRAGMA foreign_keys = ON")
            yield database
    except sqlite3.Error as error:
        raise HistoryBroken(f"{path}: {error}") from None
    except OSError as error:
        raise HistoryBroken(f"{path}: {why(error)}") from None


def _is_made(database: sqlite3.Connection, path: Path) -> bool:
    """Whether the tables are there.

    Raises:
        HistoryBroken: they are of another version.
    """
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if version not in (0, VERSION):
        raise HistoryBroken(f"{path}: written by another version of pytest-zebu (format {version}, known is {VERSION})")
    return bool(version)


def _make(database: sqlite3.Connection) -> None:
    """Make the tables, inside the transaction that writes."""
    for statement in SCHEMA.split(";"):
        database.execute(statement)
    database.execute(f"PRAGMA user_version = {VERSION}")


def record(path: Path, host: str, run: PastRun) -> None:
    """Remember a run: all of it or nothing, also when this process is ended half-way.

    Raises:
        HistoryBroken: it cannot be written.
    """
    try:
        make_folder(path.parent, 0o700)
        if not os.path.lexists(path):
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    except (OSError, ValueError) as error:
        raise HistoryBroken(f"{path}: {why(error)}") from None
    with _opened(path) as database:
        database.execute("BEGIN IMMEDIATE")
        if not _is_made(database, path):
            _make(database)
        row = (host, run.at.timestamp(), run.version, run.is_partial)
        number = database.execute("INSERT INTO run (host, at, version, is_partial) VALUES (?, ?, ?, ?)", row).lastrowid
        database.executemany(
            "INSERT INTO outcome VALUES (?, ?, ?)", [(number, item, word.value) for item, word in run.outcomes.items()]
        )
        database.executemany(
            "INSERT INTO measure VALUES (?, ?, ?)", [(number, name, value) for name, value in run.measures.items()]
        )
        database.execute("DELETE FROM run WHERE at < ?", ((run.at - KEPT).timestamp(),))
        database.execute("COMMIT")


def read(path: Path, host: str, before: datetime) -> Past:
    """The runs over a host before a moment. Where nothing was ever remembered there are none.

    Raises:
        HistoryBroken: it cannot be read.
    """
    if not path.exists():
        return Past(())
    with _opened(path) as database:
        if not _is_made(database, path):
            return Past(())
        database.execute("BEGIN")
        rows = database.execute(
            "SELECT id, at, version, is_partial FROM run WHERE host = ? AND at < ? ORDER BY at DESC LIMIT ?",
            (host, before.timestamp(), MOST_RUNS),
        ).fetchall()
        found = [
            PastRun(
                datetime.fromtimestamp(at, UTC),
                deployed,
                bool(is_partial),
                dict(_outcomes(database.execute("SELECT item, outcome FROM outcome WHERE run = ?", (number,)))),
                dict(database.execute("SELECT name, value FROM measure WHERE run = ?", (number,))),
            )
            for number, at, deployed, is_partial in reversed(rows)
        ]
        database.execute("ROLLBACK")
    return Past(tuple(found))


def _outcomes(rows: Iterable[tuple[str, str]]) -> Iterator[tuple[str, Outcome]]:
    known = {outcome.value for outcome in Outcome}
    return ((item, Outcome(word)) for item, word in rows if word in known)


def answer(path: Path, host: str, before: datetime) -> Known[Past] | Unknown:
    """The earlier runs as a fact: known, or why not."""
    try:
        return Known(read(path, host, before))
    except HistoryBroken as error:
        return Unknown(Reason.GARBLED, f"the history of runs: {error}")
