"""Faults of deploy.database."""

from lab.changes import COMPOSE, OVERRIDE, reaches, recreate, restart, sql, until_sql
from lab.deployment import Lab
from lab.fault import fault
from lab.waits import until
from pytest_zebu.verdict.outcome import Outcome


def mend_merged_branches(lab: Lab) -> None:
    sql(lab, "UPDATE alembic_version SET version_num = 'd001_price_history_updated_at'")
    lab.vm.shell("docker exec -u 0 zebu-backend-1 sh -c 'rm /app/migrations/versions/x00*.py'")


@fault(
    "deploy.database.migrations",
    flips=set(),
    right_for={"pre.database.backups.rollback-documented"},
    touches={"backend-files", "alembic"},
    uses={"postgres"},
    mend=mend_merged_branches,
)
def merged_branches(lab: Lab) -> None:
    """Odd but right: two branches of migrations were merged, and the merge, which does nothing and undoes nothing, is applied."""
    column = '"portfolios", "x001"'
    for name, parents, up, down in (
        ("x001_branch", '"c001_keys_strategies_jobs"', f"op.add_column({column})", f"op.drop_column({column})"),
        ("x002_merge", '(\n    "d001_price_history_updated_at",\n    "x001_branch",\n)', "pass", "pass"),
    ):
        text = f'revision: str = "{name}"\ndown_revision: str | tuple[str, ...] | None = {parents}\n\n\n'
        text += f"def upgrade() -> None:\n    {up}\n\n\ndef downgrade() -> None:\n    {down}\n"
        file = f"/app/migrations/versions/{name}.py"
        lab.vm.run(
            ["docker", "exec", "-i", "-u", "0", "zebu-backend-1", "sh", "-c", f"cat > {file}"], stdin=text.encode()
        )
    sql(lab, "UPDATE alembic_version SET version_num = 'x002_merge'")


@fault(
    "deploy.database.migrations",
    flips=set(),
    touches={"alembic"},
    uses={"postgres"},
    mend=lambda lab: sql(lab, "ALTER TABLE app.alembic_version SET SCHEMA public; DROP SCHEMA app"),
)
def in_another_schema(lab: Lab) -> None:
    """Odd but right: the table of the applied migrations is in a schema of the application's own."""
    sql(lab, "CREATE SCHEMA app; ALTER TABLE alembic_version SET SCHEMA app")


@fault(
    "deploy.database.migrations",
    flips=set(),
    touches={"alembic"},
    uses={"postgres"},
    mend=lambda lab: sql(lab, "DROP TABLE alembic_version; ALTER TABLE zebu_version RENAME TO alembic_version"),
)
def under_another_name(lab: Lab) -> None:
    """Odd but right: Zebu's table of revisions has another name, and another program's has the usual one."""
    sql(lab, "ALTER TABLE alembic_version RENAME TO zebu_version")
    sql(lab, "CREATE TABLE alembic_version AS SELECT 'of-another-program'::varchar(32) AS version_num")


@fault(
    "deploy.database.migrations",
    flips={"deploy.database.migrations"},
    touches={"alembic"},
    uses={"postgres"},
    mend=lambda lab: sql(lab, "UPDATE alembic_version SET version_num = 'd001_price_history_updated_at'"),
)
def of_a_newer_release(lab: Lab) -> None:
    """The database was migrated by a release that the running one does not know: somebody went back with the code alone."""
    sql(lab, "UPDATE alembic_version SET version_num = 'e001_of_a_newer_release'")


@fault(
    "deploy.database.migrations",
    flips={"deploy.database.migrations"},
    touches={"alembic"},
    uses={"postgres"},
    mend=lambda lab: sql(lab, "UPDATE alembic_version SET version_num = 'd001_price_history_updated_at'"),
)
def one_behind(lab: Lab) -> None:
    """The code was deployed, its last migration was not applied."""
    sql(lab, "UPDATE alembic_version SET version_num = 'c002_backtests_triggers'")


BRANCH = b"""revision = "x001_branch"
down_revision = "c001_keys_strategies_jobs"


def downgrade() -> None:
    op.drop_table("branch")
"""


@fault(
    "deploy.database.migrations",
    flips={"deploy.database.migrations"},
    touches={"backend-files"},
    mend=lambda lab: lab.vm.shell("docker exec -u 0 zebu-backend-1 rm /app/migrations/versions/x001_branch.py"),
)
def two_heads(lab: Lab) -> None:
    """Two migrations follow the same one."""
    file = "/app/migrations/versions/x001_branch.py"
    lab.vm.run(["docker", "exec", "-i", "-u", "0", "zebu-backend-1", "sh", "-c", f"cat > {file}"], stdin=BRANCH)


QUERY = "SELECT pg_sleep(300), 'busy_but_free'"


@fault(
    "deploy.database.pool",
    flips=set(),
    touches={"postgres"},
    mend=lambda lab: sql(
        lab,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%busy_but_free%' AND pid <> pg_backend_pid()",
    ),
)
def busy_but_free(lab: Lab) -> None:
    """Odd but right: many connections work at once, and none waits."""
    lab.vm.shell(f'for n in $(seq 8); do docker exec -d zebu-db-1 psql -q -U zebu_admin -d zebu -c "{QUERY}"; done')
    at_work = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%busy_but_free%' AND pid <> pg_backend_pid()"
    until_sql(lab, "eight connections are at work", at_work, "8")


@fault(
    "deploy.database.pool",
    flips={"deploy.database.pool"},
    touches={"backend", "backend-files", "backend-restart"},
    mend=lambda lab: recreate(lab, "backend"),
)
def timeouts(lab: Lab) -> None:
    """Requests got no connection, says the backend's log."""
    lab.vm.shell(
        "docker exec zebu-backend-1 sh -c 'echo QueuePool limit of size 10 overflow 20 reached, connection timed out > /proc/1/fd/1'"
    )


@fault(
    "deploy.database.pool",
    flips={"deploy.database.pool"},
    touches={"postgres"},
    mend=lambda lab: sql(
        lab,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%LOCK TABLE strategies%' AND pid <> pg_backend_pid()",
    ),
)
def waiting(lab: Lab) -> None:
    """A session waits for what another has locked."""
    locks = "SELECT count(*) FROM pg_locks WHERE relation = 'strategies'::regclass AND mode = 'AccessExclusiveLock' AND"
    session = (
        "docker exec -d zebu-db-1 psql -U zebu_admin -d zebu -c 'BEGIN; LOCK TABLE strategies; SELECT pg_sleep({})'"
    )
    lab.vm.shell(session.format(300))
    until_sql(lab, "the table is locked", f"{locks} granted", "1")
    lab.vm.shell(session.format(1))
    until_sql(lab, "another session waits for the table", f"{locks} NOT granted", "1")


def mend_cut_off(lab: Lab) -> None:
    lab.vm.shell("docker network connect --alias db zebu_default zebu-db-1")
    reaches(lab, "db", 5432)


@fault(
    "deploy.database.reachable",
    flips={
        "deploy.database.reachable",
        "pre.application.functionality.authentication",
        "deploy.backend.authentication",
        "deploy.performance.api",
        "pre.security.secrets.postgres-password",
        "pre.database.configuration.password",
        "pre.security.secrets.defaults-changed",
    },
    outcomes={
        "pre.security.secrets.postgres-password": Outcome.NOT_ASSESSED,
        "pre.database.configuration.password": Outcome.NOT_ASSESSED,
        "pre.security.secrets.defaults-changed": Outcome.NOT_ASSESSED,
    },
    touches={"backend", "postgres"},
    mend=mend_cut_off,
)
def cut_off(lab: Lab) -> None:
    """The backend is cut off from its database; /health stays green."""
    lab.vm.shell("docker network disconnect zebu_default zebu-db-1")
    restart(lab, "backend")  # over a connection of before it would wait, for a quarter of an hour


STARTING = b"""services:
  db:
    healthcheck: { test: ["CMD", "false"], start_period: 600s, interval: 600s }
"""


SIDECAR = """
docker run -d --name zebu-{service}-1 --restart unless-stopped --memory 64m --cpus 0.2 --log-opt max-size=1m --log-opt max-file=2 \
  --label com.docker.compose.project=zebu --label com.docker.compose.service={service} --label com.docker.compose.oneoff=False \
  --label com.docker.compose.project.config_files=/opt/zebu/docker-compose.yml,/opt/zebu/docker-compose.prod.yml \
  --label com.docker.compose.project.working_dir=/opt/zebu \
  -e POSTGRES_PASSWORD="$(sed -n s/^POSTGRES_PASSWORD=//p /opt/zebu/.env)" --health-cmd true --health-interval 1s --entrypoint sh \
  zebu/db:15 -c 'echo ready; exec tail -f /dev/null'
"""
"""A container beside the database, made from its very image, and with its password."""


@fault(
    "deploy.database.running",
    flips={"deploy.initial.env-present"},
    right_for={"deploy.database.running", "deploy.redis.running", "pre.security.secrets.postgres-password"},
    touches={"postgres", "redis"},
    mend=lambda lab: lab.vm.shell("docker rm -f zebu-postgres-backup-1 zebu-redis-exporter-1"),
)
def sidecars(lab: Lab) -> None:
    """Odd but right: a backup and an exporter have the database's image, its password and such names; they are not it."""
    names = ["zebu-postgres-backup-1", "zebu-redis-exporter-1"]
    for service in ("postgres-backup", "redis-exporter"):
        lab.vm.shell(SIDECAR.format(service=service))
    healths = f"docker inspect -f '{{{{.State.Health.Status}}}}' {' '.join(names)}"
    until("both are healthy", lambda: lab.vm.shell(healths).split() == ["healthy", "healthy"], seconds=30)


@fault(
    "deploy.database.running",
    flips={"deploy.database.running", "deploy.initial.services-healthy"},
    touches={"backend", "postgres"},
    settles={"db": "starting"},
    mend=lambda lab: recreate(lab, "db"),
)
def starting(lab: Lab) -> None:
    """The database's health check has not passed yet."""
    file = OVERRIDE.format("db")
    lab.vm.run(["sh", "-c", f"cat > {file}"], stdin=STARTING)
    lab.vm.shell(f"{COMPOSE} -f {file} up -d --no-build --pull never --no-deps db 2>&1")
    until("the database takes connections", lambda: lab.vm.shell("docker exec zebu-db-1 pg_isready"), seconds=30)
