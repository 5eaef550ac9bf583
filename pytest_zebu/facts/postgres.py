"""PostgreSQL, asked in its own container: read-only, with a time limit, nothing but catalogues."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from pytest_zebu.facts.answer import (
    Garbled,
    Missing,
    NotAssessed,
    Reason,
    Unknown,
    integer,
    lines_of,
    moment_of,
    part,
    text_or_empty,
    texts,
    whole_number,
)
from pytest_zebu.facts.fact import Fact, Gathered, Need, Probe, key_values, parse_json
from pytest_zebu.facts.hba import HbaRule, lets_in_anybody
from pytest_zebu.facts.lines import records, single
from pytest_zebu.settings.target import Target

REFUSALS = "|".join((
    "authentication failed", "passwort-authentifizierung", "authentification par mot de passe échouée", "autentificación password falló",
    "autenticazione con password fallita", "autenticazione tramite password fallita", "autenticação do tipo senha falhou", "не прошёл проверку подлинности",
    "не пройшов автентифікацію", "autoryzacja hasłem nie powiodła", "lösenordsautentisering misslyckades", "için şifre doğrulamas",
    "パスワード認証に失敗", "password 인증을 실패", "password 认证失败", "的密码认证失败", "密碼驗證使用者", "password gagal diotentikasi", "პაროლით ავთენტიფიკაცია",
))  # fmt: skip
"""How PostgreSQL refuses a password, in each language that it speaks, in small letters. Drivers do not hand on its code for it."""

LOGIN_PROBE = Probe(
    "postgres.login",
    within="postgres-login.python",
    needs=(Need.BACKEND_CONTAINER,),
    values=(("REFUSALS", REFUSALS),),
    told=("ZEBU_REFUSALS", "ZEBU_DB_ADMIN", "DOTENV_POSTGRES_PASSWORD"),
    timeout=15,
    dotenv=True,
    takes=0.4,
)
STATE_PROBE = Probe(
    "postgres.state",
    file="postgres-state.sh",
    uses=("quiet.sh", "psql.sh", "postgres-state.sql"),
    needs=(Need.DB_CONTAINER, Need.APP_ROLE),
    takes=0.3,
)
POOL_PROBE = Probe(
    "backend.pool",
    file="backend-pool.pl",
    uses=("json.pl", "quiet.pl", "docker.pl", "docker-logs.pl"),
    needs=(Need.BACKEND_CONTAINER,),
    takes=0.2,
)


_NUMBER = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,18})?(?:e-?[0-9]{1,2})?")


class Role(Struct, frozen=True):
    """The role with which the backend works."""

    name: str
    powers: tuple[str, ...]
    memberships: tuple[str, ...]


class PasswordTries(Struct, frozen=True):
    """What the running database answers to the configured password, to a wrong one, and to the well-known ones."""

    right: str
    wrong: str
    default: str = ""


class ForeignKey(Struct, frozen=True):
    """A reference from columns to a table.

    Attributes:
        is_valid: whether rows of before were checked.
        is_enforced: whether new ones are.
    """

    table: str
    columns: tuple[str, ...]
    refers_to: str
    is_valid: bool
    is_enforced: bool = True


class Column(Struct, frozen=True):
    """A column that is named as a reference.

    Attributes:
        kind: number, text, or the type's own name.
        is_own_key: whether it alone is its table's primary key, and gets its values there.
    """

    table: str
    name: str
    kind: str
    is_own_key: bool = False


class Table(Struct, frozen=True):
    """A table, by the statistics.

    Attributes:
        rows: nothing where nobody counted them yet, and there may be many.
        keys: the kinds of its unique keys of one column: what a reference to it could hold.
        part_of: the table of which it is a partition.
    """

    name: str
    rows: int | None
    dead: int
    sequential_scans: int
    index_scans: int
    was_vacuumed: bool
    options: tuple[str, ...]
    kind: str = "r"
    keys: tuple[str, ...] = ()
    part_of: str = ""


class Index(Struct, frozen=True):
    """An index.

    Attributes:
        columns: in its order; an expression is an empty name.
        where: of which rows, if not of all.
        is_being_built: whether it is invalid only because somebody builds it now.
    """

    name: str
    table: str
    is_valid: bool
    columns: tuple[str, ...]
    method: str = "btree"
    where: str = ""
    is_being_built: bool = False


class Override(Struct, frozen=True):
    """A setting that a role or a database has otherwise than the server.

    Attributes:
        of: the role or database, as it is shown.
        role: the role, if it is one's.
        is_here: whether it is for this database only.
    """

    of: str
    name: str
    value: str
    role: str = ""
    is_here: bool = False

    def __str__(self) -> str:
        return f"{self.of} {self.name}={self.value}"


class Database(Struct, frozen=True):
    """The running database.

    Attributes:
        role: the application's.
        version: as server_version_num gives it.
        overrides: settings of a role or a database that differ from the server's.
        hba: the rules of pg_hba.conf that are understood, in their order.
        hba_errors: the lines of it that are not: with these the server keeps to what it read before.
        is_hba_unloaded: whether the file was changed after it was loaded; nothing where that cannot be told.
        clients: client connections now.
        unseen: sessions of which the server does not say what they do.
        stuck: sessions that have been idle in a transaction for a minute.
        waiting: sessions that wait for a lock of another.
        age: how many transactions ago the oldest row of all databases was last frozen.
        has_other_collation: whether the system sorts otherwise than when the indexes were made; nothing where that is not told.
        own_settings: settings that the asking role has otherwise than the server.
        pending: settings that a restart changes.
        references: columns that are named as references.
    """

    role: str
    version: int
    settings: Mapping[str, str]
    overrides: tuple[Override, ...]
    hba: tuple[HbaRule, ...]
    clients: int
    stuck: int
    waiting: int
    has_launcher: bool
    tables: tuple[Table, ...]
    foreign_keys: tuple[ForeignKey, ...]
    references: tuple[Column, ...]
    indexes: tuple[Index, ...]
    hba_errors: tuple[int, ...] = ()
    is_hba_unloaded: bool | None = None
    unseen: int = 0
    age: int = 0
    has_other_collation: bool | None = None
    own_settings: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()

    @property
    def major(self) -> int:
        """The major version."""
        return self.version // 10_000

    @property
    def max_connections(self) -> int:
        """What the server admits."""
        return int(self.number("max_connections"))

    @property
    def reserve(self) -> int:
        """What it keeps for administrators."""
        return int(self.number("superuser_reserved_connections") + self.number("reserved_connections", "0"))

    def number(self, name: str, default: str = "") -> float:
        """The number that a setting is.

        Raises:
            NotAssessed: it is none.
        """
        text = self.settings.get(name, default)
        if not _NUMBER.fullmatch(text):
            raise NotAssessed(f"what the database has as {name} is no number")
        return float(text)

    def overridden(self, name: str) -> tuple[Override, ...]:
        """The overrides of a setting that count: where the application's role has a nearer one, those behind it do not."""
        found = [one for one in self.overrides if one.name == name]
        nearest = max(((one.role != "", one.is_here) for one in found if one.role in ("", self.role)), default=None)
        return tuple(
            one for one in found if one.role not in ("", self.role) or (one.role != "", one.is_here) == nearest
        )

    @property
    def open_rules(self) -> tuple[HbaRule, ...]:
        """The rules of pg_hba.conf by which somebody elsewhere comes in without showing anything."""
        has_tls = self.settings.get("ssl", "on") != "off"
        return tuple(rule for at, rule in enumerate(self.hba) if lets_in_anybody(rule, self.hba[:at], has_tls))


def state_of(gathered: Gathered) -> dict[str, Any]:
    """What the database says of itself."""
    data = parse_json(gathered.said("postgres.state").out, "the database's state")
    if not isinstance(data, dict):
        raise Garbled("the database's state")
    return data


def parse_role(gathered: Gathered, target: Target) -> Role:
    """From pg_roles."""
    data = state_of(gathered).get("role")
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
        functions = tuple(f"EXECUTE on {name}" for name in data["may_call"])
        return Role(name, (*powers, *functions), tuple(str(group) for group in data["member_of"]))
    except (KeyError, TypeError):
        raise Garbled("the role has another shape than known") from None


def _tries(gathered: Gathered, prefix: str) -> PasswordTries:
    lines = lines_of(gathered.said("postgres.login").out)
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
    data = state_of(gathered)
    try:
        return Database(
            role=key_values(gathered.said("zebu.host").out).get("role", ""),
            version=integer(data["version"], "version"),
            settings={str(name): str(value) for name, value in data["settings"].items()},
            overrides=tuple(
                Override(str(row["of"]), *_setting(row["setting"]), str(row["role"]), bool(row["here"]))
                for row in data["overrides"]
            ),
            hba=tuple(_rule(row) for row in data["hba"] if not _is_unread(row)),
            clients=integer(data["clients"], "clients"),
            stuck=integer(data["stuck"], "stuck"),
            waiting=integer(data["waiting"], "waiting"),
            has_launcher=bool(data["launcher"]),
            tables=_tables(data["tables"]),
            foreign_keys=tuple(
                ForeignKey(part(row, "table", str), _columns(row["columns"]), part(row, "target", str), bool(row["valid"]), bool(row["enforced"]))
                for row in data["foreign_keys"]
            ),
            references=tuple(
                Column(
                    part(row, "table", str), part(row, "column", str), part(row, "type", str),
                    part(row, "is_key", bool) and part(row, "is_made", bool),
                )
                for row in data["columns"]
            ),
            indexes=tuple(
                Index(
                    part(row, "name", str), part(row, "table", str), bool(row["valid"]), _columns(row["columns"]), part(row, "method", str),
                    text_or_empty(row["where"]), bool(row["building"]),
                )
                for row in data["indexes"]
            ),
            hba_errors=tuple(integer(row["line"] or 0, "line") for row in data["hba"] if _is_unread(row)),
            is_hba_unloaded=_maybe(data["hba_unloaded"]),
            unseen=integer(data["unseen"], "unseen"),
            age=integer(data["frozen"], "frozen"),
            has_other_collation=_maybe(data["collation"]),
            own_settings=texts(data, "own_settings"),
            pending=texts(data, "pending"),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Garbled("the database's state has another shape than known") from None


def _maybe(value: Any) -> bool | None:
    if not isinstance(value, bool | None):
        raise TypeError(value)
    return value


def _is_unread(row: Mapping[str, Any]) -> bool:
    """A line that the server complains of and reads all the same can meet nobody: TLS where it has none."""
    return bool(row["error"]) and row["type"] is None


def _rule(row: Mapping[str, Any]) -> HbaRule:
    address = row["address"] + (f"/{_prefix(row['netmask'])}" if row["netmask"] else "")
    return HbaRule(
        integer(row["line"], "line"), text_or_empty(row["type"]), address, part(row, "method", str), _columns(row["database"]), _columns(row["user"]),
        "" if (row["file"] or "").endswith("/pg_hba.conf") else row["file"] or "", bool(row["certificate"]),
    )  # fmt: skip


LEAST_ROW = 28
"""Bytes that a row takes at least: its header, and its place in the page."""
MANY_ROWS = 10_000


def _tables(rows: Any) -> tuple[Table, ...]:
    parts: dict[str, list[int | None]] = {}
    found = []
    for row in rows:
        count: int | None = max(0, integer(row["rows"], "rows"))
        # The size is null where the table is locked.
        if not row["is_counted"] and (row["size"] is None or integer(row["size"], "size") > LEAST_ROW * MANY_ROWS):
            count = None
        table = Table(
            str(row["name"]), count, integer(row["dead"], "dead"), integer(row["seq_scan"], "seq_scan"), integer(row["idx_scan"], "idx_scan"), bool(row["vacuumed"]),
            texts(row, "options"), str(row["kind"]), texts(row, "keys"), text_or_empty(row["part_of"]),
        )  # fmt: skip
        found.append(table)
        if table.part_of:
            parts.setdefault(table.part_of, []).append(count)
    return tuple(
        replace(one, rows=_sum(parts[one.name])) if one.name in parts and one.kind == "p" else one for one in found
    )


def _sum(counts: list[int | None]) -> int | None:
    return None if None in counts else sum(count or 0 for count in counts)


def _setting(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.lower(), value


def _columns(rows: Any) -> tuple[str, ...]:
    if not isinstance(rows, list) or not rows:
        raise ValueError(rows)
    return tuple("" if row is None else text_or_empty(row) for row in rows)


def is_off(value: str) -> bool:
    """Whether a setting that can be on or off is off, in every way that PostgreSQL reads it (19.1.1)."""
    word = value.strip().lower()
    return word in ("off", "of", "0") or (word != "" and ("false".startswith(word) or "no".startswith(word)))


def _prefix(netmask: str) -> int:
    """The length of a network's prefix, from its mask in either family."""
    return int(ipaddress.ip_address(netmask)).bit_count()


def parse_pool(gathered: Gathered, target: Target) -> int:
    """How often the backend's log of the last day says that it got no connection."""
    return whole_number(gathered.said("backend.pool").out.strip(), "the count of pool timeouts")


CLUSTER_PROBE = Probe(
    "postgres.cluster",
    file="postgres-cluster.pl",
    uses=(
        "json.pl",
        "quiet.pl",
        "docker.pl",
        "rooted.pl",
        "quiet.sh",
        "psql.sh",
        "postgres-cluster.sh",
        "postgres-cluster.sql",
    ),
    needs=(Need.DB_CONTAINER,),
)


QUESTIONS = {STATE_PROBE.name: "postgres-state.sql", CLUSTER_PROBE.name: "postgres-cluster.sql"}
"""What is asked of a declared database directly: the files of the same SQL, by the names of the probes that would ask it."""
TRIES = "postgres.tries"
"""The answer of a declared database to wrong and to well-known passwords."""
WELL_KNOWN_PASSWORDS = ("postgres", "password", "papertrade_dev_password", "zebu", "docker")


class Cluster(Struct, frozen=True):
    """The database's files: when they were first made."""

    made: datetime


def parse_cluster(gathered: Gathered, target: Target) -> Cluster:
    """From the file that is written once, when a cluster is made."""
    moment = single(records(gathered.said("postgres.cluster").out, "the database's age", ("made",)), "made")
    return Cluster(moment_of(moment, "the age of the database's files"))


CLUSTER = Fact("cluster", parse_cluster, (CLUSTER_PROBE,))
POOL = Fact("pool_timeouts", parse_pool, (POOL_PROBE,))
ROLE = Fact("database_role", parse_role, (STATE_PROBE,))
PASSWORD = Fact("database_password", parse_password, (LOGIN_PROBE,))
LOGIN = Fact("database_login", parse_login, (LOGIN_PROBE,))
STATE = Fact("database", parse_state, (STATE_PROBE,))
