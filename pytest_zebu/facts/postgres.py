"""PostgreSQL, asked in its own container: read-only, with a time limit, nothing but catalogues."""

from __future__ import annotations

import ast
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pytest_zebu.facts.answer import Garbled, Missing, Reason, Unknown, moment_of, whole_number
from pytest_zebu.facts.fact import Fact, Gathered, Need, Probe, key_values, parse_json
from pytest_zebu.facts.lines import records, single
from pytest_zebu.settings.target import Target

HEADS_PROBE = Probe(
    "migrations.heads",
    file="migrations-heads.sh",
    needs=(Need.BACKEND_CONTAINER,),
)
LOGIN_PROBE = Probe(
    "postgres.login",
    file="postgres-login.sh",
    needs=(Need.BACKEND_CONTAINER,),
    timeout=15,
    dotenv=True,
)
STATE_PROBE = Probe(
    "postgres.state",
    file="postgres-state.sh",
    uses=("psql.sh", "postgres-state.sql"),
    needs=(Need.DB_CONTAINER, Need.APP_ROLE),
)
POOL_PROBE = Probe(
    "backend.pool",
    file="backend-pool.sh",
    needs=(Need.BACKEND_CONTAINER,),
)
WORKERS_PROBE = Probe(
    "backend.workers",
    file="backend-workers.sh",
    needs=(Need.BACKEND_CONTAINER,),
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
    words = ("file", "line", "revision", "down_revision", "depends_on")
    for one in records(gathered.said("migrations.heads").out, "the migrations probe", words):
        word, rest = one.word, one.rest
        if word == "file":
            files[rest] = []
            continue
        if word == "line":
            next(reversed(files.values()), []).append(rest)
            continue
        names = [part.strip(" '\"") for part in rest.split("#")[0].strip().strip("()[]").split(",")]
        found = {name for name in names if name and name != "None"}
        if word == "revision":
            revisions |= found
        elif word == "down_revision":
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
    return whole_number(gathered.said("backend.pool").out.strip(), "the count of pool timeouts")


CLUSTER_PROBE = Probe(
    "postgres.cluster",
    file="postgres-cluster.sh",
    uses=("psql.sh", "postgres-cluster.sql"),
    needs=(Need.DB_CONTAINER,),
)


QUESTIONS = {STATE_PROBE.name: "postgres-state.sql", CLUSTER_PROBE.name: "postgres-cluster.sql"}
"""What is asked of a declared database directly: the files of the same SQL, by the names of the probes that would ask it."""
TRIES = "postgres.tries"
"""The answer of a declared database to wrong and to well-known passwords."""
WELL_KNOWN_PASSWORDS = ("postgres", "password", "papertrade_dev_password", "zebu", "docker")


@dataclass(frozen=True, slots=True)
class Cluster:
    """The database's files: when they were first made."""

    made: datetime


def parse_cluster(gathered: Gathered, target: Target) -> Cluster:
    """From the file that is written once, when a cluster is made."""
    moment = single(records(gathered.said("postgres.cluster").out, "the database's age", ("made",)), "made")
    return Cluster(moment_of(moment, "the age of the database's files"))


CLUSTER = Fact("cluster", parse_cluster, (CLUSTER_PROBE,))
POOL = Fact("pool_timeouts", parse_pool, (POOL_PROBE,))
ROLE = Fact("database_role", parse_role, (STATE_PROBE,))
MIGRATIONS = Fact("migrations", parse_migrations, (STATE_PROBE, HEADS_PROBE))
PASSWORD = Fact("database_password", parse_password, (LOGIN_PROBE,))
LOGIN = Fact("database_login", parse_login, (LOGIN_PROBE,))
STATE = Fact("database", parse_state, (STATE_PROBE,))
WORKERS = Fact("backend_processes", parse_workers, (WORKERS_PROBE,))
