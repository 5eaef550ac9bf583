"""Pre-Deployment / Database / Data Integrity."""

from __future__ import annotations

from pytest_zebu.facts.answer import Known, NotAssessed, need
from pytest_zebu.facts.forge import BAD, EVEN, GOOD, Forge, is_run_of
from pytest_zebu.facts.postgres import Database, Table, is_off
from pytest_zebu.plugin.checks import Cases, item
from pytest_zebu.settings import Settings

BIG_TABLE_ROWS = 10_000
"""The checklist's criterion speaks of tables beyond this; below it, PostgreSQL rightly reads the whole table."""
MANY_SCANS = 100
LATE_FACTOR = 10
"""How far beyond its trigger a table may be before its never having been vacuumed tells something."""


def _target_of(table: str, column: str, tables: frozenset[str]) -> str | None:
    """The table that a column named `<table>_id` means, where there is one: of its own schema, or else of the public one."""
    name = column.removesuffix("_id")
    candidates = (name, f"{name}s", f"{name}es", f"{name.removesuffix('y')}ies" if name.endswith("y") else name)
    schema = "".join(table.rpartition(".")[:2])
    places = [f"{schema}{candidate}" for candidate in candidates] + list(candidates)
    return next((place for place in places if place in tables), None)


@item("pre.database.integrity.foreign-keys")
def test_references_are_enforced(database: Database, case: Cases) -> None:
    """A reference that nothing enforces points nowhere sooner or later, and balances stop adding up.

    Fix: a migration that adds the foreign key; `ALTER TABLE ... VALIDATE CONSTRAINT` for one that is NOT VALID.
    See: PostgreSQL documentation, 5.5.5 (Foreign Keys).
    """
    tables = frozenset(table.name for table in database.tables)
    known = {(key.table, column): key for key in database.foreign_keys for column in key.columns}
    for table, column in database.references:
        target = _target_of(table, column, tables)
        if target is None or target == table:  # a table's own name for its key
            continue
        with case(f"{table}.{column}"):
            key = known.get((table, column))
            assert key is not None, f"has no foreign key to {target}"
            assert key.is_valid, "has a foreign key that is NOT VALID: older rows were never checked"
    for key in database.foreign_keys:
        with case(f"{key.table}.{'+'.join(key.columns)} -> {key.refers_to}"):
            assert key.is_valid, "is NOT VALID: older rows were never checked"


@item("pre.database.integrity.indexes")
def test_indexes_serve(database: Database, case: Cases) -> None:
    """An invalid index is written and never read; a big table without one is read whole for every page.

    Fix: `REINDEX INDEX CONCURRENTLY` an invalid index; a migration that adds an index for each foreign key of a big table.
    See: PostgreSQL documentation, chapter 11 (Indexes) and CREATE INDEX, CONCURRENTLY.
    """
    for index in database.indexes:
        if not index.is_valid:
            with case(f"index {index.name}"):
                raise AssertionError("is invalid: it was being built when something failed")
    led = {(index.table, index.first) for index in database.indexes if index.is_valid}
    sizes = {table.name: table for table in database.tables}
    case.saw(f"{len(database.indexes)} indexes on {len(sizes)} tables")
    for key in database.foreign_keys:
        table = sizes.get(key.table)
        if (key.table, key.column) in led or table is None:
            continue
        if table.rows > BIG_TABLE_ROWS:
            with case(f"{key.table}.{key.column}", f"{table.rows} rows"):
                raise AssertionError(f"no index begins with it, on {table.rows} rows")
        case.saw(f"advice: no index begins with {key.table}.{key.column}")
    for table in database.tables:
        if table.rows > BIG_TABLE_ROWS:
            with case(
                f"table {table.name}", f"{table.sequential_scans} sequential scans, {table.index_scans} by index"
            ):
                mostly = table.sequential_scans > max(MANY_SCANS, table.index_scans)
                assert not mostly, f"is mostly read whole ({table.sequential_scans} times)"


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
    for table in database.tables:
        with case(f"table {table.name}", f"{table.rows} rows, {table.dead} dead"):
            assert not _is_switched_off(table), "has autovacuum switched off"
            late = table.dead > LATE_FACTOR * _trigger(database, table)
            assert table.was_vacuumed or not late, f"has {table.dead} dead rows and was never vacuumed"


def _is_switched_off(table: Table) -> bool:
    options = dict(option.partition("=")[::2] for option in table.options)
    return is_off(options.get("autovacuum_enabled", "true"))


def _trigger(database: Database, table: Table) -> float:
    settings = database.settings
    return int(settings["autovacuum_vacuum_threshold"]) + float(settings["autovacuum_vacuum_scale_factor"]) * table.rows


@item("pre.database.integrity.migrations-staged")
def test_migrations_ran_elsewhere_first(forge: Forge, settings: Settings, case: Cases) -> None:
    """A migration that fails should fail where nobody's data are.

    Fix: deploy the release to staging first (with the forge's deployments), or let a CI job apply the migrations and name
    it in `forge.checks.migrations`.
    See: https://docs.github.com/en/rest/deployments
    """
    jobs = settings.forge.checks.migrations
    ran = [
        run
        for run in need(forge.checks.get(forge.tested, Known(())))
        if run.is_latest is not False and any(is_run_of(job, run.name) for job in jobs)
    ]
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
