"""Pre-Deployment / Database / Data Integrity."""

from __future__ import annotations

import re

from pytest_zebu.facts.answer import NotAssessed, need
from pytest_zebu.facts.forge import BAD, EVEN, GOOD, Forge
from pytest_zebu.facts.postgres import MANY_ROWS, Database, ForeignKey, Index, Table, is_off
from pytest_zebu.plugin.checks import Cases, item
from pytest_zebu.settings import Settings

MANY_SCANS = 100
LATE_FACTOR = 10
"""How far beyond its trigger a table may be before its never having been vacuumed tells something."""
OLDEST = 1_000_000_000
"""Half of the transactions after which the server stops; autovacuum freezes rows after a tenth of them."""
LONGEST_NAP = 3600
IRREGULAR = {"person": "people", "child": "children", "index": "indices"}
SERVES = ("btree", "hash")
"""Kinds of indexes by which the rows of one value are found."""


def _target_of(table: str, column: str, tables: frozenset[str]) -> str | None:
    """The table that a column named `<table>_id` means, where there is one: of its own schema, or else of the public one."""
    name = column.removesuffix("_id")
    candidates: tuple[str, ...] = (
        name,
        f"{name}s",
        f"{name}es",
        f"{name.removesuffix('y')}ies" if name.endswith("y") else name,
    )
    before, last, word = name.rpartition("_")
    if word in IRREGULAR:
        candidates = (*candidates, f"{before}{last}{IRREGULAR[word]}")
    schema = "".join(table.rpartition(".")[:2])
    places = [f"{schema}{candidate}" for candidate in candidates] + list(candidates)
    return next((place for place in places if place in tables), None)


@item("pre.database.integrity.foreign-keys")
def test_references_are_enforced(database: Database, case: Cases) -> None:
    """A reference that nothing enforces points nowhere sooner or later, and balances stop adding up.

    Fix: a migration that adds the foreign key; `ALTER TABLE ... VALIDATE CONSTRAINT` for one that is NOT VALID.
    See: PostgreSQL documentation, 5.5.5 (Foreign Keys).
    """
    replica = [one for one in database.overridden("session_replication_role") if one.value.lower() == "replica"]
    with case("session_replication_role", *replica):
        asked = "session_replication_role" not in database.own_settings
        assert not replica, f"{replica[0]}: nothing is checked"
        assert not asked or database.settings.get("session_replication_role") != "replica", "nothing is checked"
    kinds = {table.name: table.keys for table in database.tables if table.kind != "m" and not table.part_of}
    tables = frozenset(kinds)
    known = {(key.table, column) for key in database.foreign_keys for column in key.columns}
    for column in database.references:
        target = _target_of(column.table, column.name, tables)
        if target is None or target == column.table or column.is_own_key:  # a table's own name for its key
            continue
        with case(f"{column.table}.{column.name}"):
            if (column.table, column.name) not in known:
                if column.kind not in kinds[target]:
                    held = " or ".join(kinds[target]) or "no single column"
                    raise NotAssessed(
                        f"has no foreign key to {target}, and can have none ({column.kind}, and there {held}): people know what it means"
                    )
                raise AssertionError(f"has no foreign key to {target}")
    for key in database.foreign_keys:
        with case(f"{key.table}.{'+'.join(key.columns)} -> {key.refers_to}"):
            assert key.is_enforced, "is not enforced: it is declared so, or its triggers are off"
            assert key.is_valid, "is NOT VALID: older rows were never checked"


def _covers(index: Index, key: ForeignKey) -> bool:
    """Whether the rows of a reference are found by an index: it begins with its columns, in any order, and has all its rows."""
    if index.table != key.table or not index.is_valid or index.method not in SERVES:
        return False
    if index.where:
        where = re.fullmatch(r"\(?\"?([^\s()\"]+)\"? IS NOT NULL\)?", index.where)
        if where is None or where[1] not in key.columns:
            return False
    return set(index.columns[: len(key.columns)]) <= set(key.columns)


@item("pre.database.integrity.indexes")
def test_indexes_serve(database: Database, case: Cases) -> None:
    """An invalid index is written and never read; a big table without one is read whole for every page.

    Fix: `REINDEX INDEX CONCURRENTLY` an invalid index; a migration that adds an index for each foreign key of a big table.
    See: PostgreSQL documentation, chapter 11 (Indexes) and CREATE INDEX, CONCURRENTLY.
    """
    for index in database.indexes:
        if not index.is_valid:
            with case(f"index {index.name}"):
                if index.is_being_built:
                    raise NotAssessed("is being built now")
                raise AssertionError("is invalid: it was being built when something failed")
    sizes = {table.name: table for table in database.tables}
    case.saw(f"{len(database.indexes)} indexes on {len(sizes)} tables")
    if database.has_other_collation:
        case.saw(
            "advice: the system sorts otherwise than when the indexes were made: REINDEX, then REFRESH COLLATION VERSION"
        )
    for key in database.foreign_keys:
        table = sizes.get(key.table)
        if table is None:
            continue
        serving = [index for index in database.indexes if _covers(index, key)]
        name = f"{key.table}.{'+'.join(key.columns)}"
        if serving:
            if not any(len(index.columns) >= len(key.columns) for index in serving):
                case.saw(f"advice: no index begins with all of {name}")
            continue
        if table.rows is None or table.rows > MANY_ROWS:
            with case(name, f"{'unknown' if table.rows is None else table.rows} rows"):
                if table.rows is None:
                    raise NotAssessed("no index begins with it, and nobody counted the table's rows yet (ANALYZE)")
                raise AssertionError(f"no index begins with it, on {table.rows} rows")
        case.saw(f"advice: no index begins with {name}")
    for table in database.tables:
        if (table.rows or 0) > MANY_ROWS and table.kind != "p":
            with case(
                f"table {table.name}", f"{table.sequential_scans} sequential scans, {table.index_scans} by index"
            ):
                # A dump reads every table whole, once.
                by_dumps = min((one.sequential_scans for one in _stored(database) if one is not table), default=0)
                mostly = table.sequential_scans - by_dumps > max(MANY_SCANS, table.index_scans)
                assert not mostly, f"is mostly read whole ({table.sequential_scans} times)"


def _stored(database: Database) -> list[Table]:
    """The tables that have rows of their own, which dumps read."""
    return [one for one in database.tables if one.kind == "r"]


@item("pre.database.integrity.autovacuum")
def test_autovacuum_works(database: Database, case: Cases) -> None:
    """Dead rows that nobody removes slow everything down, until the transaction counter stops the database.

    Fix: `autovacuum = on` and `track_counts = on`; `ALTER TABLE ... RESET (autovacuum_enabled)`.
    See: PostgreSQL documentation, 24.1.6 (The Autovacuum Daemon).
    """
    for name in ("autovacuum", "track_counts"):
        with case(name, database.settings[name]):
            assert database.settings[name] == "on", "is off"
    with case("launcher"):
        assert database.has_launcher, "does not run"
    nap = int(database.number("autovacuum_naptime", "60"))
    with case("autovacuum_naptime", f"{nap} s"):
        assert nap <= LONGEST_NAP, f"it looks every {nap // 3600} hours only"
    with case("age of the oldest row", database.age):
        assert database.age < OLDEST, (
            f"nothing was frozen for {database.age} transactions: the server stops before 2147483648"
        )
    for table in database.tables:
        if table.kind == "p":  # it has no rows of its own: its partitions are judged
            continue
        with case(f"table {table.name}", f"{table.rows} rows, {table.dead} dead"):
            assert not _is_switched_off(table), "has autovacuum switched off"
            late = table.dead > LATE_FACTOR * _trigger(database, table)
            assert table.was_vacuumed or not late, f"has {table.dead} dead rows and was never vacuumed"


def _is_switched_off(table: Table) -> bool:
    options = dict(option.partition("=")[::2] for option in table.options)
    return is_off(options.get("autovacuum_enabled", "true"))


def _trigger(database: Database, table: Table) -> float:
    rows = table.rows or 0
    return database.number("autovacuum_vacuum_threshold") + database.number("autovacuum_vacuum_scale_factor") * rows


@item("pre.database.integrity.migrations-staged")
def test_migrations_ran_elsewhere_first(forge: Forge, settings: Settings, case: Cases) -> None:
    """A migration that fails should fail where nobody's data are.

    Fix: deploy the release to staging first (with the forge's deployments), or let a CI job apply the migrations.
    Declare: forge.repository, or forge.checks.migrations
    See: https://docs.github.com/en/rest/deployments
    """
    jobs = settings.forge.checks.migrations
    ran = [run for job in jobs for run in forge.runs_of(job)[0]]
    staged = need(forge.staged)
    case.saw(*(f"{run.name}: {run.conclusion or run.status}" for run in ran))
    case.saw(*(f"deployment to {settings.forge.staging}: {state}" for state in staged))
    if not ran and not staged:
        raise NotAssessed(
            "the forge knows no deployment of this commit to staging, and no check run applied its migrations"
        )
    with case("applied before production"):
        said = {run.conclusion for run in ran}
        if forge.last_staged == "success" or (said & GOOD and said <= GOOD | EVEN):
            return
        if not forge.last_staged and not said & BAD:
            raise NotAssessed("neither the deployment to staging nor the check run of the migrations has a verdict")
        raise AssertionError("neither the deployment to staging nor the check run of the migrations succeeded")
