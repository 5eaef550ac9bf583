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


_LAUNCHERS = frozenset({"daphne", "fastapi", "granian", "gunicorn", "hypercorn", "uvicorn"})
_WORKER = re.compile(r"multiprocessing\.(?:spawn|forkserver) import|gunicorn: worker|uvicorn(?:: | )worker")
"""What processes are called that a launcher makes, where they do not bear its own command."""


@dataclass(frozen=True, slots=True)
class Role:
    """The role with which the backend works."""

    name: str
    powers: tuple[str, ...]
    memberships: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Migrations:
    """What the database has, and what the deployed code has.

    Attributes:
        odd: revisions whose declarations are not understood: what comes before them is not known.
    """

    applied: tuple[str, ...]
    heads: tuple[str, ...]
    revisions: tuple[str, ...] = ()
    without_downgrade: tuple[str, ...] = ()
    odd: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PasswordTries:
    """What the running database answers to the configured password, to a wrong one, and to the well-known ones."""

    right: str
    wrong: str
    default: str = ""


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A reference from columns to a table; not valid: rows of before were never checked."""

    table: str
    columns: tuple[str, ...]
    refers_to: str
    is_valid: bool

    @property
    def column(self) -> str:
        """The one that leads it."""
        return self.columns[0]


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
        # samehost: the container's own addresses.
        if self.kind == "local" or self.address in ("localhost", "samehost"):
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
        overrides: settings of a role or a database that differ from the server's, as (whose, name, value).
        hba: the rules of pg_hba.conf that are understood.
        hba_errors: the lines of it that are not: with these the server keeps to what it read before.
        clients: client connections now.
        stuck: sessions that have been idle in a transaction for a minute.
        waiting: sessions that wait for a lock of another.
        references: columns that are named as references, as (table, column).
    """

    version: int
    settings: Mapping[str, str]
    overrides: tuple[tuple[str, str, str], ...]
    hba: tuple[HbaRule, ...]
    clients: int
    stuck: int
    waiting: int
    has_launcher: bool
    tables: tuple[Table, ...]
    foreign_keys: tuple[ForeignKey, ...]
    references: tuple[tuple[str, str], ...]
    indexes: tuple[Index, ...]
    hba_errors: tuple[int, ...] = ()

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
    applied = _applied(_state(gathered))
    heads: dict[str, list[str]] = {}
    downgrades: dict[str, list[str]] = {}
    file = ""
    for one in records(gathered.said("migrations.heads").out, "the migrations probe", ("file", "head", "line")):
        if one.word == "file":
            file = one.rest.rsplit("/", 1)[-1]
            heads[file], downgrades[file] = [], []
        elif file:
            (heads if one.word == "head" else downgrades)[file].append(one.rest)
    revisions, previous, odd = set(), set(), []
    for file, lines in heads.items():
        declared = _declared("\n".join(lines))
        if declared is None:
            odd.append(file)
            continue
        revisions |= declared[0]
        previous |= declared[1]
    if not revisions:
        why = f": {', '.join(odd[:3])} are not understood" if odd else ""
        raise Missing(Unknown(Reason.MISSING, f"the backend's image carries no migrations{why}"))
    empty = tuple(file for file, lines in downgrades.items() if not _does_something("\n".join(lines)))
    return Migrations(applied, tuple(sorted(revisions - previous)), tuple(sorted(revisions)), empty, tuple(odd))


def _applied(data: Mapping[str, Any]) -> tuple[str, ...]:
    """The revisions that the database has. Without a table of them nothing was ever applied."""
    try:
        tables = [(str(row["schema"]), row["revisions"]) for row in data["applied"]]
        hidden = [schema for schema, revisions in tables if revisions is None]
        known = {schema: tuple(map(str, revisions)) for schema, revisions in tables if revisions is not None}
    except (KeyError, TypeError):
        raise Garbled("the database's state") from None
    if hidden:
        why = (
            f"alembic_version in the schema {hidden[0]} may not be read: GRANT USAGE on the schema, SELECT on the table"
        )
        raise Missing(Unknown(Reason.NO_PERMISSION, why))
    if len(known) > 1:
        why = f"alembic_version is in several schemas: {', '.join(sorted(known))}"
        raise Missing(Unknown(Reason.UNDECIDABLE, why))
    return next(iter(known.values()), ())


def _declared(source: str) -> tuple[set[str], set[str]] | None:
    """The revision that a migration declares, and those that it comes after; nothing where that is not understood."""
    found: dict[str, set[str]] = {}
    try:
        for node in ast.parse(source).body:
            if isinstance(node, ast.Assign):
                names = [one.id for one in node.targets if isinstance(one, ast.Name)]
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                names = [node.target.id]
            else:
                continue
            for name in {"revision", "down_revision"} & set(names):
                value = ast.literal_eval(node.value) if node.value is not None else None
                rows = (value,) if isinstance(value, str) else value or ()
                found[name] = {one for one in rows if isinstance(one, str)}
    except (SyntaxError, ValueError, TypeError, RecursionError):
        return None
    return (found["revision"], found.get("down_revision", set())) if found.get("revision") else None


def _does_something(source: str) -> bool:
    """Whether a function's text has a statement beyond `pass`, `raise`, a docstring or an ellipsis; unread code counts as such."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError):
        return bool(source)
    function = next((node for node in body if isinstance(node, ast.FunctionDef)), None)
    if function is None:
        return False
    return any(
        not isinstance(node, ast.Pass | ast.Raise)
        and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
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
            if row["error"]:
                continue
            address = row["address"] + (f"/{_prefix(row['netmask'])}" if row["netmask"] else "")
            hba.append(HbaRule(int(row["line"]), row["type"] or "", address, row["method"]))
        return Database(
            version=int(data["version"]),
            settings={str(name): str(value) for name, value in data["settings"].items()},
            overrides=tuple((str(row["of"]), *_setting(row["setting"])) for row in data["overrides"]),
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
                ForeignKey(row["table"], _columns(row["columns"]), row["target"], bool(row["valid"])) for row in data["foreign_keys"]
            ),
            references=tuple((row["table"], row["column"]) for row in data["columns"]),
            indexes=tuple(Index(row["name"], row["table"], bool(row["valid"]), row["first"]) for row in data["indexes"]),
            hba_errors=tuple(int(row["line"] or 0) for row in data["hba"] if row["error"]),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Garbled("the database's state has another shape than known") from None


def _setting(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.lower(), value


def _columns(rows: Any) -> tuple[str, ...]:
    if not isinstance(rows, list) or not rows:
        raise ValueError(rows)
    return tuple(map(str, rows))


def is_off(value: str) -> bool:
    """Whether a setting that can be on or off is off, in every way that PostgreSQL reads it (19.1.1)."""
    word = value.strip().lower()
    return word in ("off", "of", "0") or (word != "" and ("false".startswith(word) or "no".startswith(word)))


def _prefix(netmask: str) -> int:
    """The length of a network's prefix, from its mask in either family."""
    return int(ipaddress.ip_address(netmask)).bit_count()


def parse_workers(gathered: Gathered, target: Target) -> int:
    """The backend's processes that each keep a pool: those of the server without the one that only watches over them."""
    rows = [line.split(None, 2) for line in gathered.said("backend.workers").out.splitlines()[1:]]
    servers = {row[0]: row[1] for row in rows if len(row) == 3 and _is_server(row[2])}
    if not servers:
        raise Missing(
            Unknown(Reason.UNDECIDABLE, "no process of a known server (uvicorn, gunicorn) was seen in the backend")
        )
    return len(servers.keys() - set(servers.values()))


def _is_server(command: str) -> bool:
    """Whether a process is a launcher, or was made by one: by what is run, not by a word in it."""
    names = [word.rpartition("/")[2].rstrip(":") for word in command.split()[:8]]
    if names and re.fullmatch(r"python[0-9.]*", names[0]):
        names = [name for name in names[1:] if not name.startswith("-")]  # `-m` too: a module is named like its command
    return bool(_LAUNCHERS & set(names[:1])) or _WORKER.search(command) is not None


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
