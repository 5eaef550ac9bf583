"""What earlier runs found: outcomes, a few measures, and what they were judged from. One SQLite file; runs at the same time are safe."""

from __future__ import annotations

import itertools
import os
import sqlite3
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from msgspec import Struct

from pytest_zebu.facts.answer import Known, Reason, Unknown, plain_text
from pytest_zebu.facts.plainjson import whole_text
from pytest_zebu.files import make_folder
from pytest_zebu.memory.evidence import MOST_PACKED, EvidenceBroken, Kept, pack, unpack
from pytest_zebu.verdict.outcome import Outcome

T = TypeVar("T")

VERSION = 2
KEPT = timedelta(days=800)
"""Two years, so that annual tasks can be seen twice."""
BUSY_SECONDS = 10.0
MOST_RUNS = 500
MOST_OF_A_RUN = 2000
"""Outcomes, and measures: the checklist has some two hundred items."""
MOST_NAMED = 500
"""Characters of a name or a version."""
LARGEST = 1e18
"""No measure is larger: an exabyte."""
LONGEST = 100_000
"""Bytes of a value, and of a row."""
PIECE = 65_536
"""Bytes: evidence is kept in pieces of this size, so that no value is longer than those of an ordinary row."""
MOST_PIECES = MOST_PACKED // PIECE + 1
MOST_EVIDENCE = 32 * 2**20
"""Bytes of all evidence together: nearly two years of daily runs over the lab. Of older runs outcomes and measures stay."""
MOST_STEPS, STEPS_A_CALL = 300_000_000, 100_000
"""Of SQLite's own machine: what 500 runs take is a hundredth of it."""
UNFINISHED = frozenset(
    {sqlite3.SQLITE_READONLY_ROLLBACK, sqlite3.SQLITE_READONLY_RECOVERY, sqlite3.SQLITE_READONLY_CANTINIT}
)
"""What SQLite says where a change that was ended half-way is to be taken back first."""
TROUBLES = {
    sqlite3.SQLITE_INTERRUPT: "takes too long to read: move it away",
    sqlite3.SQLITE_BUSY: "another program holds it",
    sqlite3.SQLITE_NOTADB: "is no database",
}
JOURNAL_MAGIC = bytes.fromhex("d9d505f920a163d7")
"""With it a journal ends that names another file (https://www.sqlite.org/fileformat2.html, 3.1)."""
PRACTICE = timedelta(days=1)
"""How far two looks lie apart, at least, that show a practice."""
MOST_HOSTS = 1000
SCHEMAS = {
    1: """
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
""",
    2: """
CREATE TABLE kept (
  run INTEGER PRIMARY KEY REFERENCES run ON DELETE CASCADE, tool TEXT NOT NULL, suite TEXT NOT NULL
);
CREATE TABLE piece (
  run INTEGER NOT NULL REFERENCES kept ON DELETE CASCADE, number INTEGER NOT NULL, data BLOB NOT NULL,
  PRIMARY KEY (run, number)
);
""",
}
"""What each version of the file has that those before it have not: an older file gets it when it is next written."""


class HistoryBroken(Exception):
    """The file cannot be read or written; the text says why."""


class PastRun(Struct, frozen=True):
    """One run.

    Attributes:
        at: when its evidence was gathered, by our clock.
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


class Remembered(Struct, frozen=True):
    """A run as the file has it.

    Attributes:
        number: by which people name it.
        tool: the version of pytest-zebu that judged; empty where an older one kept the run, and so with the next.
        suite: the fingerprint of what decided.
        size: bytes of the evidence that is kept of it; 0 where there is none, or none any more.
    """

    number: int
    run: PastRun
    tool: str = ""
    suite: str = ""
    size: int = 0


class Past(Struct, frozen=True):
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

    def since(self, item_id: str, outcome: Outcome, now: datetime) -> datetime | None:
        """When an outcome was first so, and in every run since that judged the item; nothing where none did."""
        found = None
        for run in reversed(self.runs):
            then = run.outcomes.get(item_id)
            if then is None:
                continue
            if then is not outcome:
                return found or now
            found = run.at
        return found

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


def _why_not(path: Path) -> str:
    """Why a file is not read or written as a history; empty where it may be, or is not there."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return ""
    if stat.S_ISLNK(found.st_mode):
        return "is a link: name the file itself ([evidence] history)"
    return "" if stat.S_ISREG(found.st_mode) else "is no regular file"


def _names_another_file(path: Path) -> bool:
    """Whether the journal beside it belongs to several databases: SQLite would remove the file that such a one names."""
    journal = path.with_name(f"{path.name}-journal")
    if _why_not(journal):
        return True
    try:
        with journal.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - len(JOURNAL_MAGIC)))
            return file.read() == JOURNAL_MAGIC
    except FileNotFoundError:
        return False


@contextmanager
def _opened(path: Path, *, writes: bool) -> Iterator[sqlite3.Connection]:
    """The file, which may be a stranger's: nothing that it says of itself is carried out, and each question is bounded.

    Raises:
        HistoryBroken: it is no regular file, or SQLite complains of it.
    """
    try:
        if why := _why_not(path):
            raise HistoryBroken(f"{path}: {why}")
        if writes and _names_another_file(path):
            raise HistoryBroken(f"{path}: the journal beside it is not of this file: move both away")
        address = f"{path.absolute().as_uri()}?mode={'rw' if writes else 'ro'}"
        with closing(sqlite3.connect(address, timeout=BUSY_SECONDS, isolation_level=None, uri=True)) as database:
            database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST)
            database.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
            calls = itertools.count(1)
            database.set_progress_handler(lambda: int(next(calls) > MOST_STEPS // STEPS_A_CALL), STEPS_A_CALL)
            for switch in ("trusted_schema = OFF", "cell_size_check = ON", "foreign_keys = ON"):
                database.execute(f"PRAGMA {switch}")
            if not writes:
                database.execute("PRAGMA query_only = ON")
            yield database
    except sqlite3.Error as error:
        why = TROUBLES.get(getattr(error, "sqlite_errorcode", 0), plain_text(str(error))[:200])
        raise HistoryBroken(f"{path}: {why}") from error
    except OSError as error:
        raise HistoryBroken(f"{path}: {error.strerror}") from None
    except (ValueError, OverflowError):  # a name that no file has; a value that no column takes
        raise HistoryBroken(f"{path}: cannot be read or written") from None


def _schema(database: sqlite3.Connection) -> dict[str, tuple[str, str]]:
    """What is in a database, but for what SQLite keeps for itself: by name the kind, and how it was made."""
    rows = database.execute(
        "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' LIMIT 100"
    )
    return {str(name): (str(kind), " ".join(str(sql).split())) for kind, name, sql in rows}


@cache
def _own_schema(version: int) -> Mapping[str, tuple[str, str]]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        _make(database, 0, version)
        return _schema(database)


def _version(database: sqlite3.Connection, path: Path) -> int:
    """Of which version the tables are; 0 where there are none yet.

    Raises:
        HistoryBroken: they are of another version, or somebody else's: views, triggers, other columns.
    """
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if version not in (0, *SCHEMAS):
        raise HistoryBroken(
            f"{path}: written by another version of pytest-zebu (format {version}, known are 1 to {VERSION})"
        )
    if _schema(database) != (_own_schema(version) if version else {}):
        raise HistoryBroken(
            f"{path}: is a database of another kind: name another file ([evidence] history), or move it away"
        )
    return int(version)


def _make(database: sqlite3.Connection, old: int, new: int = VERSION) -> None:
    """Make the tables that an older file has not, inside the transaction that writes."""
    for version, schema in SCHEMAS.items():
        if old < version <= new:
            for statement in schema.split(";"):
                database.execute(statement)
    database.execute(f"PRAGMA user_version = {new}")


def record(path: Path, host: str, run: PastRun, kept: Kept | None = None, packed: bytes | None = None) -> None:
    """Remember a run: all of it or nothing, also when this process is ended half-way. What is no history stays as it is.

    Args:
        path: the file.
        host: what the run was over.
        run: what was found.
        kept: what it was judged from, and by what. Where all that is kept is too much, the evidence of old runs goes.
        packed: its parts, where they are packed already.

    Raises:
        HistoryBroken: it cannot be written.
    """
    try:
        make_folder(path.parent, 0o700)
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise HistoryBroken(f"{path}: {error.strerror}") from None
    except ValueError:
        raise HistoryBroken(f"{path}: no file has such a name") from None
    if packed is None:
        packed = pack(kept.parts) if kept else b""
    with _opened(path, writes=True) as database:
        database.execute("BEGIN IMMEDIATE")
        version = _version(database, path)
        if version < VERSION:
            _make(database, version)
        row = (whole_text(host), run.at.timestamp(), whole_text(run.version)[:MOST_NAMED], run.is_partial)
        number = database.execute("INSERT INTO run (host, at, version, is_partial) VALUES (?, ?, ?, ?)", row).lastrowid
        database.executemany(
            "INSERT INTO outcome VALUES (?, ?, ?)", [(number, item, word.value) for item, word in run.outcomes.items()]
        )
        database.executemany(
            "INSERT OR IGNORE INTO measure VALUES (?, ?, ?)",
            [(number, whole_text(name)[:MOST_NAMED], float(value)) for name, value in _measured(run)],
        )
        if kept is not None:
            names = (whole_text(name)[:MOST_NAMED] for name in (kept.tool, kept.suite))
            database.execute("INSERT INTO kept VALUES (?, ?, ?)", (number, *names))
            database.executemany(
                "INSERT INTO piece VALUES (?, ?, ?)",
                [(number, place, packed[at : at + PIECE]) for place, at in enumerate(range(0, len(packed), PIECE))],
            )
        database.execute("DELETE FROM run WHERE at < ?", ((run.at - KEPT).timestamp(),))
        _drop_evidence(database)
        database.execute("COMMIT")


def _measured(run: PastRun) -> Iterator[tuple[str, float]]:
    """What can be read again: as many as are read, and numbers that are some."""
    found = ((name, value) for name, value in run.measures.items() if abs(value) <= LARGEST)  # NaN is not
    return itertools.islice(found, MOST_OF_A_RUN)


def _drop_evidence(database: sqlite3.Connection) -> None:
    """Let go of the evidence of old runs, as far as all of it is too much; that of the newest stays."""
    sizes = database.execute("SELECT run, sum(length(data)) FROM piece GROUP BY run ORDER BY run DESC")
    together = itertools.accumulate(sizes, lambda sum_before, row: (row[0], sum_before[1] + row[1]))
    first_too_many = next(
        (number for number, size in itertools.islice(together, 1, None) if size > MOST_EVIDENCE), None
    )
    if first_too_many is not None:
        database.execute("DELETE FROM piece WHERE run <= ?", (first_too_many,))


def _asked(path: Path, question: Callable[[sqlite3.Connection, int], T], otherwise: T) -> T:
    """What a file answers; something else where nothing was ever remembered.

    Raises:
        HistoryBroken: it cannot be read.
    """
    try:
        path.lstat()
    except FileNotFoundError:
        return otherwise
    except (OSError, ValueError) as error:
        raise HistoryBroken(f"{path}: cannot be read ({type(error).__name__})") from None
    try:
        return _answered(path, question, otherwise)
    except HistoryBroken as error:
        cause = error.__cause__
        code = cause.sqlite_errorcode if isinstance(cause, sqlite3.Error) and hasattr(cause, "sqlite_errorcode") else 0
        if code not in UNFINISHED:
            raise
    # A run of ours was ended half-way: who opens the file for writing takes back what it had begun.
    with _opened(path, writes=True) as database:
        _version(database, path)
    return _answered(path, question, otherwise)


def _answered(path: Path, question: Callable[[sqlite3.Connection, int], T], otherwise: T) -> T:
    with _opened(path, writes=False) as database:
        database.execute("BEGIN")
        version = _version(database, path)
        if not version:
            return otherwise
        try:
            return question(database, version)
        except EvidenceBroken as error:
            raise HistoryBroken(f"{path}: the evidence of a run {error}") from None
        except (TypeError, ValueError, OverflowError, OSError):
            raise HistoryBroken(f"{path}: has values of another kind than known: move it away") from None


def read(path: Path, host: str, before: datetime) -> Past:
    """The runs over a host before a moment. Where nothing was ever remembered there are none.

    Raises:
        HistoryBroken: it cannot be read.
    """

    def runs(database: sqlite3.Connection, version: int) -> Past:
        rows = database.execute(
            "SELECT id, at, version, is_partial FROM run WHERE host = ? AND (at < ? OR typeof(at) <> 'real') ORDER BY at DESC LIMIT ?",
            (whole_text(host), before.timestamp(), MOST_RUNS),
        ).fetchall()
        return Past(tuple(_run(database, *row) for row in reversed(rows)))

    return _asked(path, runs, Past(()))


def hosts(path: Path) -> tuple[str, ...]:
    """The hosts over which runs are remembered.

    Raises:
        HistoryBroken: it cannot be read.
    """

    def names(database: sqlite3.Connection, version: int) -> tuple[str, ...]:
        rows = database.execute("SELECT DISTINCT host FROM run ORDER BY host LIMIT ?", (MOST_HOSTS,)).fetchall()
        if not all(type(name) is str for (name,) in rows):
            raise TypeError
        return tuple(name for (name,) in rows)

    return _asked(path, names, ())


def remembered(path: Path, host: str) -> tuple[Remembered, ...]:
    """The runs over a host with what people name them by, the oldest first.

    Raises:
        HistoryBroken: it cannot be read.
    """

    def runs(database: sqlite3.Connection, version: int) -> tuple[Remembered, ...]:
        kept = (
            "kept.tool, kept.suite, (SELECT sum(length(data)) FROM piece WHERE piece.run = run.id)"
            " FROM run LEFT JOIN kept ON kept.run = run.id"
        )
        rows = database.execute(
            f"SELECT id, at, version, is_partial, {kept if version > 1 else 'NULL, NULL, NULL FROM run'}"  # noqa: S608 (ours)
            " WHERE host = ? ORDER BY at DESC, id DESC LIMIT ?",
            (whole_text(host), MOST_RUNS),
        ).fetchall()
        return tuple(_remembered(database, *row) for row in reversed(rows))

    return _asked(path, runs, ())


def evidence(path: Path, number: int) -> Kept | None:
    """What a run was judged from, and by what; nothing where neither is kept.

    Raises:
        HistoryBroken: it cannot be read.
    """

    def kept(database: sqlite3.Connection, version: int) -> Kept | None:
        if version < 2:
            return None
        row = database.execute("SELECT tool, suite FROM kept WHERE run = ?", (number,)).fetchone()
        if row is None:
            return None
        found = database.execute(
            "SELECT number, data FROM piece WHERE run = ? ORDER BY number LIMIT ?", (number, MOST_PIECES + 1)
        ).fetchall()
        if [place for place, _ in found] != [*range(len(found))] or not all(type(data) is bytes for _, data in found):
            raise TypeError
        tool, suite = map(_named, row)
        return Kept(tool, suite, unpack(b"".join(data for _, data in found)) if found else {})

    return _asked(path, kept, None)


def _named(text: Any) -> str:
    if type(text) is not str:
        raise TypeError
    return plain_text(text)[:MOST_NAMED]


def _remembered(database: sqlite3.Connection, *row: Any) -> Remembered:
    """A run with what is kept of it.

    Raises:
        TypeError, ValueError, OverflowError, OSError: a value is of another kind, or there are too many.
    """
    number, at, version, is_partial, tool, suite, size = row
    if not (type(number) is int and type(size) in (int, type(None))):
        raise TypeError
    run = _run(database, number, at, version, is_partial)
    tool, suite = ("" if text is None else _named(text) for text in (tool, suite))
    return Remembered(number, run, tool, suite, size or 0)


def _run(database: sqlite3.Connection, number: Any, at: Any, version: Any, is_partial: Any) -> PastRun:
    """A run with all that belongs to it. SQLite lets every column hold values of every type.

    Raises:
        TypeError, ValueError, OverflowError, OSError: a value is of another kind, or there are too many.
    """
    if not (type(at) is float and type(version) is str and is_partial in (0, 1)):
        raise TypeError
    outcomes = _pairs(database, "SELECT item, outcome FROM outcome WHERE run = ? LIMIT ?", number, str)
    measures = _pairs(database, "SELECT name, value FROM measure WHERE run = ? LIMIT ?", number, float)
    if any(not abs(value) <= LARGEST for value in measures.values()):
        raise ValueError
    known = {outcome.value for outcome in Outcome}
    return PastRun(
        datetime.fromtimestamp(at, UTC),
        plain_text(version)[:MOST_NAMED],
        bool(is_partial),
        {item: Outcome(word) for item, word in outcomes.items() if word in known},
        measures,
    )


def _pairs(database: sqlite3.Connection, question: str, number: Any, kind: type[T]) -> dict[str, T]:
    rows = database.execute(question, (number, MOST_OF_A_RUN + 1)).fetchall()
    if len(rows) > MOST_OF_A_RUN:
        raise ValueError
    if not all(type(name) is str and len(name) <= MOST_NAMED and type(value) is kind for name, value in rows):
        raise TypeError
    return dict(rows)


def answer(path: Path, host: str, before: datetime) -> Known[Past] | Unknown:
    """The earlier runs as a fact: known, or why not."""
    try:
        return Known(read(path, host, before))
    except HistoryBroken as error:
        return Unknown(Reason.GARBLED, f"the history of runs: {error}")
