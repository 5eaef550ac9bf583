"""Pre-Deployment / Database / Configuration."""

from __future__ import annotations

from datetime import date

from pytest_zebu.facts.answer import NotAssessed
from pytest_zebu.facts.host import Machine
from pytest_zebu.facts.pools import Connections
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
    overrides = database.overridden("synchronous_commit")
    if not any(one.role in ("", database.role) for one in overrides):  # else what the server has does not matter
        with case("synchronous_commit", database.settings["synchronous_commit"]):
            if "synchronous_commit" in database.own_settings:
                raise NotAssessed("the role that asks has its own setting: the server's is not seen")
            assert database.settings["synchronous_commit"] != "off", "is off"
    with case("overrides of roles and databases", *overrides):
        off = [one for one in overrides if is_off(one.value)]
        assert not off, f"{off[0]}"
    with case("pg_hba.conf", f"{len(database.hba)} rules"):
        if not database.hba and not database.hba_errors:
            raise NotAssessed("pg_hba.conf could not be read")
        trusted = ", ".join(
            f"{rule.place}: {rule.kind} {','.join(rule.databases)} {','.join(rule.users)} {rule.address} {rule.method}"
            for rule in database.open_rules
        )
        assert not trusted, f"lets in without a password: {trusted}"
        if database.hba_errors:
            lines = ", ".join(map(str, database.hba_errors[:5]))
            raise NotAssessed(f"line {lines} of pg_hba.conf is not understood: the server keeps to what it read before")
        if database.is_hba_unloaded:
            raise NotAssessed(
                "pg_hba.conf was changed after it was loaded (SELECT pg_reload_conf()): what holds is not seen"
            )
    end = ENDS_OF_LIFE.get(database.major)
    with case("version", f"{database.major}, supported until {end or 'later'}"):
        assert database.major > min(ENDS_OF_LIFE), f"{database.major} is no longer supported"
        assert end is None or machine.ours.date() <= end, f"{database.major} is no longer supported since {end}"


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


def _expect_room(connections: Connections, room: int, case: Cases, what: str) -> None:
    """Whether all that may be opened has room; where a pooler shares connections, it is the pooler's that count."""
    pooler = connections.pooler
    limited = connections.has_limit and not connections.unknown
    total = connections.least if limited else "not known" if connections.unknown else "no limit"
    shown = f"{connections.how} = {total}"
    if pooler is not None:
        with case(what, f"{shown}, through {pooler.product} ({pooler.service}): {pooler.most}, room for {room}"):
            if pooler.most is None:
                raise NotAssessed(
                    f"{pooler.product} ({pooler.service}) stands between: how many connections it opens was not read"
                )
            assert pooler.most <= room, f"{pooler.product} may open {pooler.most} connections, there is room for {room}"
            if limited:
                fits = connections.least <= pooler.clients
                assert fits, f"{pooler.product} takes {pooler.clients} clients, the backend may be {connections.least}"
        return
    with case(what, f"{shown}, room for {room}"):
        assert connections.has_limit, "has no limit"
        assert connections.least <= room, f"may open {connections.least} connections, there is room for {room}"
        if connections.unknown:
            raise NotAssessed(f"the pool of {connections.unknown}")
        if connections.most > room:
            raise NotAssessed(
                f"with all pools, and what is beside, it may be {connections.most}; there is room for {room}"
            )


@item("pre.database.configuration.pooling")
def test_the_pool_fits(database: Database, backend_connections: Connections, case: Cases) -> None:
    """Every process has a pool of its own: workers multiply it, and the database counts connections, not pools.

    Fix: pool_size and max_overflow so that (size + overflow) x processes stays under max_connections less the reserve.
    See: https://docs.sqlalchemy.org/en/20/core/pooling.html
    """
    _expect_room(backend_connections, database.max_connections - database.reserve, case, "pool")


@item("pre.database.configuration.max-connections")
def test_connections_are_enough(database: Database, backend_connections: Connections, case: Cases) -> None:
    """A refused connection is an error page. PostgreSQL keeps no record of the peak: what is seen is the present.

    Fix: raise max_connections or make the pool smaller; end sessions that idle in a transaction
    (idle_in_transaction_session_timeout).
    See: PostgreSQL documentation, 19.3 (Connections and Authentication).
    """
    if "max_connections" in database.pending:
        case.saw("max_connections is another after the next restart")
    room = database.max_connections - database.reserve
    _expect_room(backend_connections, room, case, f"max_connections {database.max_connections}")
    with case("present use", f"{database.clients} of {database.max_connections}"):
        share = database.clients / database.max_connections
        assert share < BUSY_SHARE, f"{share:.0%} of the connections are taken"
    with case("idle in a transaction", database.stuck):
        if database.unseen and not database.stuck:
            raise NotAssessed(f"{database.unseen} sessions do not say what they do (track_activities is off)")
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
