"""Pre-Deployment / Database / Configuration."""

from __future__ import annotations

import re
from datetime import date

from pytest_zebu.facts.answer import NotAssessed
from pytest_zebu.facts.environment import Environment
from pytest_zebu.facts.host import Machine
from pytest_zebu.facts.postgres import Database, PasswordTries, Role, is_off
from pytest_zebu.plugin.checks import Cases, item

ENDS_OF_LIFE = {
    12: date(2024, 11, 21),
    13: date(2025, 11, 13),
    14: date(2026, 11, 12),
    15: date(2027, 11, 11),
    16: date(2028, 11, 9),
    17: date(2029, 11, 8),
    18: date(2030, 11, 14),
}
"""Final releases of PostgreSQL's major versions: https://www.postgresql.org/support/versioning/"""
OPEN_METHODS = ("trust",)
POOL_SIZE, MAX_OVERFLOW = 10, 20
"""The backend's own defaults, per process."""
BUSY_SHARE = 0.8


@item("pre.database.configuration.production-mode")
def test_the_database_keeps_what_it_promised(database: Database, machine: Machine, case: Cases) -> None:
    """A committed order must survive a power cut, and nobody on the bridge may come in without a password.

    Fix: `fsync`, `full_page_writes` and `synchronous_commit` on, for every role and database; in pg_hba.conf
    scram-sha-256 instead of trust for every address but the loopback; a supported major version.
    See: PostgreSQL documentation, 19.5 (Write Ahead Log), 20.1 (pg_hba.conf); postgresql.org/support/versioning.
    """
    for name in ("fsync", "full_page_writes"):
        with case(name, database.settings[name]):
            assert database.settings[name] == "on", "is off"
    with case("synchronous_commit", database.settings["synchronous_commit"]):
        assert database.settings["synchronous_commit"] != "off", "is off"
    shown = [f"{whose} {name}={value}" for whose, name, value in database.overrides]
    with case("overrides of roles and databases", *shown):
        off = [text for text, (_, _, value) in zip(shown, database.overrides, strict=True) if is_off(value)]
        assert not off, f"{off[0]}"
    with case("pg_hba.conf", f"{len(database.hba)} rules"):
        if not database.hba and not database.hba_errors:
            raise NotAssessed("pg_hba.conf could not be read")
        trusting = [rule for rule in database.hba if rule.method in OPEN_METHODS and not rule.is_local]
        trusted = ", ".join(f"line {rule.line}: {rule.kind} {rule.address} {rule.method}" for rule in trusting)
        assert not trusting, f"lets in without a password: {trusted}"
        if database.hba_errors:
            lines = ", ".join(map(str, database.hba_errors[:5]))
            raise NotAssessed(f"line {lines} of pg_hba.conf is not understood: the server keeps to what it read before")
    end = ENDS_OF_LIFE.get(database.major)
    with case("version", f"{database.major}, supported until {end or 'later'}"):
        assert database.major > min(ENDS_OF_LIFE), f"{database.major} is no longer supported"
        assert end is None or machine.time.date() <= end, f"{database.major} is no longer supported since {end}"


@item("pre.database.configuration.password")
def test_the_network_needs_the_password(database_login: PasswordTries, case: Cases) -> None:
    """Inside its container the database trusts everybody: only a login from the backend's side tells.

    Fix: scram-sha-256 in pg_hba.conf for the containers' network; the same password in the database and in DATABASE_URL.
    See: PostgreSQL documentation, chapter 20 (Client Authentication).
    """
    if "unclear" in (database_login.right, database_login.wrong):
        raise NotAssessed("the database did not answer the backend's login clearly")
    with case("the configured password", database_login.right):
        assert database_login.right == "accepted", "is refused from the backend's network"
    with case("a wrong password", database_login.wrong):
        assert database_login.wrong == "refused", "is accepted from the backend's network (trust)"


def _ceiling(environment: Environment, processes: int) -> tuple[int | None, str]:
    """The most connections that the backend may open, and how that comes about; nothing where there is no limit.

    To SQLAlchemy a size of 0 and an overflow of -1 mean: as many as are asked for.
    """

    def number(name: str, default: int) -> int:
        found = environment.backend(name)
        if found is None or found.plain == "":
            return default
        if not re.fullmatch(r"\s*[+-]?[0-9]{1,9}\s*", found.plain):
            raise NotAssessed(f"{name} of the running backend is no number")
        return int(found.plain)

    size, overflow = number("DB_POOL_SIZE", POOL_SIZE), number("DB_MAX_OVERFLOW", MAX_OVERFLOW)
    how = f"({size} + {overflow}) x {processes} processes"
    return (None if size <= 0 or overflow < 0 else (size + overflow) * processes), how


@item("pre.database.configuration.pooling")
def test_the_pool_fits(database: Database, environment: Environment, backend_processes: int, case: Cases) -> None:
    """Every process has a pool of its own: workers multiply it, and the database counts connections, not pools.

    Fix: DB_POOL_SIZE and DB_MAX_OVERFLOW so that (size + overflow) x processes stays under max_connections less the reserve.
    See: https://docs.sqlalchemy.org/en/20/core/pooling.html
    """
    ceiling, how = _ceiling(environment, backend_processes)
    room = database.max_connections - database.reserve
    with case("pool", f"{how} = {'no limit' if ceiling is None else ceiling}, room for {room}"):
        assert ceiling is not None, "has no limit"
        assert ceiling <= room, f"may open {ceiling} connections, there is room for {room}"


@item("pre.database.configuration.max-connections")
def test_connections_are_enough(
    database: Database, environment: Environment, backend_processes: int, case: Cases
) -> None:
    """A refused connection is an error page. PostgreSQL keeps no record of the peak: what is seen is the present.

    Fix: raise max_connections or make the pool smaller; end sessions that idle in a transaction
    (idle_in_transaction_session_timeout).
    See: PostgreSQL documentation, 19.3 (Connections and Authentication).
    """
    ceiling, how = _ceiling(environment, backend_processes)
    with case("max_connections", f"{database.max_connections}, the backend may open {how}"):
        assert ceiling is not None, "cannot be enough: the pool has no limit"
        wanted = ceiling + database.reserve
        assert database.max_connections >= wanted, f"is {database.max_connections}, pool and reserve need {wanted}"
    with case("present use", f"{database.clients} of {database.max_connections}"):
        share = database.clients / database.max_connections
        assert share < BUSY_SHARE, f"{share:.0%} of the connections are taken"
    with case("idle in a transaction", database.stuck):
        assert not database.stuck, f"{database.stuck} sessions have been idle in a transaction for a minute"


@item("pre.database.configuration.least-privilege")
def test_the_application_role_has_no_powers(database_role: Role, case: Cases) -> None:
    """An injected statement runs with the backend's role: as superuser it owns the server, and through it the machine.

    Fix: `CREATE ROLE zebu_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS`, make it the owner of
    the application's schema, use it in DATABASE_URL. The image makes POSTGRES_USER a superuser: keep that for administration.
    See: PostgreSQL documentation, chapter 22 (Database Roles); CIS PostgreSQL Benchmark, section 4.
    """
    with case(f"role {database_role.name}", f"powers: {', '.join(database_role.powers) or 'none'}"):
        assert not database_role.powers, f"has: {', '.join(database_role.powers)}"
    with case("what it is a member of", ", ".join(database_role.memberships) or "nothing powerful"):
        assert not database_role.memberships, f"is a member of {', '.join(database_role.memberships)}"
