"""Faults of pre.database.configuration."""

from lab.changes import SERVER, reset_parameter, restart, set_parameter, sql, until_sql
from lab.deployment import Lab
from lab.fault import fault
from pytest_zebu.verdict.outcome import Outcome

HBA = "/var/lib/postgresql/data/pg_hba.conf"
IS_LOADED = f"SELECT (pg_stat_file('{HBA}')).modification <= pg_conf_load_time()"


def change_hba(lab: Lab, lines: str, is_loaded: bool = True) -> None:
    """Put lines in front of those of pg_hba.conf."""
    change = f'cp -p {HBA} /tmp/hba; {{ printf "{lines}"; cat /tmp/hba; }} > {HBA}'
    lab.vm.shell(f"docker exec -u postgres zebu-db-1 sh -c '{change}'")
    if is_loaded:
        sql(lab, "SELECT pg_reload_conf()")
        until_sql(lab, "the server has loaded its rules", IS_LOADED, "t")


def mend_hba(lab: Lab) -> None:
    lab.vm.shell(f"docker exec -u postgres zebu-db-1 sh -c 'cp -p /tmp/hba {HBA}'")
    sql(lab, "SELECT pg_reload_conf()")
    until_sql(lab, "the server has loaded its rules", IS_LOADED, "t")


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
    "pre.database.configuration.least-privilege",
    flips={"pre.database.configuration.least-privilege"},
    touches={"role"},
    uses={"postgres"},
    mend=lambda lab: sql(lab, "REVOKE zebu_admin FROM zebu_app; ALTER ROLE zebu_app INHERIT"),
)
def may_become_superuser(lab: Lab) -> None:
    """The role inherits nothing, and may become the administrator whenever it likes."""
    sql(lab, "ALTER ROLE zebu_app NOINHERIT; GRANT zebu_admin TO zebu_app")


@fault(
    "pre.database.configuration.least-privilege",
    flips=set(),
    touches={"role"},
    uses={"postgres"},
    # An owner's rights are the owner's: who gives the database away loses what was granted before.
    mend=lambda lab: sql(
        lab,
        "REVOKE pg_monitor FROM zebu_app; ALTER DATABASE zebu OWNER TO zebu_admin; GRANT CONNECT ON DATABASE zebu TO zebu_app",
    ),
)
def watches_and_owns(lab: Lab) -> None:
    """Odd but right: the role sees the server's statistics, and owns its own database."""
    sql(lab, "GRANT pg_monitor TO zebu_app; ALTER DATABASE zebu OWNER TO zebu_app")


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


def mend_another_database_waits_for_no_disk(lab: Lab) -> None:
    sql(lab, "ALTER DATABASE postgres RESET synchronous_commit")


@fault(
    "pre.database.configuration.production-mode",
    flips=set(),
    touches={"role"},
    uses={"postgres"},
    mend=mend_another_database_waits_for_no_disk,
)
def another_database_waits_for_no_disk(lab: Lab) -> None:
    """Odd but right: another database of the same server is asynchronous."""
    sql(lab, "ALTER DATABASE postgres SET synchronous_commit = off")


@fault(
    "pre.database.configuration.production-mode",
    flips=set(),
    touches={"postgres"},
    mend=mend_hba,
)
def trust_behind_a_reject(lab: Lab) -> None:
    """Odd but right: a rule that trusts a network stands behind one that keeps it out."""
    change_hba(lab, "host all all 10.99.0.0/16 reject\\nhost all all 10.99.7.0/24 trust\\n")


@fault(
    "pre.database.configuration.production-mode",
    flips={"pre.database.configuration.production-mode"},
    outcomes={"pre.database.configuration.production-mode": Outcome.NOT_ASSESSED},
    touches={"postgres"},
    mend=mend_hba,
)
def mended_and_not_loaded(lab: Lab) -> None:
    """pg_hba.conf was changed and never loaded: the server keeps to rules that nobody sees."""
    sql(lab, "SELECT pg_reload_conf()")
    change_hba(lab, "host all all 10.99.0.0/16 reject\\n", is_loaded=False)
    lab.vm.shell(f"docker exec -u postgres zebu-db-1 touch -d '+5 seconds' {HBA}")  # its moments are whole seconds


@fault(
    "pre.database.configuration.production-mode",
    flips={"pre.database.configuration.production-mode"},
    touches={"postgres"},
    mend=mend_hba,
)
def copied_by_anybody(lab: Lab) -> None:
    """No database is open to anybody; the whole server may be copied by whoever comes."""
    change_hba(lab, "host replication all all trust\\n")
