"""A declared database, asked directly: a real PostgreSQL of the test's own, by roles that see all, enough and little."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg2
import pytest
from msgspec.structs import replace

from pytest_zebu.facts import ALL, scripts
from pytest_zebu.facts.answer import Known, Reason, Said, Unknown, need
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.facts.postgres import CLUSTER_PROBE, QUESTIONS, STATE_PROBE, TRIES, Override
from pytest_zebu.gather import database, gathering
from pytest_zebu.gather.database import ask_database
from pytest_zebu.settings import Settings
from pytest_zebu.settings.sections import Host
from pytest_zebu.settings.target import Target

PASSWORD = "canary/7e1b@c4?x"
"""It holds what must be escaped in a URL."""
SCHEMA = """
CREATE ROLE zebu_app LOGIN PASSWORD 'app';
CREATE ROLE watcher LOGIN PASSWORD '{password}'; GRANT pg_monitor TO watcher;
CREATE ROLE stranger LOGIN PASSWORD '{password}';
CREATE ROLE blinkered LOGIN PASSWORD '{password}'; GRANT pg_monitor TO blinkered; ALTER ROLE blinkered SET search_path = nowhere;
CREATE ROLE lazy LOGIN PASSWORD 'docker';
CREATE TABLE alembic_version (version_num text); INSERT INTO alembic_version VALUES ('abc123');
GRANT SELECT ON alembic_version TO watcher;
CREATE TABLE portfolios (id int PRIMARY KEY);
CREATE TABLE trades (id int PRIMARY KEY, portfolio_id int REFERENCES portfolios); CREATE INDEX ON trades (portfolio_id);
ALTER ROLE zebu_app SET synchronous_commit = off;
ANALYZE;
"""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A PostgreSQL that runs."""

    folder: Path
    port: int
    psql: str

    def url(self, user: str, password: str = PASSWORD) -> str:
        return f"postgresql://{user}:{quote(password, safe='')}@127.0.0.1:{self.port}/postgres"

    def ask(self, sql: str, **variables: str) -> str:
        """By psql, as the administrator, as the batch asks."""
        flags = [word for name, value in variables.items() for word in ("-v", f"{name}={value}")]
        done = subprocess.run(
            [self.psql, "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", str(self.folder), "-p", str(self.port),
             "-U", "postgres", *flags, "-f", "-", "postgres"],
            input=sql, capture_output=True, text=True, timeout=240, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout


def binaries() -> Path:
    """Where Debian has the server's programs, or where they are found otherwise."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if elsewhere := shutil.which("initdb"):
        found.append(Path(elsewhere).resolve().parent)
    if not found:
        pytest.fail("there is no PostgreSQL to test against: apt-get install postgresql")
    return found[0]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A cluster of its own on the loopback; root has another user run it, as PostgreSQL demands."""
    programs = binaries()
    other: dict[str, Any] = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="zebu-pg-", dir="/tmp"))
    server = None
    try:
        if other:
            shutil.chown(folder, other["user"], other["group"])
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = int(free.getsockname()[1])
        making: list[Any] = [programs / "initdb", "-D", folder / "data", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync",
                  "--auth-local=trust", "--auth-host=scram-sha-256"]  # fmt: skip
        subprocess.run(making, check=True, capture_output=True, timeout=600, cwd=folder, **other)
        running: list[Any] = [programs / "postgres", "-D", folder / "data", "-p", str(port), "-k", folder]
        running += ["-c", "listen_addresses=127.0.0.1", "-c", "log_min_messages=panic"]
        server = subprocess.Popen(running, cwd=folder, stderr=subprocess.DEVNULL, **other)
        found = Cluster(folder, port, str(programs / "psql"))
        deadline = time.monotonic() + 240
        ready: list[Any] = [programs / "pg_isready", "-q", "-h", folder, "-p", str(port)]
        while subprocess.run(ready, check=False, timeout=60).returncode:
            assert time.monotonic() < deadline, "PostgreSQL does not start"
            assert server.poll() is None, "PostgreSQL ended"
            time.sleep(0.05)
        found.ask(SCHEMA.format(password=PASSWORD) + f"ALTER ROLE postgres PASSWORD '{PASSWORD}';")
        yield found
    finally:
        if server is not None:
            server.send_signal(signal.SIGINT)
            server.wait(240)
        shutil.rmtree(folder)


Ask = Callable[..., dict[str, Said | Unknown]]


def asking_instead(monkeypatch: pytest.MonkeyPatch, sql: str) -> None:
    """Let another question stand where the database's age is asked for."""
    ours, text = QUESTIONS[CLUSTER_PROBE.name], scripts.text
    monkeypatch.setattr(scripts, "text", lambda name: sql if name == ours else text(name))


EVERYTHING = frozenset({*QUESTIONS, TRIES})


@contextmanager
def no_forward(host: str, port: int) -> Iterator[int | None]:
    raise AssertionError("nobody asked for ssh")
    yield None


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """Ask a URL, with what may be declared of it."""

    def asked(url: str, wanted: frozenset[str] = frozenset(QUESTIONS), role: str = "zebu_app", **more: Any) -> Any:
        (tmp_path / "url").write_text(f"{url}\n")
        declared = {"url_file": "url", **{key: value for key, value in more.items() if key == "through"}}
        settings = Settings.model_validate({"database": declared, "folder": tmp_path})
        answers = ask_database(settings, wanted, role, more.get("forward", no_forward))
        assert answers.keys() == wanted
        for answer in answers.values():
            assert PASSWORD not in str(answer)
            assert quote(PASSWORD, safe="") not in str(answer)
        return answers

    return asked


def facts(answers: dict[str, Said | Unknown]) -> dict[str, Any]:
    heads = Said(
        0, "@file a.py\n@line revision = 'abc123'\n@line down_revision = None\n@line def downgrade():\n@line   drop()\n"
    )
    gathered = Gathered({"zebu.host": Said(0, "role=zebu_app\n"), "migrations.heads": heads, **answers})
    target = Target(name="here", host=Host(), settings=Settings())
    return {name: ALL[name].read(gathered, target) for name in ("database", "database_role", "migrations", "cluster")}


def test_the_answers_are_those_of_the_batch(cluster: Cluster, ask: Ask) -> None:
    """The same SQL by psql and directly: the same facts, whole."""
    by_psql: dict[str, Said | Unknown] = {
        STATE_PROBE.name: Said(0, cluster.ask(scripts.text(QUESTIONS[STATE_PROBE.name]), role="zebu_app")),
        CLUSTER_PROBE.name: Said(0, cluster.ask(scripts.text(QUESTIONS[CLUSTER_PROBE.name]))),
    }
    direct = ask(cluster.url("postgres"))
    assert isinstance(direct[STATE_PROBE.name], Said), direct
    expected, found = facts(by_psql), facts(direct)
    for name in ("database_role", "migrations", "cluster"):
        assert isinstance(found[name], Known)
        assert found[name] == expected[name]
    mine, theirs = need(found["database"]), need(expected["database"])
    assert replace(mine, tables=(), clients=0) == replace(theirs, tables=(), clients=0)
    assert [table.name for table in mine.tables] == [table.name for table in theirs.tables]
    assert mine.hba
    assert mine.overridden("synchronous_commit") == (Override("zebu_app", "synchronous_commit", "off", "zebu_app"),)
    assert mine.is_hba_unloaded is False
    assert need(found["migrations"]).applied == ("abc123",)


def test_a_monitoring_role_sees_enough(cluster: Cluster, ask: Ask) -> None:
    """What only a superuser may see is unknown, each for itself."""
    answers = ask(cluster.url("watcher"))
    found = facts(answers)
    seen = need(found["database"])
    assert seen.hba == ()  # the item says that pg_hba.conf could not be read
    assert seen.is_hba_unloaded is None
    assert seen.has_launcher
    assert seen.clients >= 1
    assert {table.name for table in seen.tables} == {"alembic_version", "portfolios", "trades"}
    assert need(found["database_role"]).name == "zebu_app"
    assert need(found["migrations"]).applied == ("abc123",)
    assert isinstance(found["cluster"], Unknown)
    assert found["cluster"].reason is Reason.NO_PERMISSION
    assert "pg_stat_file" in found["cluster"].detail


@pytest.mark.hostile("services")
def test_what_a_role_may_not_see_is_never_nothing(cluster: Cluster, ask: Ask) -> None:
    answer = ask(cluster.url("stranger"))[STATE_PROBE.name]
    assert isinstance(answer, Unknown)
    assert answer.reason is Reason.NO_PERMISSION
    assert "GRANT pg_monitor" in answer.detail


def test_a_table_that_may_not_be_read_is_named(cluster: Cluster, ask: Ask) -> None:
    """It takes nothing with it but what it would tell, and need not be in the search path."""
    found = facts(ask(cluster.url("blinkered")))
    assert isinstance(found["database"], Known)
    answer = found["migrations"]
    assert isinstance(answer, Unknown)
    assert answer.reason is Reason.NO_PERMISSION
    assert "alembic_version in the schema public" in answer.detail
    cluster.ask("GRANT SELECT ON alembic_version TO blinkered;")
    try:
        assert need(facts(ask(cluster.url("blinkered")))["migrations"]).applied == ("abc123",)
    finally:
        cluster.ask("REVOKE SELECT ON alembic_version FROM blinkered;")


def test_without_the_backends_role_there_is_no_state(cluster: Cluster, ask: Ask) -> None:
    answers = ask(cluster.url("postgres"), role="")
    assert isinstance(answers[STATE_PROBE.name], Unknown)
    assert isinstance(answers[CLUSTER_PROBE.name], Said)
    found = facts(ask(cluster.url("postgres"), role="nobody'; DROP TABLE trades; --"))
    assert isinstance(found["database_role"], Unknown)
    assert isinstance(found["database"], Known)


@pytest.mark.parametrize("statement", ["CREATE TABLE mine (id int)", "DELETE FROM alembic_version RETURNING 1"])
@pytest.mark.hostile("services")
def test_nothing_can_be_written(statement: str, cluster: Cluster, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    asking_instead(monkeypatch, statement)
    answer = ask(cluster.url("postgres"), frozenset({CLUSTER_PROBE.name}))[CLUSTER_PROBE.name]
    assert answer == Unknown(Reason.UNDECIDABLE, "the declared database: ReadOnlySqlTransaction")
    assert cluster.ask("SELECT count(*) FROM alembic_version;") == "1\n"


@pytest.mark.hostile("services")
def test_each_question_has_its_time(cluster: Cluster, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "STATEMENT_SECONDS", 0.3)
    asking_instead(monkeypatch, "SELECT pg_sleep(30)")
    answers = ask(cluster.url("postgres"))
    assert getattr(answers[CLUSTER_PROBE.name], "reason", None) is Reason.TIMED_OUT
    assert isinstance(answers[STATE_PROBE.name], Said)


@pytest.mark.hostile("services")
def test_a_server_that_falls_silent_is_cut_off(cluster: Cluster, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own limit does not help where the server, or the way to it, has stopped."""
    monkeypatch.setattr(database, "SILENT_SECONDS", 0.5)
    asking_instead(monkeypatch, "SELECT pg_sleep(300)")
    answers = ask(cluster.url("postgres"))
    assert [getattr(answer, "reason", None) for answer in answers.values()] == [Reason.UNREACHABLE] * 2


@pytest.mark.hostile("services")
def test_a_huge_answer_is_refused(cluster: Cluster, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    asking_instead(monkeypatch, "SELECT repeat('x', 300000)")
    answer = ask(cluster.url("postgres"))[CLUSTER_PROBE.name]
    assert isinstance(answer, Unknown)
    assert answer.reason is Reason.GARBLED


@pytest.mark.hostile("services")
def test_what_the_server_says_is_plain_and_holds_no_secret(
    cluster: Cluster, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking_instead(monkeypatch, f"SELECT E'a\\x1b[31mb {PASSWORD}'")
    answer = ask(cluster.url("postgres"))[CLUSTER_PROBE.name]
    assert answer == Said(0, "ab [redacted]\n")


def test_passwords_are_tried_where_it_is(cluster: Cluster, ask: Ask) -> None:
    target = Target(name="here", host=Host(), settings=Settings.model_validate({"database": {"url_file": "url"}}))

    def tried(user: str, password: str) -> Any:
        answers = ask(cluster.url(user, password), frozenset({TRIES}))
        return need(ALL["database_password"].read(Gathered(answers), target))

    safe, lazy = tried("watcher", PASSWORD), tried("lazy", "docker")
    assert (safe.wrong, safe.default) == ("refused", "refused")
    assert (lazy.wrong, lazy.default) == ("refused", "accepted")
    assert safe.right == "unclear"  # the value of .env does not leave its machine, which alone can try it
    said = Said(0, "right accepted\nwrong refused\nadmin-right accepted\nadmin-wrong accepted\n")
    both = Gathered({"postgres.login": said, TRIES: Said(0, "wrong=refused\ndefault=refused\n")})
    found = need(ALL["database_password"].read(both, target))
    assert (found.right, found.wrong, found.default) == ("accepted", "refused", "refused")


@pytest.mark.parametrize(
    ("url", "reason", "why"),
    [
        ("postgresql://watcher:wrong-canary@127.0.0.1:{port}/postgres", Reason.NO_PERMISSION, "the login was refused"),
        ("postgresql://watcher:{password}@127.0.0.1:{port}/elsewhere", Reason.MISSING, "no such database"),
        ("postgresql://watcher:{password}@127.0.0.1:{port}/postgres?sslmode=require", Reason.UNREACHABLE, "TLS"),
        ("postgresql://watcher:{password}@127.0.0.1:{closed}/postgres", Reason.UNREACHABLE, "nothing answers"),
        ("postgresql://watcher:{password}@name.invalid/postgres", Reason.UNREACHABLE, "does not resolve"),
        ("postgresql://watcher:{password}@[::1/postgres", Reason.NOT_CONFIGURED, "holds no postgresql:// URL"),
        ("mysql://watcher:{password}@127.0.0.1/a", Reason.NOT_CONFIGURED, "holds no postgresql:// URL"),
        ("host=127.0.0.1 password={password}", Reason.NOT_CONFIGURED, "holds no postgresql:// URL"),
        ("", Reason.NOT_CONFIGURED, "database.url_file cannot be read"),
    ],
)
@pytest.mark.hostile("services")
def test_why_it_cannot_be_asked(url: str, reason: Reason, why: str, cluster: Cluster, ask: Ask) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        closed = free.getsockname()[1]
    text = url.format(port=cluster.port, closed=closed, password=quote(PASSWORD, safe=""))
    answers = ask(text, EVERYTHING)
    for answer in answers.values():
        assert isinstance(answer, Unknown)
        assert (answer.reason, why in answer.detail) == (reason, True), answer
        assert "canary" not in answer.detail


def test_a_url_of_sqlalchemys_shape_is_understood(cluster: Cluster, ask: Ask) -> None:
    url = cluster.url("postgres").replace("postgresql://", "postgresql+asyncpg://")
    assert isinstance(ask(url)[CLUSTER_PROBE.name], Said)


@pytest.mark.hostile("services")
def test_a_file_that_is_not_there_is_unknown(tmp_path: Path) -> None:
    settings = Settings.model_validate({"database": {"url_file": "nowhere"}, "folder": tmp_path})
    answer = ask_database(settings, frozenset(QUESTIONS), "zebu_app", no_forward)[STATE_PROBE.name]
    assert answer == Unknown(Reason.NOT_CONFIGURED, "the declared database: database.url_file cannot be read")


def test_through_ssh_it_is_the_machines_address_that_is_asked(cluster: Cluster, ask: Ask) -> None:
    """As the machine sees it: here a name that nobody else knows leads to the cluster."""
    asked: list[tuple[str, int]] = []

    @contextmanager
    def forward(host: str, port: int) -> Iterator[int | None]:
        asked.append((host, port))
        yield cluster.port
        asked.append(("closed", 0))

    url = cluster.url("postgres").replace(f"127.0.0.1:{cluster.port}", "db.invalid:6432")
    assert isinstance(ask(url, through="ssh", forward=forward)[STATE_PROBE.name], Said)
    assert asked == [("db.invalid", 6432), ("closed", 0)]
    asked.clear()
    ask(f"postgresql://postgres:{quote(PASSWORD, safe='')}@/postgres", through="ssh", forward=forward)
    assert asked[0] == ("localhost", 5432)


@pytest.mark.hostile("services")
def test_where_ssh_forwards_nothing_the_database_is_unknown(cluster: Cluster, ask: Ask) -> None:
    @contextmanager
    def refused(host: str, port: int) -> Iterator[int | None]:
        yield None

    answer = ask(cluster.url("postgres"), through="ssh", forward=refused)[STATE_PROBE.name]
    assert isinstance(answer, Unknown)
    assert "ssh opens no port" in answer.detail


@pytest.mark.hostile("services")
def test_a_forwarded_port_that_leads_nowhere_is_unknown(ask: Ask) -> None:
    """So it is where sshd forbids forwarding: the port opens here, and closes once it is used."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def hang_up() -> None:
            server.accept()[0].close()

        threading.Thread(target=hang_up, daemon=True).start()

        @contextmanager
        def forward(host: str, at: int) -> Iterator[int | None]:
            yield port

        answer = ask("postgresql://a:b@db.invalid/a?sslmode=disable", through="ssh", forward=forward)
    found = answer[STATE_PROBE.name]
    assert isinstance(found, Unknown)
    assert found.reason is Reason.UNREACHABLE
    assert "AllowTcpForwarding" in found.detail


def test_what_is_asked_directly_is_not_asked_in_a_container() -> None:
    wanted = {"postgres.state", "postgres.login", "sockets"}
    assert gathering.questions_of(wanted) == {"postgres.state", TRIES}
    assert gathering.questions_of({"sockets"}) == frozenset()


@pytest.mark.hostile("services")
def test_the_drivers_own_error_is_never_shown(cluster: Cluster, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*_: object) -> None:
        raise ValueError(f"in {cluster.url('postgres')}")

    monkeypatch.setattr(psycopg2, "connect", connect)
    answer = ask(cluster.url("postgres"))[STATE_PROBE.name]
    assert answer == Unknown(Reason.UNDECIDABLE, "the declared database: ValueError")


@pytest.mark.parametrize("text", [
    'Passwort-Authentifizierung für Benutzer »app« fehlgeschlagen', "authentification par mot de passe échouée pour l'utilisateur  « app »", "la autentificación password falló para el usuario «app»",
    'autenticazione con password fallita per l\'utente "app"', 'autenticação do tipo senha falhou para o usuário "app"', 'пользователь "app" не прошёл проверку подлинности (по паролю)',
    'користувач "app" не пройшов автентифікацію за допомогою пароля', 'autoryzacja hasłem nie powiodła się dla użytkownika "app"', 'Lösenordsautentisering misslyckades för användare "app"',
    'ユーザ"app"のパスワード認証に失敗しました', '사용자 "app"의 password 인증을 실패했습니다', '用户 "app" Password 认证失败', '用户 "app" 的密码认证失败', '密碼驗證使用者 "app" 失敗',
    'password gagal diotentikasi untuk pengguna  « app »', 'პაროლით ავთენტიფიკაცია მომხმარებლისთვის "app" ვერ მოხერხდა', 'password authentication failed for user "app"', "SASL authentication failed",
])  # fmt: skip
@pytest.mark.hostile("services")
def test_a_refusal_is_understood_in_every_language(text: str) -> None:
    assert database._complaint(psycopg2.OperationalError(f"FATAL:  {text}")) == (
        Reason.NO_PERMISSION,
        "the login was refused",
    )


@pytest.mark.parametrize(("text", "reason"), [
    ('Datenbank »zebu« existiert nicht', Reason.MISSING), ("la base de données « zebu » n'existe pas", Reason.MISSING), ('"app" 롤(role) 없음', Reason.MISSING), ('数据库 "zebu" 不存在', Reason.MISSING),
    ("kein pg_hba.conf-Eintrag für Host »10.0.0.1«", Reason.NO_PERMISSION), ("в pg_hba.conf нет записи для компьютера", Reason.NO_PERMISSION), ("etwas ganz anderes", Reason.UNREACHABLE),
])  # fmt: skip
@pytest.mark.hostile("services")
def test_other_complaints_in_other_languages(text: str, reason: Reason) -> None:
    assert database._complaint(psycopg2.OperationalError(text))[0] is reason


def test_who_has_no_home_has_no_file_of_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(number: int) -> pwd.struct_passwd:
        raise KeyError(number)

    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    assert database._neutral({})["passfile"] == ""
    monkeypatch.setenv("HOME", "/home/operations")
    assert database._neutral({})["passfile"] == "/home/operations/.pgpass"
