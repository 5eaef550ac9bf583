"""A declared database, asked directly: read-only, each question within its time, its secret in nobody's words."""

from __future__ import annotations

import os
import pwd
import re
import secrets
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import AbstractContextManager, contextmanager, suppress
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

import psycopg2
from msgspec import Struct
from psycopg2 import errors, extensions, extras
from urllib3.util import wait_for_read, wait_for_write

from pytest_zebu.facts import scripts
from pytest_zebu.facts.answer import Reason, Said, Unknown, plain_text
from pytest_zebu.facts.fact import Need
from pytest_zebu.facts.postgres import QUESTIONS, REFUSALS, STATE_PROBE, TRIES, WELL_KNOWN_PASSWORDS
from pytest_zebu.files import at_home
from pytest_zebu.gather.deadline import NEVER, Deadline, aside, at_once
from pytest_zebu.settings import Settings
from pytest_zebu.settings.errors import UsageProblem

CONNECT_SECONDS = 5
TRIES_AT_ONCE = 3
STATEMENT_SECONDS = 5.0
SILENT_SECONDS = 12.0
"""After this nothing more is waited for, whatever the server says or does not say."""
ANSWER_LIMIT = 262_144
RECEIVED_LIMIT = 16 * 2**20
"""Bytes that a server may send over a connection; its own answers have less than one."""
TOO_MUCH = f"it sends more than {RECEIVED_LIMIT // 2**20} MiB"
ENCRYPTED = frozenset({"require", "verify-ca", "verify-full"})
FIRST_WITH_METHODS = 160_000
"""The libpq that can be told in which ways not to log in (`require_auth`)."""
NEUTRAL = {
    "host": "", "hostaddr": "", "port": "", "dbname": "", "password": "", "options": "", "connect_timeout": "0", "client_encoding": "",
    "sslmode": "prefer", "sslnegotiation": "postgres", "sslcompression": "0", "sslcert": "", "sslkey": "", "sslcertmode": "allow", "sslrootcert": "",
    "sslcrl": "", "sslcrldir": "", "sslsni": "1", "ssl_min_protocol_version": "TLSv1.2", "ssl_max_protocol_version": "", "requirepeer": "",
    "require_auth": "none,password,md5,scram-sha-256,gss,sspi", "channel_binding": "prefer", "min_protocol_version": "3.0", "max_protocol_version": "3.0", "gssencmode": "prefer", "krbsrvname": "postgres", "gssdelegation": "0",
    "target_session_attrs": "any", "load_balance_hosts": "disable",
}  # fmt: skip
"""What libpq does without being told otherwise: said of all that it would else take from the environment, which is no
part of what is declared (https://www.postgresql.org/docs/current/libpq-envars.html)."""
DRIVER = re.compile(r"^(postgres(?:ql)?)(?:\+[a-z0-9]+)?://")
DECLARED = "the declared database"
HBA = "FROM pg_hba_file_rules)"
NO_HBA = (
    "FROM (SELECT NULL::text AS type, NULL::text[] AS database, NULL::text[] AS user_name, NULL::text AS address, NULL::text AS netmask,"
    " NULL::text AS auth_method, NULL::text[] AS options, 0 AS line_number, NULL::text AS error) pg_hba_file_rules WHERE false)"
)
RIGHTS = """SELECT pg_has_role(current_user, 'pg_read_all_stats', 'USAGE'),
  has_table_privilege('pg_hba_file_rules', 'SELECT') AND has_function_privilege('pg_hba_file_rules()', 'EXECUTE')"""
NOTHING_THERE = "|".join((
    "does not exist", "existiert nicht", "no existe", "n'existe pas", "non esiste", "não existe", "не существует", "не існує", "nie istnieje", "existerar inte",
    "mevcut değil", "は存在しません", "데이터베이스 없음", "롤\\(role\\) 없음", "不存在", "tidak ada",
))  # fmt: skip
"""How it says, in each language that it speaks, that there is no such database or role."""
COMPLAINTS = (
    (REFUSALS, Reason.NO_PERMISSION, "the login was refused"),
    ("definition of service|service file", Reason.NOT_CONFIGURED, "the service that PGSERVICE or the URL names is not there: unset PGSERVICE"),
    ("authentication method requirement", Reason.NO_PERMISSION, "it wants the password in clear: that needs sslmode=require in the URL, or better"),
    ("sends more than", Reason.GARBLED, TOO_MUCH),
    (r"pg_hba\.conf", Reason.NO_PERMISSION, "pg_hba.conf has no entry for this role, this address and this kind of connection"),
    ("certificate verify failed", Reason.UNREACHABLE, "its certificate is not trusted (sslrootcert in the URL)"),
    ("does not match host name", Reason.UNREACHABLE, "its certificate is for another name"),
    ("does not support ssl", Reason.UNREACHABLE, "it speaks no TLS, which the URL asks for"),
    ("could not translate host name", Reason.UNREACHABLE, "its name does not resolve"),
    ("timeout expired", Reason.TIMED_OUT, f"no answer within {CONNECT_SECONDS} s"),
    ("connection refused", Reason.UNREACHABLE, "nothing answers on its port"),
    ("server closed the connection", Reason.UNREACHABLE, "it hangs up (through ssh: sshd may forbid AllowTcpForwarding)"),
    (NOTHING_THERE, Reason.MISSING, "there is no such database or role"),
)  # fmt: skip
"""What libpq's complaints mean, and those of the server, which speaks its own language. They are not repeated: they may hold what stands in the URL."""

Forward = Callable[[str, int], AbstractContextManager[int | None]]
"""A local port that leads to an address as the machine sees it; nothing where ssh refuses to open one."""


def ask_database(
    settings: Settings, wanted: Set[str], role: str, forward: Forward, deadline: Deadline = NEVER
) -> dict[str, Said | Unknown]:
    """The answers to the database's questions, in the form that the batch would give them.

    Args:
        settings: where it is.
        wanted: the names of the questions, and `TRIES`.
        role: the role with which the backend works, empty if it is unknown.
        forward: how to reach it through the machine.
        deadline: when the connection is cut at the latest.
    """
    try:
        where = _where(settings)
        through = forward if settings.database.through == "ssh" else None
        with _all_waits(), _reach(where, through) as reached:
            return _answers(reached, wanted, role, deadline, is_private=through is not None)
    except _Unreached as error:
        return dict.fromkeys(wanted, error.unknown)
    except Exception as error:  # its text may hold what stands in the URL
        return dict.fromkeys(wanted, Unknown(Reason.UNDECIDABLE, f"{DECLARED}: {type(error).__name__}"))


class _Unreached(Exception):
    def __init__(self, reason: Reason, why: str) -> None:
        super().__init__(why)
        self.unknown = Unknown(reason, f"{DECLARED}: {why}")


def _where(settings: Settings) -> dict[str, str]:
    """What the URL says, by libpq's words."""
    try:
        text = settings.secret(settings.database.url_file, "database.url_file")
    except UsageProblem:
        raise _Unreached(Reason.NOT_CONFIGURED, "database.url_file cannot be read") from None
    try:
        found = extensions.parse_dsn(DRIVER.sub(r"\1://", text)) if DRIVER.match(text) else {}
    except psycopg2.ProgrammingError:
        found = {}
    if not found:
        raise _Unreached(Reason.NOT_CONFIGURED, "database.url_file holds no postgresql:// URL")
    return {key: str(value) for key, value in found.items()}


@contextmanager
def _reach(where: Mapping[str, str], forward: Forward | None) -> Iterator[dict[str, str]]:
    """Where to connect to. The name stays the database's own, so that its certificate is held against that."""
    if forward is None:
        yield dict(where)
        return
    host, port = where.get("host", "localhost"), where.get("port", "5432")
    if "," in host or not port.isdigit():
        raise _Unreached(Reason.NOT_CONFIGURED, 'database.through = "ssh" leads to one host and port')
    with forward(where.get("hostaddr", host), int(port)) as local:
        if local is None:
            raise _Unreached(Reason.UNREACHABLE, "ssh opens no port that leads to it")
        yield {**where, "host": host, "hostaddr": "127.0.0.1", "port": str(local)}


class _Bound(Struct, frozen=True):
    """Until when a connection is waited for, and which complaint says that it took longer."""

    until: float
    complaint: str


_bound: ContextVar[_Bound | None] = ContextVar("bound", default=None)
_waits = threading.Lock()
_waiting = 0


@contextmanager
def _all_waits() -> Iterator[None]:
    """In here, all waiting for a server is ours. Others of this process, who connect meanwhile, wait as they did."""
    global _waiting, _usual
    with _waits:
        if _waiting == 0:
            _usual = extensions.get_wait_callback()
            extensions.set_wait_callback(_wait)
        _waiting += 1
    try:
        yield
    finally:
        with _waits:
            _waiting -= 1
            if _waiting == 0:
                extensions.set_wait_callback(_usual)


_usual: Any = None


def _wait(connection: Any) -> None:
    """Wait for a server within a time and a size, whatever it sends.

    Raises:
        psycopg2.OperationalError: it sends too much, or not in time.
    """
    bound = _bound.get()
    if bound is None:
        (_usual or extras.wait_select)(connection)
        return
    while (state := connection.poll()) != extensions.POLL_OK:
        with socket.socket(fileno=os.dup(connection.fileno())) as line:
            if _received(line) > RECEIVED_LIMIT:
                raise psycopg2.OperationalError(TOO_MUCH)
            wait = wait_for_read if state == extensions.POLL_READ else wait_for_write
            left = bound.until - time.monotonic()
            if left <= 0 or not wait(line, left):
                raise psycopg2.OperationalError(bound.complaint)


def _received(line: socket.socket) -> int:
    """Bytes that have come over a connection (tcp(7), TCP_INFO: tcpi_bytes_received); none where that is not told."""
    try:
        told = line.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 136)
        return int(struct.unpack_from("=Q", told, 128)[0])
    except (OSError, struct.error):
        return 0


@contextmanager
def _until(seconds: float, complaint: str) -> Iterator[None]:
    token = _bound.set(_Bound(time.monotonic() + seconds, complaint))
    try:
        yield
    finally:
        _bound.reset(token)


def _connect(where: Mapping[str, str], deadline: Deadline) -> Any:
    words: dict[str, Any] = {**_neutral(where), **where, "application_name": "pytest-zebu"}
    with _until(deadline.limit(CONNECT_SECONDS), "timeout expired"):
        return psycopg2.connect(extensions.make_dsn(**words))


def _neutral(where: Mapping[str, str]) -> dict[str, str]:
    """Values that keep the environment's out; none where the URL leaves the rest to a service's file."""
    if "service" in where:
        return {}
    user = where.get("user") or _me()
    own = {"passfile": "", **({"user": user} if user else {})}
    with suppress(ValueError):  # who has no home has no such file
        own["passfile"] = str(at_home(Path("~/.pgpass")))
    return {key: value for key, value in (NEUTRAL | own).items() if _is_known(key)}


def _me() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return ""


@cache
def _is_known(word: str) -> bool:
    """Whether this libpq has such an option."""
    try:
        extensions.parse_dsn(f"{word}=''")
    except psycopg2.ProgrammingError:
        return False
    return True


def _discreet(where: Mapping[str, str], *, is_private: bool) -> dict[str, str]:
    """The same, so that no password goes in clear over a line that is not: whoever answers there may ask for that."""
    is_encrypted = is_private or where.get("sslmode") in ENCRYPTED
    knows = extensions.libpq_version() >= FIRST_WITH_METHODS
    return dict(where) if is_encrypted or not knows else {"require_auth": "!password", **where}


def _complaint(error: psycopg2.Error) -> tuple[Reason, str]:
    text = str(error).lower()
    for mark, reason, meaning in COMPLAINTS:
        if re.search(mark, text):
            return reason, meaning
    return Reason.UNREACHABLE, f"no connection comes about ({type(error).__name__})"


def _answers(
    where: Mapping[str, str], wanted: Set[str], role: str, deadline: Deadline, *, is_private: bool
) -> dict[str, Said | Unknown]:
    try:
        connection = _connect(_discreet(where, is_private=is_private), deadline)
    except psycopg2.Error as error:
        raise _Unreached(*_complaint(error)) from None
    try:
        with _until(deadline.limit(SILENT_SECONDS), "it says nothing more"):
            found = _questions(connection, wanted, role, where.get("password", ""))
    finally:
        connection.close()
    return {**found, TRIES: _tries(where, deadline)} if TRIES in wanted else found


def _questions(connection: Any, wanted: Set[str], role: str, password: str) -> dict[str, Said | Unknown]:
    connection.set_session(readonly=True)
    extras.register_default_json(connection, loads=str)  # the server's own text, as psql prints it
    rights = _ask(connection, RIGHTS, {}, columns=2)
    found: dict[str, Said | Unknown] = {}
    for name in sorted(wanted - {TRIES}):
        sql = scripts.text(QUESTIONS[name]).replace("%", "%%").replace(":'role'", "%(role)s")
        if name == STATE_PROBE.name:
            if why := _why_no_state(rights, role):
                found[name] = why
                continue
            if isinstance(rights, tuple) and not rights[1]:
                sql = sql.replace(HBA, NO_HBA)
        row = _ask(connection, sql, {"role": role})
        if isinstance(row, Unknown):
            found[name] = row
            continue
        text = plain_text(str(row[0]))
        if len(text) > ANSWER_LIMIT:
            found[name] = Unknown(Reason.GARBLED, f"{name} said more than its limit")
        else:
            found[name] = Said(0, f"{text.replace(password, '[redacted]') if password else text}\n")
    return found


def _why_no_state(rights: tuple[Any, ...] | Unknown, role: str) -> Unknown | None:
    """Why the database's state cannot be known; nothing if it can. What a role may not see would look like nothing."""
    if isinstance(rights, Unknown):
        return rights
    if not role:
        return Unknown(Reason.MISSING, Need.APP_ROLE.value)
    sees_sessions, _ = rights
    if not sees_sessions:
        return Unknown(Reason.NO_PERMISSION, f"{DECLARED}: its role sees only its own sessions: GRANT pg_monitor TO it")
    return None


def _ask(connection: Any, sql: str, values: Mapping[str, str], columns: int = 1) -> tuple[Any, ...] | Unknown:
    """The only row of an answer."""
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = %s", (int(1000 * STATEMENT_SECONDS),))
            cursor.execute(sql, values)
            row = cursor.fetchone()
    except errors.QueryCanceled:
        return Unknown(Reason.TIMED_OUT, f"{DECLARED}: no answer within {STATEMENT_SECONDS:g} s")
    except errors.InsufficientPrivilege as error:
        what = plain_text(error.diag.message_primary or "")[:120]
        return Unknown(Reason.NO_PERMISSION, f"{DECLARED}: {what}")
    except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
        if TOO_MUCH in str(error):
            return Unknown(Reason.GARBLED, f"{DECLARED}: {TOO_MUCH}")
        return Unknown(Reason.UNREACHABLE, f"{DECLARED}: the connection broke off")
    except psycopg2.Error as error:
        return Unknown(Reason.UNDECIDABLE, f"{DECLARED}: {type(error).__name__}")
    except (ValueError, ArithmeticError, TypeError, LookupError) as error:  # a value that is none of its kind
        return Unknown(Reason.GARBLED, f"{DECLARED}: {type(error).__name__}")
    is_whole = row is not None and len(row) == columns
    return tuple(row) if is_whole else Unknown(Reason.GARBLED, f"{DECLARED}: an answer of another shape than asked for")


def _tries(where: Mapping[str, str], deadline: Deadline) -> Said:
    """What it answers to a wrong password, and to the well-known ones of this role and of the usual administrator."""
    users = sorted({where.get("user", "postgres"), "postgres"})
    known = [(user, password) for user in users for password in WELL_KNOWN_PASSWORDS]
    wrong = aside(lambda: _tried(where, users[0], f"not-{secrets.token_hex(8)}", deadline))
    words = set(at_once(lambda pair: _tried(where, pair[0], pair[1], deadline), known, TRIES_AT_ONCE))
    default = next((word for word in ("accepted", "unclear") if word in words), "refused")
    return Said(0, f"wrong={wrong.result()}\ndefault={default}\n")


def _tried(where: Mapping[str, str], user: str, password: str, deadline: Deadline) -> str:
    try:
        _connect({**where, "user": user, "password": password}, deadline).close()
    except psycopg2.Error as error:
        text = str(error).lower()
        # Whom pg_hba.conf keeps out does not get in with these either.
        return "refused" if re.search(REFUSALS, text) or "pg_hba.conf" in text else "unclear"
    return "accepted"
