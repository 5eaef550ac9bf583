"""PostgreSQL, asked in its own container: read-only, with a time limit, nothing but catalogues."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_zebu.facts.base import Fact, Garbled, Gathered, Missing, Probe, Reason, Unknown, parse_json
from pytest_zebu.settings import Target

# The values come from the machine, so they travel as arguments and environment, never as part of the script.
PSQL = (
    "docker exec -i -e PGOPTIONS='-c default_transaction_read_only=on -c statement_timeout=5000' "
    '"$ZEBU_DB_CONTAINER" psql -XAtq -v ON_ERROR_STOP=1 -U "$ZEBU_DB_ADMIN" -d "$ZEBU_DB_NAME"'
)
ROLE_PROBE = Probe(
    "postgres.role",
    f"""exec {PSQL} -v role="$ZEBU_APP_ROLE" -f - <<'SQL'
SELECT json_build_object('superuser', rolsuper, 'create_role', rolcreaterole, 'create_database', rolcreatedb,
  'replication', rolreplication, 'bypass_rls', rolbypassrls, 'login', rolcanlogin,
  'member_of', (SELECT coalesce(json_agg(g.rolname), '[]'::json) FROM pg_roles g
    WHERE g.oid <> r.oid AND pg_has_role(r.oid, g.oid, 'member')
      AND (g.rolsuper OR g.rolcreaterole OR g.rolcreatedb OR g.rolreplication OR g.rolbypassrls
        OR g.rolname IN ('pg_execute_server_program', 'pg_write_server_files', 'pg_read_server_files'))))
FROM pg_roles r WHERE rolname = :'role';
SQL
""",
    needs=("DB_CONTAINER", "APP_ROLE"),
)
MIGRATIONS_PROBE = Probe(
    "postgres.migrations",
    f"""exec {PSQL} -c 'SELECT version_num FROM alembic_version ORDER BY 1'""",
    needs=("DB_CONTAINER",),
)
# The heads are read from the deployed migrations themselves, without importing them: a revision that no other
# one names as its predecessor. `alembic heads` would execute the checkout's code.
HEADS_PROBE = Probe(
    "migrations.heads",
    r"""docker exec -i "$ZEBU_BACKEND_CONTAINER" sh -c 'cd /app 2>/dev/null; for f in migrations/versions/*.py alembic/versions/*.py; do
  [ -f "$f" ] || continue
  echo "@file $f"
  sed -n -E "s/^(down_revision|revision|depends_on)[^=]*=/@\1 /p" "$f"
done'""",
    needs=("BACKEND_CONTAINER",),
)
# From the database's own address rather than the loopback, which the stock image trusts. Passwords travel in
# environments only; what is said is a word.
PASSWORD_PROBE = Probe(
    "postgres.password",
    r"""
try() { docker exec -i -e PGPASSWORD -e PGCONNECT_TIMEOUT=3 "$ZEBU_DB_CONTAINER" psql -XAtq -h "$ZEBU_DB_ADDRESS" -U "$ZEBU_DB_ADMIN" -d "$ZEBU_DB_NAME" -c 'SELECT 1' 2>&1; }
say() { case $2 in 1) echo "$1 accepted" ;; *authentication\ failed*) echo "$1 refused" ;; *) echo "$1 unclear" ;; esac; }
[ -n "$DOTENV_POSTGRES_PASSWORD" ] || exit 5
PGPASSWORD=$DOTENV_POSTGRES_PASSWORD; export PGPASSWORD
right=$(try)
PGPASSWORD="not-$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')"
wrong=$(try)
say right "$right"; say wrong "$wrong"
""",
    needs=("DB_CONTAINER", "DB_ADDRESS"),
    dotenv=True,
)


@dataclass(frozen=True, slots=True)
class Role:
    """The role with which the backend works."""

    name: str
    powers: tuple[str, ...]
    memberships: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Migrations:
    """What the database has, and what the deployed code has."""

    applied: tuple[str, ...]
    heads: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PasswordTrial:
    """What the running database answers to the configured password, and to a wrong one."""

    right: str
    wrong: str


def parse_role(gathered: Gathered, target: Target) -> Role:
    """From pg_roles."""
    said = gathered.said("postgres.role").out.strip()
    name = gathered.said("zebu.host").out.partition("role=")[2].partition("\n")[0]
    if not said:
        raise Missing(
            Unknown(Reason.UNDECIDABLE, f"the database has no role {name!r}, with which the backend is configured")
        )
    data = parse_json(said, "the role")
    try:
        powers = tuple(
            key
            for key in ("superuser", "create_role", "create_database", "replication", "bypass_rls")
            if data[key] is True
        )
        return Role(name, powers, tuple(str(group) for group in data["member_of"]))
    except (KeyError, TypeError):
        raise Garbled("the role has another shape than known") from None


def parse_migrations(gathered: Gathered, target: Target) -> Migrations:
    """From alembic_version, and from the revisions that the backend's image carries."""
    said = gathered.said("postgres.migrations", accept=(0, 1))
    # psql ends with 1 for an error of the database. No such table: nothing was ever applied.
    applied: tuple[str, ...] = ()
    if said.status == 0:
        applied = tuple(said.out.split())
    elif 'relation "alembic_version" does not exist' not in said.err:
        raise Missing(Unknown(Reason.UNDECIDABLE, f"alembic_version: {said.complaint}"))
    revisions, previous = set(), set()
    for line in gathered.said("migrations.heads").out.splitlines():
        word, _, rest = line.partition(" ")
        names = [part.strip(" '\"") for part in rest.split("#")[0].strip().strip("()[]").split(",")]
        found = {name for name in names if name and name != "None"}
        if word == "@revision":
            revisions |= found
        elif word == "@down_revision":
            previous |= found
    if not revisions:
        raise Missing(Unknown(Reason.MISSING, "the backend's image carries no migrations"))
    return Migrations(applied, tuple(sorted(revisions - previous)))


def parse_password(gathered: Gathered, target: Target) -> PasswordTrial:
    """From two tries."""
    words = dict(line.split(" ", 1) for line in gathered.said("postgres.password").out.splitlines() if " " in line)
    try:
        return PasswordTrial(words["right"], words["wrong"])
    except KeyError:
        raise Garbled("the password trial") from None


ROLE = Fact("database_role", parse_role, (ROLE_PROBE,))
MIGRATIONS = Fact("migrations", parse_migrations, (MIGRATIONS_PROBE, HEADS_PROBE))
PASSWORD = Fact("database_password", parse_password, (PASSWORD_PROBE,))
