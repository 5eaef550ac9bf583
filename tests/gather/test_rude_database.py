"""A declared database that is none, or never ends: bounded in time and size, and no password for whoever asks in clear."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from psycopg2 import extensions

from pytest_zebu.facts.answer import Reason, Said, Unknown
from pytest_zebu.facts.postgres import CLUSTER_PROBE, TRIES
from pytest_zebu.gather import database
from pytest_zebu.gather.database import ask_database
from pytest_zebu.gather.deadline import Deadline
from pytest_zebu.settings import Settings
from tests.gather.rude import Say, rude
from tests.gather.test_database import no_forward

pytestmark = pytest.mark.hostile("services")
SECRET = "canary-3d81f0"
MIB = 2**20


def message(kind: bytes, body: bytes = b"", length: int | None = None) -> bytes:
    """One of the protocol's (https://www.postgresql.org/docs/current/protocol-message-formats.html)."""
    return kind + struct.pack("!i", len(body) + 4 if length is None else length) + body


WELCOME = (
    message(b"R", struct.pack("!i", 0))
    + b"".join(
        message(b"S", one)
        for one in (b"server_version\x0015.4\0", b"client_encoding\0UTF8\0", b"DateStyle\0ISO, MDY\0")
    )
    + message(b"K", bytes(8))
    + message(b"Z", b"I")
)
NOTICE = message(b"N", b"SNOTICE\0Mx\0C00000\0\0")


def exactly(line: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        piece = line.recv(count - len(found))
        if not piece:
            raise OSError("it hung up")
        found += piece
    return found


def greeted(line: socket.socket) -> None:
    """What a client says first; that it would like to speak TLS is declined."""
    while True:
        length, code = struct.unpack("!ii", exactly(line, 8))
        if code not in (80877103, 80877104):
            exactly(line, length - 8)
            return
        line.sendall(b"N")


def column(oid: int, name: bytes = b"x") -> bytes:
    return name + b"\0" + struct.pack("!ihihih", 0, 0, oid, -1, -1, 0)


def row(*values: bytes) -> bytes:
    cells = b"".join(struct.pack("!i", len(one)) + one for one in values)
    return message(b"D", struct.pack("!h", len(values)) + cells)


def first(*pieces: bytes, then: bytes = b"", pause: float = 0.0) -> Say:
    """Say this after the greeting; then the rest again and again, or nothing more."""

    def say(line: socket.socket, over: threading.Event) -> None:
        greeted(line)
        for piece in pieces:
            line.sendall(piece)
        while not over.wait(pause or (0.001 if not then else 0)):
            if then:
                line.sendall(then)

    return say


def answering(make: Callable[[bytes], list[bytes]]) -> Say:
    """Let anybody in, and answer questions so; what begins and ends a transaction is agreed to."""

    def say(line: socket.socket, over: threading.Event) -> None:
        greeted(line)
        line.sendall(WELCOME)
        while not over.is_set():
            kind = exactly(line, 1)
            (length,) = struct.unpack("!i", exactly(line, 4))
            text = exactly(line, length - 4)
            if kind == b"X":
                return
            word = text.split(b" ")[0].rstrip(b"\0").upper()
            if word in (b"BEGIN", b"COMMIT", b"ROLLBACK", b"SET"):
                line.sendall(
                    message(b"C", word + b"\0") + message(b"Z", b"I" if word in (b"COMMIT", b"ROLLBACK") else b"T")
                )
                continue
            for piece in make(text):
                line.sendall(piece)

    return say


def rows(*messages: bytes, oids: tuple[int, ...] = (25,)) -> Callable[[bytes], list[bytes]]:
    head = message(b"T", struct.pack("!h", len(oids)) + b"".join(map(column, oids)))
    return lambda text: [head, *messages, message(b"C", b"SELECT 1\0"), message(b"Z", b"T")]


def forever(piece: bytes, oid: int = 25) -> Callable[[bytes], list[bytes]]:
    class Endless(list[bytes]):
        def __iter__(self) -> Any:
            yield message(b"T", struct.pack("!h", 1) + column(oid))
            while True:
                yield piece

    return lambda text: Endless()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "CONNECT_SECONDS", 0.5)
    monkeypatch.setattr(database, "SILENT_SECONDS", 1.0)
    monkeypatch.setattr(database, "RECEIVED_LIMIT", MIB)


def asked(folder: Path, say: Say, more: str = "", deadline: Deadline | None = None) -> dict[str, Said | Unknown]:
    with rude(say) as port:
        (folder / "url").write_text(f"postgresql://watcher:{SECRET}@127.0.0.1:{port}/zebu{more}\n")
        settings = Settings.model_validate({"database": {"url_file": "url"}, "folder": folder})
        wanted = frozenset({CLUSTER_PROBE.name})
        found = ask_database(settings, wanted, "zebu_app", no_forward, deadline or Deadline.after(60))
    assert found.keys() == wanted
    assert SECRET not in str(found)
    assert extensions.get_wait_callback() is None
    return found


def unknown(found: dict[str, Said | Unknown]) -> Unknown:
    (answer,) = found.values()
    assert isinstance(answer, Unknown), answer
    assert len(answer.detail) < 200
    return answer


STRANGERS = [
    pytest.param(first(), id="silence"), pytest.param(first(then=b"R", pause=0.05), id="a drip"),
    pytest.param(first(b"SSH-2.0-OpenSSH_9.2\r\n"), id="another service"), pytest.param(first(bytes(1000)), id="NULs"),
    pytest.param(first(then=NOTICE), id="notices without end"), pytest.param(first(then=NOTICE, pause=0.05), id="notices that drip"),
    pytest.param(first(message(b"R", length=2**31 - 1), then=b"x" * 65_536), id="a message of 2 GiB"),
    pytest.param(first(message(b"R", length=-5)), id="a negative length"),
    pytest.param(first(message(b"E", length=2**30), then=b"x" * 65_536), id="a complaint without end"),
    pytest.param(first(message(b"R", struct.pack("!i", 99))), id="an unknown way to log in"),
    pytest.param(first(message(b"R", struct.pack("!i", 10) + b"NO-SUCH\0\0")), id="an unknown mechanism"),
    pytest.param(first(message(b"R", struct.pack("!i", 10) + b"SCRAM-SHA-256\0\0") + message(b"R", struct.pack("!i", 11) + b"garbage")), id="a garbled proof"),
    pytest.param(first(message(b"R", struct.pack("!i", 0)), then=NOTICE), id="let in, and never ready"),
    pytest.param(first(message(b"R", struct.pack("!i", 0)) + message(b"S", length=2**30), then=b"x" * 65_536), id="a parameter without end"),
    pytest.param(first(message(b"E", b"SFATAL\0C28000\0M\x1b[31m" + b"x" * 20_000 + b"\0\0")), id="a long complaint with colours"),
    pytest.param(lambda line, over: line.sendall(b"S" + b"\x16\x03\x03\x00\x05hello"), id="TLS that is none"),
    pytest.param(lambda line, over: over.wait(30) and None, id="not even a word about TLS"),
]  # fmt: skip


@pytest.mark.parametrize("say", STRANGERS)
def test_whoever_answers_there_holds_nobody_up(say: Say, tmp_path: Path) -> None:
    assert unknown(asked(tmp_path, say)).reason in (
        Reason.UNREACHABLE,
        Reason.TIMED_OUT,
        Reason.GARBLED,
        Reason.NO_PERMISSION,
    )


ENVIRONMENT = {
    "PGHOST": "192.0.2.1", "PGHOSTADDR": "192.0.2.1", "PGPORT": "1", "PGDATABASE": "other", "PGUSER": "other", "PGPASSWORD": "canary-other", "PGOPTIONS": "-c canary=other",
    "PGSSLMODE": "verify-full", "PGSSLCERT": "/nobody/other.crt", "PGSSLKEY": "/nobody/other.key", "PGSSLROOTCERT": "/nobody/other.pem", "PGREQUIREPEER": "other", "PGREQUIREAUTH": "none",
    "PGCHANNELBINDING": "require", "PGGSSENCMODE": "require", "PGTARGETSESSIONATTRS": "standby", "PGCLIENTENCODING": "canary-other", "PGCONNECT_TIMEOUT": "canary-other", "PGAPPNAME": "canary-other",
    "PGSSLMINPROTOCOLVERSION": "canary-other", "PGLOADBALANCEHOSTS": "canary-other", "PGKRBSRVNAME": "canary-other", "PGSSLSNI": "canary-other", "PGSSLCERTMODE": "require", "PGPASSFILE": "PASSFILE",
}  # fmt: skip


@pytest.mark.parametrize(("name", "value"), ENVIRONMENT.items(), ids=ENVIRONMENT.keys())
def test_what_the_environment_says_of_databases_is_not_taken(
    name: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is declared is asked, with what is declared."""
    heard: list[bytes] = []

    def say(line: socket.socket, over: threading.Event) -> None:
        while True:
            length, code = struct.unpack("!ii", exactly(line, 8))
            if code not in (80877103, 80877104):
                break
            line.sendall(b"N")
        heard.append(exactly(line, length - 8))
        line.sendall(message(b"R", struct.pack("!i", 5) + b"salt"))
        heard.append(line.recv(1000))

    passwords = tmp_path / "passwords"
    passwords.write_text("*:*:*:*:canary-other\n")
    passwords.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv(name, value.replace("PASSFILE", str(passwords)))
    monkeypatch.setattr(database, "CONNECT_SECONDS", 30.0)
    with rude(say) as port:
        (tmp_path / "url").write_text(f"postgresql://watcher@127.0.0.1:{port}/zebu\n")
        settings = Settings.model_validate({"database": {"url_file": "url"}, "folder": tmp_path})
        ask_database(settings, frozenset({CLUSTER_PROBE.name}), "zebu_app", no_forward, Deadline.after(60))
    first, *then = heard
    assert b"user\0watcher\0database\0zebu\0" in first
    assert b"pytest-zebu" in first
    assert b"other" not in first
    assert then in ([], [b""])  # and there is no password to be sent


def test_a_service_of_the_environment_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGSERVICE", "canary-other")
    monkeypatch.setenv("HOME", str(tmp_path))
    found = unknown(asked(tmp_path, first()))
    assert found.reason is Reason.NOT_CONFIGURED
    assert "unset PGSERVICE" in found.detail


def test_a_service_of_the_environment_leads_nobody_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "services").write_text("[other]\nhost=192.0.2.1\nhostaddr=192.0.2.1\nuser=other\noptions=-c a=b\n")
    monkeypatch.setenv("PGSERVICE", "other")
    monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "services"))
    heard: list[bytes] = []

    def say(line: socket.socket, over: threading.Event) -> None:
        greeted(line)
        heard.append(b"here")

    monkeypatch.setattr(database, "CONNECT_SECONDS", 30.0)
    asked(tmp_path, say)
    assert heard == [b"here"]


CLEAR = message(b"R", struct.pack("!i", 3))


@pytest.mark.parametrize("more", ["", "?sslmode=prefer", "?sslmode=allow", "?sslmode=disable"])
def test_no_password_goes_in_clear(more: str, tmp_path: Path) -> None:
    heard: list[bytes] = []

    def say(line: socket.socket, over: threading.Event) -> None:
        greeted(line)
        line.sendall(CLEAR)
        heard.append(line.recv(1000))

    answer = unknown(asked(tmp_path, say, more))
    assert "sslmode=require" in answer.detail
    assert heard
    assert all(SECRET.encode() not in one for one in heard)


@pytest.mark.parametrize("more", ["?sslmode=require", "?sslmode=verify-full"])
def test_where_tls_is_asked_for_nothing_goes_without(more: str, tmp_path: Path) -> None:
    heard: list[bytes] = []

    def say(line: socket.socket, over: threading.Event) -> None:
        exactly(line, 8)
        line.sendall(b"N")
        heard.append(line.recv(1000))

    assert "TLS" in unknown(asked(tmp_path, say, more)).detail
    assert set(heard) <= {b""}


ANSWERS = [
    pytest.param(rows(row(b"\xff\xfe")), Reason.GARBLED, id="bytes that are no text"),
    pytest.param(rows(row(b"9" * 5000), oids=(23,)), Reason.UNDECIDABLE, id="a number of 5,000 digits"),
    pytest.param(rows(row(b"many"), oids=(23,)), Reason.GARBLED, id="a number that is none"),
    pytest.param(rows(row(b"99999-99-99"), oids=(1082,)), None, id="a day that is none"),
    pytest.param(rows(row(b"a", b"b"), oids=(25, 25)), Reason.GARBLED, id="more columns than asked for"),
    pytest.param(rows(), Reason.GARBLED, id="no row"),
    pytest.param(rows(row(b"{" * 10_000), oids=(1009,)), None, id="a list in lists"),
    pytest.param(lambda text: [message(b"C", b"SELECT 0\0"), message(b"Z", b"T")], None, id="no columns"),
    pytest.param(lambda text: [message(b"G", b"\0\0\0"), message(b"Z", b"T")], None, id="it wants a copy"),
    pytest.param(lambda text: [message(b"E", b"SERROR\0C57014\0Mx\0\0"), message(b"Z", b"E")], Reason.TIMED_OUT, id="cancelled"),
    pytest.param(lambda text: [message(b"E", b"SERROR\0C42501\0M\x1b]0;x\x07" + b"y" * 9000 + b"\0\0"), message(b"Z", b"E")], Reason.NO_PERMISSION, id="a long refusal with escapes"),
    pytest.param(lambda text: [b"\x00" * 100], None, id="NULs"),
    pytest.param(lambda text: [], Reason.UNREACHABLE, id="silence"),
    pytest.param(forever(row(b"x" * 1000)), Reason.GARBLED, id="rows without end"),
    pytest.param(forever(NOTICE), Reason.GARBLED, id="notices without end"),
    pytest.param(lambda text: [message(b"T", struct.pack("!h", 1) + column(25)), message(b"D", length=2**30), b"x" * 4 * MIB], Reason.GARBLED, id="a row of a GiB"),
    pytest.param(rows(row(b"x" * 300_000)), Reason.GARBLED, id="a text beyond its limit"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "reason"), ANSWERS)
def test_an_answer_that_is_none(make: Callable[[bytes], list[bytes]], reason: Reason | None, tmp_path: Path) -> None:
    answer = unknown(asked(tmp_path, answering(make)))
    assert "\x1b" not in answer.detail
    if reason is not None:
        assert answer.reason in (reason, Reason.UNREACHABLE)


def test_an_answer_has_no_control_characters(tmp_path: Path) -> None:
    def make(text: bytes) -> list[bytes]:
        if b"pg_has_role" in text:
            return rows(row(b"t", b"t"), oids=(16, 16))(text)
        return rows(row(b"a\x1b[31mb " + SECRET.encode()))(text)

    assert asked(tmp_path, answering(make)) == {CLUSTER_PROBE.name: Said(0, "ab [redacted]\n")}


def test_tries_of_passwords_end(tmp_path: Path) -> None:
    """Where it is silent to some of them, that is unclear, and not refused."""
    quiet = threading.Event()

    def say(line: socket.socket, over: threading.Event) -> None:
        if quiet.is_set():
            over.wait(30)
        quiet.set()
        answering(rows(row(b"t")))(line, over)

    with rude(say) as port:
        (tmp_path / "url").write_text(f"postgresql://watcher:{SECRET}@127.0.0.1:{port}/zebu\n")
        settings = Settings.model_validate({"database": {"url_file": "url"}, "folder": tmp_path})
        found = ask_database(settings, frozenset({TRIES}), "zebu_app", no_forward)
    assert found == {TRIES: Said(0, "wrong=unclear\ndefault=unclear\n")}


def test_others_wait_as_they_did(tmp_path: Path) -> None:
    """While a declared database is asked, other connections of this process are not ours to bound."""
    inside: list[Any] = []

    def make(text: bytes) -> list[bytes]:
        if not inside:
            inside.append(extensions.get_wait_callback())
            with rude(answering(rows(row(b"mine")))) as port:
                other = psycopg2.connect(f"host=127.0.0.1 port={port} user=x sslmode=disable")
                cursor = other.cursor()
                cursor.execute("SELECT 1")
                inside.append(cursor.fetchone())
                other.close()
        return rows(row(b"theirs"))(text)

    asked(tmp_path, answering(make))
    assert inside[0] is not None
    assert inside[1] == ("mine",)
