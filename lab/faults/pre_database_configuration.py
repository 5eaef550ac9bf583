"""Faults of pre.database.configuration."""

from lab.changes import SERVER, reset_parameter, restart, set_parameter, sql, until_sql
from lab.deployment import Lab
from lab.fault import fault


@fault(
    "pre.database.configuration.least-privilege",
    flips={"pre.database.configuration.least-privilege"},
    touches={"role"},
    uses={"postgres"},
    mend=lambda lab: sql(lab, "REVOKE pg_read_all_data, pg_write_all_data FROM zebu_app"),
)
def reads_and_writes_everything(lab: Lab) -> None:
    """The role has no powers of its own; by its groups it reads and writes whatever there is."""
    sql(lab, "GRANT pg_read_all_data, pg_write_all_data TO zebu_app")


@fault(
    "pre.database.configuration.least-privilege",
    flips={"pre.database.configuration.least-privilege"},
    touches={"role"},
    uses={"postgres"},
    mend=lambda lab: sql(lab, "ALTER ROLE zebu_app NOSUPERUSER"),
)
def superuser(lab: Lab) -> None:
    """The application works as superuser."""
    sql(lab, "ALTER ROLE zebu_app SUPERUSER")


@fault(
    "pre.database.configuration.least-privilege",
    flips={"pre.database.configuration.least-privilege"},
    touches={"role"},
    uses={"postgres"},
    mend=lambda lab: sql(lab, "REVOKE pg_execute_server_program FROM zebu_app"),
)
def through_membership(lab: Lab) -> None:
    """The role itself has no powers, but a group that it is in may run programs."""
    sql(lab, "GRANT pg_execute_server_program TO zebu_app")


@fault(
    "pre.database.configuration.max-connections",
    flips={"pre.database.configuration.max-connections"},
    touches={"postgres"},
    mend=lambda lab: sql(
        lab, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(300)'"
    ),
)
def taken(lab: Lab) -> None:
    """Other programs have taken most of the connections."""
    lab.vm.shell(
        'docker exec -d zebu-db-1 sh -c "for n in \\$(seq 82); do psql -U zebu_admin -d zebu -c \\"SELECT pg_sleep(300)\\" & done; wait"'
    )
    sleeping = "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(300)'"
    until_sql(lab, "82 connections are taken", sleeping, "82")


def mend_another_in_the_database(lab: Lab) -> None:
    value = lab.vm.shell("sed -n s/^APP_DB_PASSWORD=//p /opt/zebu/.env").strip()
    sql(lab, f"ALTER ROLE zebu_app PASSWORD '{value}'")
    restart(lab, "backend")


@fault(
    "pre.database.configuration.password",
    flips={
        "pre.database.configuration.password",
        "pre.application.functionality.authentication",
        "deploy.backend.authentication",
        "deploy.database.reachable",
        "deploy.performance.api",
    },
    touches={"role", "backend", "backend-files", "backend-restart", "postgres"},
    mend=mend_another_in_the_database,
)
def another_in_the_database(lab: Lab) -> None:
    """The role has another password than the backend was given: what is connected stays, nothing new connects."""
    sql(lab, "ALTER ROLE zebu_app PASSWORD 'another-one-of-the-fault'")
    restart(lab, "backend")


@fault(
    "pre.database.configuration.pooling",
    flips={"pre.database.configuration.pooling", "pre.database.configuration.max-connections"},
    override={"backend": {"environment": {"DB_MAX_OVERFLOW": "-1"}}},
)
def no_limit(lab: Lab) -> None:
    """To the pool, an overflow of -1 means: as many as are asked for."""


@fault(
    "pre.database.configuration.pooling",
    flips={"pre.database.configuration.pooling", "pre.database.configuration.max-connections"},
    override={"backend": {"command": [*SERVER.split(), "--workers", "4"], "mem_limit": "768m"}},
)
def workers_multiply(lab: Lab) -> None:
    """Four workers, each with the whole pool."""


@fault(
    "pre.database.configuration.production-mode",
    flips={"pre.database.configuration.production-mode"},
    touches={"role"},
    uses={"postgres"},
    mend=lambda lab: sql(lab, "ALTER ROLE zebu_app RESET synchronous_commit"),
)
def asynchronous_role(lab: Lab) -> None:
    """The server waits for the disk; for the application's role it does not."""
    sql(lab, "ALTER ROLE zebu_app SET synchronous_commit = off")


@fault(
    "pre.database.configuration.production-mode",
    flips={"pre.database.configuration.production-mode"},
    touches={"role"},
    uses={"postgres"},
    mend=lambda lab: sql(lab, "ALTER ROLE zebu_app RESET synchronous_commit"),
)
def off_in_capitals(lab: Lab) -> None:
    """The same for the application's role, in another spelling, which is kept as it was given."""
    sql(lab, "ALTER ROLE zebu_app SET synchronous_commit = 'FALSE'")


@fault(
    "pre.database.configuration.production-mode",
    flips={"pre.database.configuration.production-mode"},
    touches={"postgres"},
    mend=lambda lab: reset_parameter(lab, "fsync", "on"),
)
def no_fsync(lab: Lab) -> None:
    """Nothing is forced to the disk."""
    set_parameter(lab, "fsync", "off")
