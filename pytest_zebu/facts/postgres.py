"""PostgreSQL, asked in its own container: read-only, with a time limit, nothing but catalogues."""

from __future__ import annotations

import ast
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pytest_zebu.facts.answer import Garbled, Missing, Reason, Unknown
from pytest_zebu.facts.fact import Fact, Gathered, Probe, key_values, parse_json
from pytest_zebu.settings.target import Target

# The values come from the machine, so they travel as arguments and environment, never as part of the script.
PSQL = (
    "docker exec -i -e PGOPTIONS='-c default_transaction_read_only=on -c statement_timeout=5000' "
    '"$ZEBU_DB_CONTAINER" psql -XAtq -v ON_ERROR_STOP=1 -U "$ZEBU_DB_ADMIN" -d "$ZEBU_DB_NAME"'
)
# The heads are read from the deployed migrations themselves, without importing them: a revision that no other
# one names as its predecessor. `alembic heads` would execute the checkout's code.
HEADS_PROBE = Probe(
    "migrations.heads",
    r"""docker exec -i "$ZEBU_BACKEND_CONTAINER" sh -c 'cd /app 2>/dev/null; for f in migrations/versions/*.py alembic/versions/*.py; do
  [ -f "$f" ] || continue
  echo "@file $f"
  sed -n -E "s/^(down_revision|revision|depends_on)[^=]*=/@\1 /p" "$f"
  sed -n "/^def downgrade/,\$ s/^/@line /p" "$f" | head -n 80
done'""",
    needs=("BACKEND_CONTAINER",),
)
# The backend's own driver, in the backend's own network, by the service's own name: the way that the application goes,
# with its own role, and with the administrator's. The loopback and the socket would trust everybody. Passwords travel
# in environments only; what is said is a word for each try.
LOGIN_PROBE = Probe(
    "postgres.login",
    r"""export ZEBU_ADMIN_PASSWORD="$DOTENV_POSTGRES_PASSWORD"
exec docker exec -i -e ZEBU_ADMIN_PASSWORD -e ZEBU_DB_ADMIN "$ZEBU_BACKEND_CONTAINER" python3 - <<'PYTHON'
import os, re, secrets, sys
from urllib.parse import quote
url = re.sub(r"^([a-z]+)\+[a-z0-9]+://", r"\1://", os.environ.get("DATABASE_URL", ""))
found = re.match(r"(\w+://[^:/@]+:)([^@]*)(@([^/:?]+).*)", url)
if found is None:
    sys.exit(5)
def connect(address):
    try:
        import psycopg
        psycopg.connect(address, connect_timeout=3).close()
        return
    except ImportError:
        pass
    try:
        import psycopg2
        psycopg2.connect(address, connect_timeout=3).close()
        return
    except ImportError:
        pass
    import asyncio, asyncpg
    async def once():
        await (await asyncpg.connect(address, timeout=3)).close()
    asyncio.run(once())
def tried(password, user=None):
    start = found[1] if user is None else found[1].partition("://")[0] + "://" + quote(user, safe="") + ":"
    try:
        connect(start + password + found[3])
    except ImportError:
        return "unclear"
    except Exception as error:
        text = (type(error).__name__ + str(error)).lower()
        return "refused" if "authentication failed" in text or "invalidpassword" in text else "unclear"
    return "accepted"
print("host", found[4])
print("right", tried(found[2]))
print("wrong", tried("not-" + secrets.token_hex(8)))
admin, password = os.environ.get("ZEBU_DB_ADMIN", ""), os.environ.get("ZEBU_ADMIN_PASSWORD", "")
if admin and password:
    print("admin-right", tried(quote(password, safe=""), admin))
    print("admin-wrong", tried("not-" + secrets.token_hex(8), admin))
    words = {tried(word, user) for user in {admin, "postgres"} for word in ("postgres", "password", "papertrade_dev_password", "zebu", "docker")}
    print("admin-default", "accepted" if "accepted" in words else "unclear" if "unclear" in words else "refused")
PYTHON
""",
    needs=("BACKEND_CONTAINER",),
    timeout=15,
    dotenv=True,
)
STATE_SQL = r"""SELECT json_build_object(
  'role', (SELECT json_build_object('superuser', rolsuper, 'create_role', rolcreaterole, 'create_database', rolcreatedb,
    'replication', rolreplication, 'bypass_rls', rolbypassrls,
    'member_of', (SELECT coalesce(json_agg(g.rolname), '[]'::json) FROM pg_roles g
      WHERE g.oid <> r.oid AND pg_has_role(r.oid, g.oid, 'member')
        AND (g.rolsuper OR g.rolcreaterole OR g.rolcreatedb OR g.rolreplication OR g.rolbypassrls
          OR g.rolname IN ('pg_execute_server_program', 'pg_write_server_files', 'pg_read_server_files'))))
    FROM pg_roles r WHERE rolname = :'role'),
  -- The table need not be there, so that its name may only stand in a text.
  'applied', CASE WHEN to_regclass('alembic_version') IS NULL THEN NULL ELSE array_to_json(xpath('//version_num/text()',
    query_to_xml('SELECT version_num FROM alembic_version ORDER BY 1', false, false, ''))::text[]) END,
  'version', current_setting('server_version_num')::int,
  'settings', (SELECT json_object_agg(name, setting) FROM pg_settings WHERE name IN ('fsync', 'full_page_writes',
    'synchronous_commit', 'max_connections', 'superuser_reserved_connections', 'reserved_connections', 'autovacuum',
    'track_counts', 'autovacuum_vacuum_threshold', 'autovacuum_vacuum_scale_factor')),
  'overrides', (SELECT coalesce(json_agg(json_build_object('of', coalesce(r.rolname, d.datname, 'all'), 'setting', one)), '[]'::json)
    FROM pg_db_role_setting s LEFT JOIN pg_database d ON d.oid = s.setdatabase LEFT JOIN pg_roles r ON r.oid = s.setrole,
      unnest(s.setconfig) one WHERE one ~ '^(fsync|full_page_writes|synchronous_commit)='),
  'hba', (SELECT coalesce(json_agg(json_build_object('type', type, 'address', coalesce(address, ''), 'netmask', coalesce(netmask, ''),
    'method', coalesce(auth_method, ''), 'line', line_number, 'error', coalesce(error, ''))), '[]'::json) FROM pg_hba_file_rules),
  'clients', (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
  'stuck', (SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' AND state_change < now() - interval '60 seconds'),
  'waiting', (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND wait_event_type = 'Lock'),
  'launcher', EXISTS (SELECT 1 FROM pg_stat_activity WHERE backend_type = 'autovacuum launcher'),
  'tables', (SELECT coalesce(json_agg(json_build_object('name', s.relname, 'rows', greatest(s.n_live_tup, c.reltuples::bigint), 'dead', s.n_dead_tup,
    'seq_scan', coalesce(s.seq_scan, 0), 'idx_scan', coalesce(s.idx_scan, 0), 'vacuumed', s.last_autovacuum IS NOT NULL OR s.last_vacuum IS NOT NULL,
    'options', coalesce(c.reloptions, '{}'))), '[]'::json) FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid),
  'foreign_keys', (SELECT coalesce(json_agg(json_build_object('table', t.relname, 'column', a.attname, 'target', f.relname, 'valid', c.convalidated)), '[]'::json)
    FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class f ON f.oid = c.confrelid
      JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = c.conkey[1] WHERE c.contype = 'f'),
  'columns', (SELECT coalesce(json_agg(json_build_object('table', t.relname, 'column', a.attname)), '[]'::json)
    FROM pg_attribute a JOIN pg_class t ON t.oid = a.attrelid JOIN pg_namespace n ON n.oid = t.relnamespace
      WHERE t.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND a.attname LIKE '%\_id' AND NOT a.attisdropped),
  'indexes', (SELECT coalesce(json_agg(json_build_object('name', i.relname, 'table', t.relname, 'valid', x.indisvalid AND x.indisready,
    'first', coalesce(a.attname, ''))), '[]'::json) FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
      JOIN pg_namespace n ON n.oid = t.relnamespace LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = x.indkey[0]
      WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_toast'));"""
STATE_PROBE = Probe(
    "postgres.state",
    f"""exec {PSQL} -v role="$ZEBU_APP_ROLE" -f - <<'SQL'
{STATE_SQL}
SQL
""",
    needs=("DB_CONTAINER", "APP_ROLE"),
)
POOL_PROBE = Probe(
    "backend.pool",
    r"""docker logs --since 24h "$ZEBU_BACKEND_CONTAINER" 2>&1 | tail -n 50000 | grep -cE 'QueuePool limit of size|pool timeout|TooManyConnections|too many clients already' || true""",
    needs=("BACKEND_CONTAINER",),
)
WORKERS_PROBE = Probe(
    "backend.workers",
    """exec docker top "$ZEBU_BACKEND_CONTAINER" -eo pid,ppid,args""",
    needs=("BACKEND_CONTAINER",),
)


_SERVER = re.compile(r"uvicorn|gunicorn|hypercorn|multiprocessing\.(spawn|fork)")


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
    revisions: tuple[str, ...] = ()
    without_downgrade: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PasswordTries:
    """What the running database answers to the configured password, to a wrong one, and to the well-known ones."""

    right: str
    wrong: str
    default: str = ""


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A reference from a column to a table; not valid: rows of before were never checked."""

    table: str
    column: str
    refers_to: str
    is_valid: bool


@dataclass(frozen=True, slots=True)
class Table:
    """A table, by the statistics."""

    name: str
    rows: int
    dead: int
    sequential_scans: int
    index_scans: int
    was_vacuumed: bool
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Index:
    """An index, and the column that leads it."""

    name: str
    table: str
    is_valid: bool
    first: str


@dataclass(frozen=True, slots=True)
class HbaRule:
    """A line of pg_hba.conf."""

    line: int
    kind: str
    address: str
    method: str

    @property
    def is_local(self) -> bool:
        """Whether only the database's own container can use it."""
        if self.kind == "local":
            return True
        try:
            return ipaddress.ip_network(self.address, strict=False).is_loopback
        except ValueError:
            return False


@dataclass(frozen=True, slots=True)
class Database:
    """The running database.

    Attributes:
        version: as server_version_num gives it.
        overrides: settings of a role or a database that differ from the server's, as `whose name=value`.
        clients: client connections now.
        stuck: sessions that have been idle in a transaction for a minute.
        waiting: sessions that wait for a lock of another.
        references: columns that are named as references, as (table, column).
    """

    version: int
    settings: Mapping[str, str]
    overrides: tuple[str, ...]
    hba: tuple[HbaRule, ...]
    clients: int
    stuck: int
    waiting: int
    has_launcher: bool
    tables: tuple[Table, ...]
    foreign_keys: tuple[ForeignKey, ...]
    references: tuple[tuple[str, str], ...]
    indexes: tuple[Index, ...]

    @property
    def major(self) -> int:
        """The major version."""
        return self.version // 10_000

    @property
    def max_connections(self) -> int:
        """What the server admits."""
        return int(self.settings["max_connections"])

    @property
    def reserve(self) -> int:
        """What it keeps for administrators."""
        return int(self.settings["superuser_reserved_connections"]) + int(self.settings.get("reserved_connections", 0))


def _state(gathered: Gathered) -> dict[str, Any]:
    data = parse_json(gathered.said("postgres.state").out, "the database's state")
    if not isinstance(data, dict):
        raise Garbled("the database's state")
    return data


def parse_role(gathered: Gathered, target: Target) -> Role:
    """From pg_roles."""
    data = _state(gathered).get("role")
    name = key_values(gathered.said("zebu.host").out).get("role", "")
    if data is None:
        raise Missing(
            Unknown(Reason.UNDECIDABLE, f"the database has no role {name!r}, with which the backend is configured")
        )
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
    data = _state(gathered)
    if "applied" not in data:
        raise Garbled("the database's state")
    # No such table: nothing was ever applied.
    applied = tuple(str(revision) for revision in data["applied"] or ())
    revisions, previous = set(), set()
    files: dict[str, list[str]] = {}
    for line in gathered.said("migrations.heads").out.splitlines():
        word, _, rest = line.partition(" ")
        if word == "@file":
            files[rest] = []
            continue
        if word == "@line":
            next(reversed(files.values()), []).append(rest)
            continue
        names = [part.strip(" '\"") for part in rest.split("#")[0].strip().strip("()[]").split(",")]
        found = {name for name in names if name and name != "None"}
        if word == "@revision":
            revisions |= found
        elif word == "@down_revision":
            previous |= found
    if not revisions:
        raise Missing(Unknown(Reason.MISSING, "the backend's image carries no migrations"))
    empty = tuple(file.rsplit("/", 1)[-1] for file, lines in files.items() if not _does_something("\n".join(lines)))
    return Migrations(applied, tuple(sorted(revisions - previous)), tuple(sorted(revisions)), empty)


def _does_something(source: str) -> bool:
    """Whether a function's text has a statement beyond `pass`, a docstring or an ellipsis; unread code counts as such."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError):
        return bool(source)
    function = next((node for node in body if isinstance(node, ast.FunctionDef)), None)
    if function is None:
        return False
    return any(
        not isinstance(node, ast.Pass) and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for node in function.body
    )


def _tries(gathered: Gathered, prefix: str) -> PasswordTries:
    lines = gathered.said("postgres.login").out.splitlines()
    words = dict(line.split(" ", 1) for line in lines if " " in line)
    if "right" not in words:
        raise Garbled("the backend's login")
    if f"{prefix}right" not in words:
        raise Missing(Unknown(Reason.MISSING, ".env has no POSTGRES_PASSWORD to try"))
    return PasswordTries(words[f"{prefix}right"], words.get(f"{prefix}wrong", ""), words.get(f"{prefix}default", ""))


def parse_login(gathered: Gathered, target: Target) -> PasswordTries:
    """From two tries with the backend's own role."""
    return _tries(gathered, "")


def parse_password(gathered: Gathered, target: Target) -> PasswordTries:
    """From two tries with the administrator's role, one of them with the value of `.env`.

    Of a declared database the value of `.env` is tried by its own machine or not at all: it does not leave that.
    """
    if target.settings.database.url_file is None:
        return _tries(gathered, "admin-")
    words = key_values(gathered.said(TRIES).out)
    try:
        right = _tries(gathered, "admin-").right
    except (Missing, Garbled):
        right = "unclear"
    return PasswordTries(right, words.get("wrong", ""), words.get("default", ""))


def parse_state(gathered: Gathered, target: Target) -> Database:
    """From the catalogues and the statistics."""
    data = _state(gathered)
    try:
        hba = []
        for row in data["hba"]:
            address = row["address"] + (f"/{_prefix(row['netmask'])}" if row["netmask"] else "")
            hba.append(HbaRule(int(row["line"]), row["type"] or "", address, row["method"]))
        return Database(
            version=int(data["version"]),
            settings={str(name): str(value) for name, value in data["settings"].items()},
            overrides=tuple(f"{row['of']} {row['setting']}" for row in data["overrides"]),
            hba=tuple(hba),
            clients=int(data["clients"]),
            stuck=int(data["stuck"]),
            waiting=int(data["waiting"]),
            has_launcher=bool(data["launcher"]),
            tables=tuple(
                Table(
                    row["name"], int(row["rows"]), int(row["dead"]), int(row["seq_scan"]), int(row["idx_scan"]),
                    bool(row["vacuumed"]), tuple(row["options"]),
                )
                for row in data["tables"]
            ),
            foreign_keys=tuple(
                ForeignKey(row["table"], row["column"], row["target"], bool(row["valid"])) for row in data["foreign_keys"]
            ),
            references=tuple((row["table"], row["column"]) for row in data["columns"]),
            indexes=tuple(Index(row["name"], row["table"], bool(row["valid"]), row["first"]) for row in data["indexes"]),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Garbled("the database's state has another shape than known") from None


def _prefix(netmask: str) -> int:
    """The length of a network's prefix, from its mask in either family."""
    return int(ipaddress.ip_address(netmask)).bit_count()


def parse_workers(gathered: Gathered, target: Target) -> int:
    """The backend's processes that each keep a pool: those of the server without the one that only watches over them."""
    rows = [line.split(None, 2) for line in gathered.said("backend.workers").out.splitlines()[1:]]
    servers = {row[0]: row[1] for row in rows if len(row) == 3 and _SERVER.search(row[2])}
    children = [pid for pid, parent in servers.items() if parent in servers]
    if not servers:
        raise Missing(Unknown(Reason.UNDECIDABLE, "no process of uvicorn or gunicorn was seen in the backend"))
    return len(children) or 1


def parse_pool(gathered: Gathered, target: Target) -> int:
    """How often the backend's log of the last day says that it got no connection."""
    text = gathered.said("backend.pool").out.strip()
    if not text.isdigit():
        raise Garbled("the count of pool timeouts")
    return int(text)


CLUSTER_SQL = "SELECT '@made ' || extract(epoch FROM (pg_stat_file('PG_VERSION')).modification)::bigint"
CLUSTER_PROBE = Probe(
    "postgres.cluster",
    PSQL + f""" -c "{CLUSTER_SQL}" """,
    needs=("DB_CONTAINER",),
)


QUESTIONS = {STATE_PROBE.name: STATE_SQL, CLUSTER_PROBE.name: CLUSTER_SQL}
"""What is asked of a declared database directly: the same in SQL, under the names of the probes that would ask it."""
TRIES = "postgres.tries"
"""The answer of a declared database to wrong and to well-known passwords."""
WELL_KNOWN_PASSWORDS = ("postgres", "password", "papertrade_dev_password", "zebu", "docker")


@dataclass(frozen=True, slots=True)
class Cluster:
    """The database's files: when they were first made."""

    made: datetime


def parse_cluster(gathered: Gathered, target: Target) -> Cluster:
    """From the file that is written once, when a cluster is made."""
    word, _, moment = gathered.said("postgres.cluster").out.strip().partition(" ")
    if word != "@made" or not moment.isdigit():
        raise Garbled("the age of the database's files")
    return Cluster(datetime.fromtimestamp(int(moment), UTC))


CLUSTER = Fact("cluster", parse_cluster, (CLUSTER_PROBE,))
POOL = Fact("pool_timeouts", parse_pool, (POOL_PROBE,))
ROLE = Fact("database_role", parse_role, (STATE_PROBE,))
MIGRATIONS = Fact("migrations", parse_migrations, (STATE_PROBE, HEADS_PROBE))
PASSWORD = Fact("database_password", parse_password, (LOGIN_PROBE,))
LOGIN = Fact("database_login", parse_login, (LOGIN_PROBE,))
STATE = Fact("database", parse_state, (STATE_PROBE,))
WORKERS = Fact("backend_processes", parse_workers, (WORKERS_PROBE,))
