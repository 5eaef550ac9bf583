"""The probes' scripts, as far as it can be told without a machine to ask: some are run here, with stand-ins for what they ask."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import socket
import socketserver
import subprocess
import sys
import threading
import time
import venv
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any, ClassVar

import pytest

from pytest_zebu.facts import ALL, scripts, trials
from pytest_zebu.facts.answer import Said
from pytest_zebu.facts.fact import WITHIN, Need, Probe
from pytest_zebu.facts.http import PROTECTED
from pytest_zebu.gather.ssh import program
from tests.facts.daemon import Daemon, frame, frames, told
from tests.facts.daemon import container as inspected
from tests.facts.within import said_within

FOLDER = Path(str(resources.files(scripts)))
SHELL = sorted(path.name for path in FOLDER.glob("*.sh"))
PERL = sorted(path.name for path in FOLDER.glob("*.pl"))
SQL = sorted(path.name for path in FOLDER.glob("*.sql"))
PYTHON = sorted(path.name for path in FOLDER.glob("*.python"))
PROBES = {probe.name: probe for fact in ALL.values() for probe in fact.probes} | {
    probe.name: probe for probe in trials.RestoreTrial().probes
}


def complaints(perl: str) -> str:
    """What perl says of a program, without running it."""
    done = subprocess.run(["perl", "-c", "-"], input=perl + "\n__END__\n", capture_output=True, text=True, check=False)
    return "\n".join(line for line in done.stderr.splitlines() if line != "- syntax OK")


def test_shellcheck_has_no_complaint() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("shellcheck"), "--shell=sh", "--format=gcc", *SHELL],
        cwd=FOLDER, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize("name", [name for name in PERL if name != "json.pl"])
def test_perl_has_no_complaint(name: str) -> None:
    assert complaints(scripts.joined("json.pl", name)) == ""


def test_perl_has_no_complaint_about_the_far_side() -> None:
    assert complaints(program().decode()) == ""


@pytest.mark.parametrize("name", [*SHELL, *PERL, *PYTHON])
def test_each_says_first_what_it_tells(name: str) -> None:
    lines = scripts.text(name).splitlines()
    assert lines[0].startswith("# ")
    assert len(lines[0]) > 10


@pytest.mark.parametrize("name", PERL)
def test_perl_is_strict(name: str) -> None:
    text = scripts.text(name)
    assert "\nuse strict;\n" in text
    assert "\nuse warnings;\n" in text


def test_every_file_is_used_and_every_probe_has_one() -> None:
    used = {name for probe in PROBES.values() for name in (probe.file, *probe.uses, probe.within)} - {""}
    assert used | {WITHIN} == {*SHELL, *PERL, *SQL, *PYTHON}
    assert all(probe.file or probe.within for probe in PROBES.values())


def test_a_probe_needs_what_its_script_takes_from_discovery() -> None:
    """What is not there would be an empty word in the script."""
    optional = {
        "postgres.login": {"DB_ADMIN"},
        "logs": {"APP_DIR"},
    }  # asked for only where they are there
    implied = {"DB_ADMIN": "DB_CONTAINER", "DB_NAME": "DB_CONTAINER"}
    for probe in PROBES.values():
        # docker.pl is asked for containers of the project, of another one, or of all.
        shared = scripts.text("docker.pl")
        text = (probe.text + probe.program + "".join(probe.environment.values())).replace(shared, "")
        if re.search(r"docker_(?:list|containers)\((?!every)", text) and "ENV{ZEBU_PROJECT} =" not in text:
            assert Need.PROJECT in probe.needs, probe.name
        for name in [*Need.__members__, *implied]:
            if f"ZEBU_{name}" in text.replace("ENV{ZEBU_PROJECT} =", "") and name not in optional.get(probe.name, ()):
                assert Need[implied.get(name, name)] in probe.needs, (probe.name, name)


def test_a_program_within_a_container_is_told_what_it_takes_from_its_environment() -> None:
    """Nothing else of the machine's, and no more than a pipe holds beside the values."""
    within = [probe for probe in PROBES.values() if probe.within]
    assert len(within) > 2
    for probe in within:
        told = {name for other in within if other.within == probe.within for name in other.told}
        assert set(re.findall(r"(?:ZEBU|DOTENV)_[A-Z_]+", probe.program)) == told, probe.name
        own = {f"ZEBU_{name}" for name in probe.environment}
        assert {name for name in probe.told if name.startswith("ZEBU_")} <= own | {"ZEBU_DB_ADMIN"}
        assert probe.dotenv or not any(name.startswith("DOTENV_") for name in probe.told)
    values = sum(name.removeprefix("ZEBU_") not in probe.environment for probe in within for name in probe.told)
    assert sum(len(probe.program) + len(str(probe.environment)) + 500 for probe in within) + 8192 * values < 65_536


def test_programs_within_a_container_are_kept_apart() -> None:
    """What one says, how it ends, and what it changes is its own."""
    said = said_within(programs=(
        "import os\nos.environ['X'] = '1'\nprint('p1 0 1 2 3')", "import os, sys\nprint(os.environ.get('X'))\nsys.exit(7)", "raise ValueError('canary')", "import os\nos.kill(os.getpid(), 9)",
        "print('x' * 2000)", "import sys\nsys.stderr.write('e' * 9000)\nprint('ended')", "this is no program", "import sys\nsys.exit('why')", "import os\nprint(os.read(0, 9), os.nice(0))",
    ))  # fmt: skip
    assert said["p0"] == Said(0, "p1 0 1 2 3\n")
    assert said["p1"] == Said(7, "None\n")
    assert said["p2"] == Said(1, "", "ValueError")
    assert said["p3"].status == 137
    assert said["p4"].out == "x" * 1000
    assert said["p5"] == Said(0, "ended\n", "e" * 4096)
    assert said["p6"] == Said(1, "", "SyntaxError")
    assert said["p7"].status == 1
    assert said["p8"] == Said(0, "b'' 19\n")


def test_parts_stand_in_front_or_in_the_environment() -> None:
    shell = Probe("one", file="history.sh", uses=("git.sh", "history.pl"))
    assert shell.interpreter == "sh"
    assert shell.text == scripts.text("git.sh") + "\n" + scripts.text("history.sh")
    assert shell.environment == {"PERL": scripts.text("history.pl")}
    perl = Probe("two", file="compose.pl", uses=("json.pl", "git.sh"), values=(("A", "b"),))
    assert perl.interpreter == "perl"
    assert perl.text == scripts.text("json.pl") + "\n" + scripts.text("compose.pl")
    assert perl.environment == {"A": "b", "SH": scripts.text("git.sh")}


@pytest.mark.parametrize(("text", "shown"), [
    ('{"a": [1, true, null, "x"], "b": {}}', "a=1,true,-,x b="),
    (' { "\\u00fc\\n" : [ ] , "c" : "q\\"\\\\" } ', 'c=q"\\ \u00fc\n='),
])  # fmt: skip
def test_json_is_read_in_perl(text: str, shown: str) -> None:
    program = (
        scripts.text("json.pl")
        + """my $got = read_json($ARGV[0]);
        print join ' ', map { my $v = $got->{$_};
          "$_=" . (ref $v eq 'ARRAY' ? join ',', map { $_ // '-' } @$v : ref $v ? join ',', %$v : $v) } sort keys %$got;"""
    )
    done = subprocess.run(["perl", "-e", program, text], capture_output=True, check=True)
    assert done.stdout.decode() == shown


@pytest.mark.parametrize("text", ["", "{", '{"a" 1}', "[1, ", '"open'])
def test_what_is_no_json_is_refused_in_perl(text: str) -> None:
    program = scripts.text("json.pl") + "read_json($ARGV[0]); print 'read';"
    done = subprocess.run(["perl", "-e", program, text], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("", "no JSON\n")


Run = Callable[..., subprocess.CompletedProcess[str]]
DAEMON = ("json.pl", "docker.pl", "docker-logs.pl", "docker-top.pl")
"""The parts of scripts that ask Docker's daemon, besides those that all have."""


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a script with commands of these texts on the path, in front of the real ones."""

    def made(
        *parts: str, commands: Mapping[str, str] | None = None, stdin: str = "", **values: str
    ) -> subprocess.CompletedProcess[str]:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        for name, text in (commands or {}).items():
            (folder / name).write_text(f"#!/bin/sh\n{text}\n")
            (folder / name).chmod(0o755)
        environment = {
            "PATH": f"{folder}:{os.environ['PATH']}",
            "ZEBU_DOCKER_SOCKET": os.environ.get("ZEBU_DOCKER_SOCKET", "/nonexistent/docker.sock"),
            "ZEBU_PROJECT": "zebu",
            **{f"ZEBU_{name}": text for name, text in values.items()},
        }
        kind, shared = (["perl", "-e"], "quiet.pl") if parts[-1].endswith(".pl") else (["sh", "-c"], "quiet.sh")
        return subprocess.run(
            [*kind, scripts.joined(shared, *parts)], input=stdin, capture_output=True, text=True, env=environment, check=False, cwd=tmp_path,
        )  # fmt: skip

    return made


@pytest.mark.parametrize(("log", "status", "out"), [
    ("fine", 200, "0\n"), ("QueuePool limit of size 5\nfine\nsorry, too many clients already", 200, "2\n"), ("", 200, "0\n"),
    ("too many clients already: QueuePool limit of size 5\n" * 9, 200, "9\n"), ("QueuePool limit of size 5", 501, ""), (b"no pieces", 200, ""), ("fine", 404, ""),
])  # fmt: skip
def test_a_log_that_cannot_be_read_counts_nothing(
    log: str | bytes, status: int, out: str, run: Run, daemon: Daemon
) -> None:
    backend = inspected("backend")
    daemon.has(backend)
    daemon.logs(backend, log, status)
    done = run(*DAEMON, "backend-pool.pl", BACKEND_CONTAINER=backend["Id"])
    assert (done.stdout, done.returncode) == (out, 0 if out else 5)
    assert 86_390 < time.time() - float(daemon.asked[-1].partition("since=")[2]) < 86_700


AT = "2026-11-26T09:00:0"


def access(log: str, run: Run, daemon: Daemon, status: int = 200) -> str:
    """What is said of signed-in users' requests by a backend's log."""
    backend = inspected("backend")
    daemon.has(backend)
    daemon.logs(backend, log, status)
    return run(*DAEMON, "signed-in.pl", BACKEND_CONTAINER=backend["Id"], PROTECTED=PROTECTED).stdout


@pytest.mark.parametrize(("line", "counted"), [
    ('INFO:     172.18.0.5:4 - "GET /api/v1/portfolios HTTP/1.1" 200 OK', "answered"), ('INFO:  [::1]:4 - "POST /api/v1/portfolios/7/trades?a=b HTTP/1.1" 201', "answered"),
    ('172.18.0.5 - - [26/Nov/2026:09:00:00 +0000] "GET /api/v1/portfolios HTTP/1.1" 200 12 "-" "curl"', "answered"), ('\x1b[32mINFO\x1b[0m: 1.2.3.4:5 - "\x1b[1mGET /api/v1/portfolios HTTP/1.1\x1b[0m" \x1b[32m200 OK\x1b[0m', "answered"),
    ('{"request_path": "/api/v1/portfolios", "request_method": "GET", "event": "Request completed", "status_code": 200}', "answered"),
    ('{"http":{"request":{"method":"GET"},"response":{"status_code":204}},"url":{"path":"/api/v1/portfolios/1"}}', "answered"),
    ('INFO: x - "GET /api/v1/portfolios HTTP/1.1" 500 Internal Server Error', "broken"), ('{"path":"/api/v1/portfolios","method":"GET","status":503}', "broken"),
    ("2026-11-26T09:00:00Z [info     ] Request completed              [zebu.main] client_ip=1.2.3.4 method=GET path=/api/v1/portfolios status_code=200", "answered"),
    ("\x1b[2m2026-11-26 09:00:00\x1b[0m [\x1b[32m\x1b[1minfo     \x1b[0m] \x1b[1mrequest_finished              \x1b[0m \x1b[36mrequest_method\x1b[0m=\x1b[35mPOST\x1b[0m \x1b[36mrequest_path\x1b[0m=\x1b[35m/api/v1/portfolios/7\x1b[0m \x1b[36mstatus\x1b[0m=\x1b[35m500\x1b[0m", "broken"),
    ("[info] HTTP request completed method='GET' path='/api/v1/portfolios?a=b' referer='x y' status=200 time=0.013", "answered"),
    ('{"level": "info", "logger": "uvicorn.access", "message": "172.18.0.5:4 - \\"GET /api/v1/portfolios HTTP/1.1\\" 200"}', "answered"), ('{"event": "[::1]:4 - \\"GET /api/v1/portfolios/1?a=b HTTP/1.1\\" 502 Bad Gateway", "name": "uvicorn.access"}', "broken"),
    # Preflights, refusals, other addresses, and what strangers write into a line
    ("2026-11-26T09:00:00Z [info     ] Request completed method=OPTIONS path=/api/v1/portfolios status_code=200", ""), ("[info     ] Request completed method=GET path=/api/v1/portfolios status_code=401", ""),
    ("[info     ] Request completed method=GET path=/api/v1/portfolios-public status_code=200", ""), ("[info     ] Request completed agent=x path=/api/v1/portfolios method=GET path=/health status_code=200", ""),
    ("[info     ] Request completed agent=x status=200 method=GET path=/api/v1/portfolios status_code=401", ""), ("[info     ] Login failed for x method=GET path=/api/v1/portfolios status_code=200", ""), ("x method=GET path=/api/v1/portfolios status_code=200", ""),
    ("[info     ] Request completed agent='a path=/b' method=GET path=/api/v1/portfolios status_code=200", ""), ("[info     ] Request started method=GET path=/api/v1/portfolios status_code=200", ""), ("[info     ] Request completed method=GET path=/api/v1/portfolios", ""),
    ('{"logger": "app", "message": "1.2.3.4:4 - \\"GET /api/v1/portfolios HTTP/1.1\\" 200"}', ""), ('{"message": "1.2.3.4:4 - \\"GET /api/v1/portfolios HTTP/1.1\\" 200"}', ""),
    ('{"logger": "app", "body": {"logger": "uvicorn.access", "message": "1.2.3.4:4 - \\"GET /api/v1/portfolios HTTP/1.1\\" 200"}}', ""), ('{"logger": "uvicorn.access", "message": "1.2.3.4:4 - \\"GET /x HTTP/1.1\\" 404 - \\"GET /api/v1/portfolios HTTP/1.1\\" 200"}', ""),
    ('{"url": "http://x/api/v1/portfolios?/health", "method": "GET", "status": 200}', ""),
    ('INFO: x - "OPTIONS /api/v1/portfolios HTTP/1.1" 200 OK', ""), ('INFO: x - "GET /api/v1/portfolios HTTP/1.1" 401 Unauthorized', ""), ('{"path":"/api/v1/portfolios","status":200}', ""),
    ('INFO: x - "GET /api/v1/portfolios-public HTTP/1.1" 200 OK', ""), ('INFO: x - "GET /api/v1/prices/IBM HTTP/1.1" 200 OK', ""), ('{"path":"/api/v1/portfoliosx","method":"GET","status":200}', ""),
    ('1.2.3.4 - x "GET /api/v1/portfolios HTTP/1.1" 200 [d] "GET / HTTP/1.1" 401 3', ""), ('{"path":"/x\\"path\\":\\"/api/v1/portfolios","method":"GET","status":200}', ""),
    ('1.2.3.4 - - "GET / HTTP/1.1" 200 3 "-" "GET /api/v1/portfolios HTTP/1.1 200"', ""), ("{", ""),
])  # fmt: skip
def test_which_requests_of_signed_in_users_a_log_has(line: str, counted: str, run: Run, daemon: Daemon) -> None:
    said = access(f"{AT}0.1Z before\n{AT}1.5Z {line}\n{AT}2.5Z {line}\nno time\n", run, daemon)
    lines = {word: f"@{word} 2 {AT}2.5Z" if word == counted else f"@{word} 0" for word in ("answered", "broken")}
    assert said == f"{lines['answered']}\n{lines['broken']}\n@cut no\n@status 0\n"


def test_a_line_that_not_always_names_its_request_is_a_strangers(run: Run, daemon: Daemon) -> None:
    """What a program does not say itself, in each of its lines, may be said for it by a header."""
    forged = (
        f"{AT}1.5Z [info     ] Request completed correlation_id=x method=GET path=/api/v1/portfolios status_code=200"
    )
    for genuine in (
        "correlation_id=7 status_code=200",
        "method=GET path=/x",
        "method=GET status_code=404 url=http://a/x",
    ):
        said = access(f"{AT}0.5Z [info     ] Request completed {genuine}\n{forged}\n", run, daemon)
        assert said == "@answered 0\n@broken 0\n@cut no\n@status 0\n"


def test_a_log_of_users_that_cannot_be_read_says_so(run: Run, daemon: Daemon) -> None:
    for status in (404, 501):
        assert access("", run, daemon, status).split("\n")[-3:-1] == ["@cut no", "@status 1"]
    backend = inspected("backend")
    pieces = frame(f"{AT}1.5Z x\n" * 2000) * 100

    def endless(line: socket.socket, asked: str) -> None:
        line.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            line.sendall(pieces)

    daemon.answers[f"/containers/{backend['Id']}/logs"] = endless
    done = run(*DAEMON, "signed-in.pl", BACKEND_CONTAINER=backend["Id"], PROTECTED=PROTECTED)
    assert done.stdout.split("\n")[-3:-1] == ["@cut yes", "@status 0"]


INSPECTED = """@@ aaa 10 sbackend oFalse /zebu-backend-1 backend aaa
DATABASE_URL=postgresql+asyncpg://a:p%40w@pool:6432/zebu?x=1
DB_POOL_SIZE= +10
DB_MAX_OVERFLOW=ten
POOL_EMPTY=
WEB_CONCURRENCY=1_0
PATH=/x

@@ bbb 20 sworker oFalse /zebu-worker-1 worker
DATABASE_URL=postgresql+asyncpg://a:p%40w@pool:6432/zebu?x=1

@@ ccc 30 spgbouncer oFalse /zebu-pgbouncer-1 pgbouncer pool
DATABASE_URL=postgres://a:x@db/zebu

@@ ddd 40 sjob oTrue /zebu-job-1 pool

"""
POOLER = r"""[ "$1 $2 $3 $4" = "exec cccccccccccc cat /etc/pgbouncer/my.ini" ] && printf '[databases]\n* = host=db user=x password=canary pool_size=7\n[pgbouncer]\n;max_client_conn = 1\ndefault_pool_size = 15\nauth_file=/x\n'"""
TITLES = ("PID", "PPID", "COMMAND")
PROCESSES = {"aaa": "10 1 uvicorn x", "ccc": "30 1 /usr/bin/pgbouncer /etc/pgbouncer/my.ini"}


def workers(text: str, run: Run, daemon: Daemon, command: str = "python worker.py") -> list[str]:
    """What is said of who opens connections, as `PID PPID COMMAND` of each process."""
    ones = []
    for block in text.split("@@ ")[1:]:
        head, *env = block.split("\n")
        name, pid, service, oneoff, called, *aliases = head.split(" ")
        one = inspected(
            service[1:], env=tuple(filter(None, env)), labels={"com.docker.compose.oneoff": oneoff[1:]}, Id=name * 4, Name=called, State={"Pid": int(pid)},
            NetworkSettings={"Networks": {"a": {"Aliases": aliases}, "b": {"Aliases": None}}},
        )  # fmt: skip
        ones.append(one)
    daemon.has(*ones)
    for one in ones:
        row = PROCESSES.get(one["Id"][:3], f"{one['State']['Pid']} 1 {command}")
        daemon.top(one, tuple(row.split(" ", 2)), titles=TITLES)
    done = run(*DAEMON, "backend-workers.pl", commands={"docker": POOLER}, BACKEND_CONTAINER="aaa" * 4)
    assert "canary" not in done.stdout + done.stderr
    assert done.returncode == 0
    assert all(asked.endswith("/top?ps_args=-eo pid,ppid,args") for asked in daemon.asked if "/top" in asked)
    return [" ".join(line.split()) for line in done.stdout.splitlines()]


def test_who_opens_connections_and_no_secret(run: Run, daemon: Daemon) -> None:
    assert workers(INSPECTED, run, daemon) == [
        "@number DB_POOL_SIZE +10", "@number DB_MAX_OVERFLOW ?", "@number WEB_CONCURRENCY 10",
        "@container 10 backend", "PID PPID COMMAND", "10 1 uvicorn x", "@beside 20 worker", "PID PPID COMMAND", "20 1 python worker.py",
        "@door 30 pgbouncer", "PID PPID COMMAND", "30 1 /usr/bin/pgbouncer /etc/pgbouncer/my.ini",
        "@pooler pool_size 7", "@pooler read yes", "@pooler default_pool_size 15",
    ]  # fmt: skip


@pytest.mark.parametrize(("address", "leads"), [
    ("DATABASE_URL=postgresql://a:b@POOL/x", True), ("DATABASE_URL=postgresql://a:b@pool", True), ("DATABASE_URL=postgresql://pool:5432/x", True), ("POSTGRES_HOST=pool", True), ("PGHOST=pool", True),
    ("DATABASE_URL=postgresql://a:b@pool.example/x", False), ("DATABASE_URL=postgresql://pool:b@db/x", False), ("POSTGRES_HOST=poo", False), ("X=1", False),
])  # fmt: skip
def test_what_the_databases_address_leads_to(address: str, leads: bool, run: Run, daemon: Daemon) -> None:
    text = INSPECTED.replace("DATABASE_URL=postgresql+asyncpg://a:p%40w@pool:6432/zebu?x=1", address, 1)
    lines = workers(text, run, daemon)
    assert ("@door 30 pgbouncer" in lines) is leads
    assert "@beside 20 worker" not in lines


def test_processes_are_told_as_docker_top_shows_them(run: Run, daemon: Daemon) -> None:
    backend = inspected("backend", labels={"com.docker.compose.project": "else"}, Id="aaa" * 4)
    daemon.has(backend, inspected("db"))
    daemon.top(backend, ("10", "1", "uvicorn\n@beside 1 x"), *[("9", "8", "y" * 999)] * 500, titles=TITLES)
    done = run(*DAEMON, "backend-workers.pl", BACKEND_CONTAINER="aaa" * 4)
    lines = done.stdout.splitlines()
    assert lines[:3] == ["@container 1 backend", "PID                 PPID                COMMAND", "10                  1                   uvicorn?@beside 1 x"]  # fmt: skip
    assert (len(lines), max(map(len, lines))) == (401, 300)
    daemon.answers[f"/containers/{backend['Id']}/top"] = told({"message": "is not running"}, 409)
    done = run(*DAEMON, "backend-workers.pl", BACKEND_CONTAINER="aaa" * 4)
    assert (done.returncode, done.stderr) == (5, "Docker's daemon answers with 409\n")


SERVER = r"""for last; do :; done
case "$*" in
*" sh -c "*) echo "$last" | sed "s,/tmp/,$PWD/tmp/,; s,/var/run/postgresql/[.]s,$PWD/run/.s,; s,..folder .port. = ./var/run/postgresql ,\"\$folder \$port\" = \"$PWD/run ," > script; PGHOST= PGPORT=$GIVEN sh script;;
*"-e PGHOST=$PWD/"*" -e PGPORT=1221 db psql "*) echo "$*" >> asked; cat; echo "|$last";;
*) echo "$*" >> asked; cat > /dev/null; echo 'psql: error: no server' >&2; exit 2;;
esac"""


@pytest.mark.parametrize(("sockets", "reached"), [
    (["run/.s.PGSQL.1221"], True), (["tmp/.s.PGSQL.1221"], True), (["run/.s.PGSQL.1221", "tmp/.s.PGSQL.1221"], True),
    (["run/.s.PGSQL.1221", "run/.s.PGSQL.5432"], False), (["run/.s.PGSQL.1221", "tmp/.s.PGSQL.1222"], False), (["run/.s.PGSQL.5432"], False), ([], False),
])  # fmt: skip
def test_the_databases_port_is_that_of_its_sockets(
    sockets: list[str], reached: bool, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("run", "tmp"):
        (tmp_path / folder).mkdir()
    for name in sockets:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(str(tmp_path / name))
        (tmp_path / f"{name}.lock").touch()
    monkeypatch.setenv("GIVEN", "")
    given = {"DB_CONTAINER": "db", "DB_ADMIN": "a b", "DB_NAME": "zebu", "APP_ROLE": "app", "SQL": "SELECT 1;"}
    done = run("psql.sh", "postgres-state.sh", commands={"docker": SERVER}, **given)
    assert (done.stdout, done.returncode) == (("SELECT 1;|-\n", 0) if reached else ("", 2))
    assert (tmp_path / "asked").read_text().count("-U a b -d zebu -v role=app -f -\n") == 1 + reached
    assert done.stderr == "psql: error: no server\n"
    parts = ("dumps.pl", "dump-contents.pl", "dump-kinds.pl")
    table = SERVER.replace('cat; echo "|$last"', "printf 'table\\tpublic.t\\t3\\t1\\n'")
    done = run(
        *parts, "backups-listing.pl", commands={"docker": table}, **given, SET_BACKUP_FOLDER=str(tmp_path / "run")
    )
    assert ("@live table 1 rows public.t" in done.stdout) is reached
    (tmp_path / "bin/docker").write_text(f"#!/bin/sh\n{SERVER}\n")
    live = (
        scripts.text("quiet.sh")
        + "there() {"
        + scripts.text("drill.sh").partition("there() {")[2].partition("\n}\n")[0]
        + '\n}\nlive -c "$0"'
    )
    done = subprocess.run(
        ["sh", "-c", live, "x"], capture_output=True, text=True, check=False, cwd=tmp_path,
        env={"PATH": f"{tmp_path}/bin:{os.environ['PATH']}", **{f"ZEBU_{name}": text for name, text in given.items()}},
    )  # fmt: skip
    assert (done.stdout, done.returncode) == (("|x\n", 0) if reached else ("", 2))


@pytest.mark.parametrize(("status", "out"), [(0, "x"), (1, "x"), (3, ""), (125, "")])
def test_a_database_that_answers_is_asked_once(status: int, out: str, run: Run, tmp_path: Path) -> None:
    docker = f"cat > given; echo once >> times; printf '%s' '{out}'; exit {status}"
    given = {"DB_CONTAINER": "db", "DB_ADMIN": "a", "DB_NAME": "zebu", "SQL": "SELECT '%s';"}
    done = run("psql.sh", "postgres-cluster.sh", commands={"docker": docker}, **given)
    assert (done.stdout, done.returncode) == (out, status)
    assert ((tmp_path / "given").read_text(), (tmp_path / "times").read_text()) == ("SELECT '%s';", "once\n")


@pytest.mark.parametrize(("own", "other", "beside"), [
    ("DATABASE_URL=postgresql+asyncpg://a:canary@db/zebu", "DATABASE_URL=postgresql+psycopg://a:canary@db/zebu", True), ("DATABASE_URL=postgresql+asyncpg://a:canary@db/zebu", "DATABASE_URL=postgres://b:canary@DB:5432/zebu?sslmode=require", True),
    ("DATABASE_URL=postgresql://a:canary@db/zebu", "POSTGRES_HOST=db\nPOSTGRES_DB=zebu", True), ("DATABASE_URL=postgresql://a:canary@db/zebu", "PGHOST=db\nPGPORT=5432", True), ("POSTGRES_HOST=db\nPOSTGRES_DB=zebu", "database_url=postgresql://a:canary@db/zebu", True),
    ("database_url=postgresql://a:canary@db/zebu", "db_host=db\ndb_name=zebu\ndb_port=5432", True), ("DATABASE_URL=postgresql://a:canary@db/zebu", "DATABASE_URL=postgresql://a:canary@zebu-db-1/zebu", True), ("DATABASE_URL=postgresql://a:canary@/zebu?host=db", "POSTGRES_HOST=db\nPOSTGRES_DB=zebu", True),
    ("DATABASE_URL=postgresql://a:canary@db.example:6000/zebu", "DATABASE_URL=postgresql+psycopg://a:canary@db.example:6000/zebu", True), ("DATABASE_URL=postgresql://a:canary@db/zebu", "DATABASE_URL=postgresql://a:canary@db/zebu#x", True),
    # Of another database, host or port, or of none
    ("DATABASE_URL=postgresql://a:canary@db/zebu", "DATABASE_URL=postgresql+psycopg://a:canary@db/wiki", False), ("DATABASE_URL=postgresql://a:canary@db/zebu", "DATABASE_URL=postgresql://a:canary@other/zebu", False), ("DATABASE_URL=postgresql://a:canary@db/zebu", "DATABASE_URL=postgresql://a:canary@db:6432/zebu", False),
    ("DATABASE_URL=postgresql://a:canary@db/zebu", "POSTGRES_DB=zebu", False), ("DATABASE_URL=postgresql://a:canary@db/zebu", "DATABASE_URL=mysql://a:canary@db/zebu", False), ("X=1", "POSTGRES_HOST=db", False), ("DATABASE_URL=postgresql://a:canary@db/zebu", "POSTGRES_HOST=db\nPOSTGRES_DB=wiki", False),
])  # fmt: skip
def test_what_means_the_same_database_is_beside(own: str, other: str, beside: bool, run: Run, daemon: Daemon) -> None:
    assert is_beside(own, other, "python worker.py", run, daemon) is beside


@pytest.mark.parametrize(("command", "is_python"), [
    ("/usr/local/bin/python3.12 -m arq x", True), ("[celeryd: celery@x:MainProcess]", True), ("celery -A x worker", True), ("node worker.js", False), ("/bin/sh /backup.sh", False), ("postgres_exporter", False), ("tail -f pythonic", False),
])  # fmt: skip
def test_what_is_no_python_has_not_the_sources_pool(command: str, is_python: bool, run: Run, daemon: Daemon) -> None:
    """Such as what makes backups, which is told the same address. One with the same text always counted."""
    url = "DATABASE_URL=postgresql+asyncpg://a:canary@db/zebu"
    assert is_beside(url, "POSTGRES_HOST=db", command, run, daemon) is is_python
    assert is_beside(url, url, command, run, daemon)


def is_beside(own: str, other: str, command: str, run: Run, daemon: Daemon) -> bool:
    """Whether a worker that is told this is beside a backend that is told that."""
    text = (
        f"@@ aaa 10 sbackend oFalse /zebu-backend-1 backend aaa\n{own}\n\n@@ bbb 20 sworker oFalse /zebu-worker-1 worker\n{other}\n\n"
        "@@ eee 50 sdb oFalse /zebu-db-1 db\nPOSTGRES_DB=zebu\n\n"
    )
    lines = workers(text, run, daemon, command)
    assert "@beside 50 db" not in lines
    if "@beside 20 worker" not in lines:
        return False
    at = lines.index("@beside 20 worker")
    assert lines[at + 1 : at + 3] == ["PID PPID COMMAND", f"20 1 {command}"]
    return True


def test_migrations_are_found_wherever_they_are(run: Run, tmp_path: Path) -> None:
    """Those of libraries, of tests and of hidden folders are none, and what alembic.ini says of the login stays."""
    for name, text in {
        "alembic.ini": "[alembic]\n script_location = db/moves\nsqlalchemy.url = postgresql://a:canary@db/x\n",
        "db/moves/env.py": 'context.configure(\n    version_table="zebu",\n    url="canary",\n)\n',
        "db/moves/versions/a b.py": "revision = 'a'\ndown_revision = None", "db/moves/versions/__init__.py": "", "zebu/main.py": "x.revision = 1\n",
        "venv/lib/a.py": "revision = 'v'\n", "tests/a.py": "revision = 't'\n", ".cache/a.py": "revision = 'h'\n", "site-packages/x/a.py": "down_revision = 's'\n",
    }.items():  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    probe = PROBES["migrations.heads"]
    *parts, script = (*probe._parts("perl"), probe.file)
    done = run(
        *parts,
        script,
        commands={"docker": 'shift 3; exec "$@"'},
        BACKEND_CONTAINER="x",
        DOCKER_SOCKET="none",
        SH=probe.environment["SH"],
    )
    assert done.stdout.splitlines() == [
        "@ini script_location = db/moves", '@env     version_table="zebu",',
        "@file ./db/moves/versions/a b.py", "@line revision = 'a'", "@line down_revision = None",
    ]  # fmt: skip


def test_lock_files_that_are_not_read_are_named(tmp_path: Path, run: Run) -> None:
    for name in (
        "uv.lock",
        "web/bun.lockb",
        "web/package-lock.json",
        "node_modules/yarn.lock",
        "vendor/composer.lock",
        "tests/fixtures/poetry.lock",
        ".worktrees/old/uv.lock",
        ".claude/worktrees/old/uv.lock",
        "a b/requirements.txt",
        "requirements/prod.txt",
        "docs/prod.txt",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text(f"text of {name}")
    (tmp_path / "pnpm-lock.yaml").write_text("@unread kind none\n")
    (tmp_path / "environment.yml").write_text("name: zebu\ndependencies:\n  - python=3.12\n")
    (tmp_path / "docs/environment.yml").write_text("APP_ENV: production\n")
    with (tmp_path / "web/package-lock.json").open("wb") as large:
        large.truncate(6_000_001)
    done = run("packages-locks.sh", APP_DIR=str(tmp_path))
    assert set(filter(None, done.stdout.split("\n"))) == {
        "@file uv.lock", "text of uv.lock", "@file a b/requirements.txt", "text of a b/requirements.txt",
        "@file requirements/prod.txt", "text of requirements/prod.txt", "@file pnpm-lock.yaml", " @unread kind none",
        "@unread kind web/bun.lockb", "@unread kind environment.yml", "@unread size web/package-lock.json",
    }  # fmt: skip
    assert done.returncode == 0


def test_what_may_watch_dependencies_is_read_whole_or_named(tmp_path: Path, run: Run) -> None:
    for name in (".github/dependabot.yml", ".github/workflows/ci.yml", ".github/workflows/notes.md", "renovate.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text(f"@file of {name}\n")
    with (tmp_path / "package.json").open("wb") as large:
        large.truncate(1_000_001)
    done = run("watchers.sh", APP_DIR=str(tmp_path))
    assert list(filter(None, done.stdout.split("\n"))) == [
        "@file .github/dependabot.yml", " @file of .github/dependabot.yml", "@file renovate.json", " @file of renovate.json",
        "@unread size package.json", "@file .github/workflows/ci.yml", " @file of .github/workflows/ci.yml",
    ]  # fmt: skip
    assert done.returncode == 0
    done = run("watchers.sh", commands={"sed": "exit 1"}, APP_DIR=str(tmp_path))
    assert "@unread failed renovate.json" in done.stdout.split("\n")


def test_a_folder_that_cannot_be_looked_into_is_told(run: Run, tmp_path: Path) -> None:
    done = run("packages-locks.sh", commands={"find": "echo '5 ./uv.lock'; exit 1"}, APP_DIR=str(tmp_path))
    assert "@part" in done.stdout.split("\n")


def test_what_the_node_refuses_is_no_answer(run: Run) -> None:
    pvesh = 'case "$2" in /version) echo "{\\"release\\": \\"9.1\\"}" ;; *) echo "[ {"; exit 2 ;; esac'
    asked = {"commands": {"pvesh": pvesh}, "SET_PROXMOX_NODE": "pve"}
    done = run("json.pl", "pvesh.pl", **asked, SET_PROXMOX_VMID="")
    assert done.stdout == '@backup_jobs \n@version {"release": "9.1"}\n@updates \n@refreshes \n'
    done = run("json.pl", "pvesh.pl", **asked, SET_PROXMOX_VMID="200")
    assert done.stdout.split("\n")[4:] == ["@guests ", "@snapshots ", "@config ", "@backup_runs ", "@all_runs ", ""]


def test_a_machine_without_pvesh_is_no_node(run: Run) -> None:
    done = run("json.pl", "pvesh.pl", SET_PROXMOX_NODE="pve", SET_PROXMOX_VMID="200")
    assert (done.returncode, done.stdout) == (127, "")


PVESH = r"""case "$2" in
  /cluster/backup) echo '[{"id":"b","storage":"nas","all":1},{"id":"c","storage":"a b"}]' ;;
  /cluster/resources) echo '[{"vmid":2000,"node":"x"},{"vmid":200,"node":"pve2","type":"lxc","name":"a \"b","pool":"p"}]' ;;
  /nodes/pve2/lxc/200/config) echo '{"rootfs":"local:9,size=9G","mp0":"b,\"x","description":"@content/nas []"}' ;;
  /storage/nas) echo '{"type":"pbs","server":"nas","prune-backups":{"keep-last":"3","keep-daily":"7"},"username":"u"}' ;;
  /nodes/pve2/tasks) echo '[{"id":"","endtime":1,"upid":"UPID:pve2:1:"},{"id":"200","endtime":9,"upid":"UPID:pve2:9:"},{"id":"","upid":"UPID:pve2:2:"}]' ;;
  /nodes/pve2/tasks/UPID:pve2:1:/log) printf '[{"n":1,"t":"INFO: Finished Backup of VM 200 (1)"},\n{"n":2,"t":"INFO: Finished Backup of VM 2001 (1)"}]' ;;
  *) echo '[]' ;;
esac"""


def test_the_node_is_asked_where_the_machine_is(run: Run) -> None:
    done = run("json.pl", "pvesh.pl", commands={"pvesh": PVESH}, SET_PROXMOX_NODE="pve", SET_PROXMOX_VMID="200")
    said = dict(line.removeprefix("@").split(" ", 1) for line in done.stdout.splitlines())
    found = {name: json.loads(text) for name, text in said.items()}
    assert found["guests"] == [{"vmid": "200", "node": "pve2", "type": "lxc", "pool": "p"}]
    assert found["config"] == {"rootfs": "local:9,size=9G", "mp0": 'b,"x'}
    assert found["storage/nas"] == {"type": "pbs", "server": "nas", "prune-backups": "keep-daily=7,keep-last=3"}
    assert found["log/UPID:pve2:1:"] == {"lines": ["INFO: Finished Backup of VM 200 (1)"], "is_cut": False}
    assert [name for name in said if name.startswith(("log/", "content/"))] == ["content/nas", "log/UPID:pve2:1:"]


NOTED = [
    ("/cluster/backup", '[{"comment":"password=Wd92kfQx","id":"b","storage":"nas","notes-template":"Wd92\\"kfQx, {{guestname}}","mailto":"Wd92kfQx"}]'),
    ("/nodes/pve/apt/update", '[{"Package":"a","Version":"2","Description":"Wd92kfQx","Title":"Wd92kfQx"}]'),
    ("/nodes/pve/qemu/200/snapshot", '[{"description":"Wd92kfQx","name":"a","snaptime":1},{"name":"b","description":"Wd92kfQx"}]'),
    ("/nodes/pve/qemu/200/snapshot", '[ { "description": "Wd92kfQx" } ]'),
    ("/nodes/pve/qemu/200/config", '{"description":"Wd92kfQx","cipassword":"Wd92kfQx","scsi0":"local:1"}'),
]  # fmt: skip


@pytest.mark.hostile("secrets")
@pytest.mark.parametrize(("path", "answer"), NOTED, ids=["jobs", "updates", "snapshots", "notes only", "settings"])
def test_notes_of_the_hypervisor_stay_there(path: str, answer: str, run: Run) -> None:
    pvesh = f"case \"$2\" in {path}) printf '%s' '{answer}' ;; *) echo '[]' ;; esac"
    done = run("json.pl", "pvesh.pl", commands={"pvesh": pvesh}, SET_PROXMOX_NODE="pve", SET_PROXMOX_VMID="200")
    assert not [part for part in ("Wd92", "kfQx") if part in done.stdout]
    told = [line.partition(" ")[2] for line in done.stdout.splitlines()]
    assert len(told) > 5
    assert all(json.loads(text) is not None for text in told if text)


def stamped(age: timedelta, text: str) -> str:
    """A line of a log, as it stands there with its time."""
    return f"{datetime.now(UTC) - age:%Y-%m-%dT%H:%M:%S.%f}000Z {text}\n"


NOW, HOURS, DAYS = timedelta(minutes=1), timedelta(hours=2), timedelta(days=2)
NO_ERRORS = ("ERRORS", "no terror", '{"level": "info"}', "TracebackX", "an error")
STATEMENT = "INFO sqlalchemy.engine.Engine SELECT 1"


def asked_of(daemon: Daemon, word: str) -> list[str]:
    """The questions for logs by a span, or by a count of lines."""
    return [asked for asked in daemon.asked if f"&{word}=" in asked]


def test_one_reading_of_a_log_counts_all_spans(run: Run, daemon: Daemon, tmp_path: Path) -> None:
    """Of statements, those since the start of the container count."""
    (tmp_path / "Taskfile.yml").write_text("tasks:\n  up: \n  a:b:\n    x:\n  no: 1\n" + "  z:\n" * 300)
    backend = container_since(datetime.now(UTC) - timedelta(hours=3))
    log = "".join((
        stamped(DAYS, "FATAL: x"), stamped(DAYS, STATEMENT), *[stamped(HOURS, text) for text in NO_ERRORS], stamped(HOURS, "ERROR ERROR (Traceback"), stamped(HOURS, STATEMENT),
        stamped(HOURS, '{"level":  "critical"}'), stamped(NOW, "[PANIC]"), stamped(NOW, f"{STATEMENT} 'ERROR'"), stamped(NOW, "sqlalchemy.engine"),
    ))  # fmt: skip
    daemon.has(backend)
    daemon.logs(backend, log)
    lines = run(*DAEMON, "logs.pl", APP_DIR=str(tmp_path)).stdout.splitlines()
    assert lines[:200] == ["@task up", "@task a:b", *["@task z"] * 198]
    assert lines[200] == f"@service backend 0 {log.splitlines()[-1].partition(' ')[0]}"
    assert lines[201:] == [
        "@errors backend 1h 2", "@statements backend 1", "@errors backend 168h 5", "@statements backend 2",
    ]  # fmt: skip
    assert (len(asked_of(daemon, "since")), len(asked_of(daemon, "tail"))) == (1, 0)


def container_since(started: datetime) -> dict[str, Any]:
    return inspected("backend", State={"StartedAt": f"{started:%Y-%m-%dT%H:%M:%S.%f}000Z"})


def test_a_log_that_nothing_was_written_to_for_long_has_a_last_line(run: Run, daemon: Daemon) -> None:
    backend = inspected("backend")
    daemon.has(backend)
    daemon.logs(backend, "")
    daemon.answers[f"/containers/{backend['Id']}/logs?stdout=1&stderr=1&timestamps=1&tail=1"] = told(
        frames("2026-01-01T00:00:00Z x\ny")
    )
    assert run(*DAEMON, "logs.pl").stdout.startswith("@service backend 0 y\n@errors backend 1h 0\n")


def test_of_a_log_that_is_too_long_the_last_hour_is_counted_for_itself(
    run: Run, daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = container_since(datetime.now(UTC))
    daemon.has(backend)
    old, new = stamped(DAYS, "ERROR " + "x" * 960) * 3000, stamped(NOW, "ERROR")

    def logged(line: socket.socket, asked: str) -> None:
        since = float(asked.partition("since=")[2] or 0)
        text = new if not since or time.time() - since < 7200 else old + new
        told(frames(text), chunk=100_000)(line, asked)

    daemon.answers[f"/containers/{backend['Id']}/logs"] = logged
    text = scripts.text("logs.pl").replace("33_554_432", "1_000_000")
    monkeypatch.setattr(scripts, "joined", lambda *names: "\n".join([*map(scripts.text, names[:-1]), text]))
    lines = run(*DAEMON, "logs.pl").stdout.splitlines()
    assert lines[0] == f"@service backend 0 {new.partition(' ')[0]}"
    assert lines[1] == "@errors backend 1h 1"
    assert 900 < int(lines[3].rpartition(" ")[2]) < 1010


IMAGES = {"Created": "2026-11-26T06:00:00.5Z"}


@pytest.mark.parametrize(("answers", "zone", "said"), [
    ((IMAGES, [{"Created": 1764000000}, {"Created": 1762000000}]), "UTC", "2026-11-26T06:00:00.5Z 2025-11-01T12:26:40Z"),
    ((IMAGES, [{"Created": 1762000000}]), "Asia/Kathmandu", "2026-11-26T06:00:00.5Z 2025-11-01T18:11:40+05:45"), ((IMAGES, [{"Created": 1762000000}]), "America/New_York", "2026-11-26T06:00:00.5Z 2025-11-01T08:26:40-04:00"),
    ((IMAGES, []), "UTC", "2026-11-26T06:00:00.5Z -"), ((IMAGES, None), "UTC", "2026-11-26T06:00:00.5Z -"), (({}, [{"Created": -62135596800}]), "UTC", "- -"), ((None, {}), "UTC", "- -"), (({"Created": "x y"}, [1]), "UTC", "- -"),
])  # fmt: skip
def test_when_images_were_made(
    answers: tuple[object, object], zone: str, said: str, run: Run, daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is asked for once, whoever runs it."""
    daemon.has(*[inspected(name, Image="sha256:ab", State={"Status": "exited"}) for name in ("web", "worker")])
    for word, answer in zip(("json", "history"), answers, strict=True):
        daemon.answers[f"/images/sha256:ab/{word}"] = told(answer, 404 if answer is None else 200)
    text = f"$ENV{{TZ}} = '{zone}';\n" + scripts.text("images.pl")
    monkeypatch.setattr(scripts, "joined", lambda *names: "\n".join([*map(scripts.text, names[:-1]), text]))
    done = run(*DAEMON, "images.pl")
    assert done.stdout == f"@image web {said}\n@image worker {said}\n"
    assert len(daemon.asked) == 3
    daemon.answers["/containers/json"] = told({}, 500)
    assert run(*DAEMON, "images.pl").returncode == 5


INFO = {"LoggingDriver": "json-file", "ServerVersion": "27.1", "DockerRootDir": "/var/lib/docker"}


@pytest.mark.parametrize(("info", "status", "out"), [
    (INFO, 200, "driver=json-file\nversion=27.1\nroot=/var/lib/docker\n"), ({**INFO, "BuildahVersion": "1.37"}, 200, ""), (INFO, 500, ""), ([], 200, ""), ({"LoggingDriver": "a\nb", "DockerRootDir": {}}, 200, "version=\n"),
])  # fmt: skip
def test_what_a_daemon_tells_of_itself(info: object, status: int, out: str, run: Run, daemon: Daemon) -> None:
    daemon.answers["/info"] = told(info, status)
    done = run(*DAEMON, "info.pl")
    assert (done.stdout, done.returncode) == (out, 0 if out else 1)


SERVICES = [inspected(f"s{n}", Id=f"{n:012x}", State={"Pid": 0}) for n in range(25)]
INSTALLED = """case $1:$2 in
  exec:*0) echo 'a 1'; echo '? odd.dist-info' ;;
  exec:*1 | exec:*2 | exec:*4) case $3 in /opt/*) echo 'b 2' ;; *) exit 127 ;; esac ;;
  *) exit 3 ;;
esac"""


def test_each_python_that_runs_is_asked_and_one_that_is_not_on_the_path_is_not_none(run: Run, daemon: Daemon) -> None:
    """The environment of an application is another than that of the image's own Python."""
    daemon.has(
        *SERVICES[:5], inspected("paused", State={"Status": "paused"}), inspected("done", State={"Status": "exited"})
    )
    for one, *commands in (
        (SERVICES[0], "/usr/bin/python3 x", "/app/.venv/bin/python /app/.venv/bin/uvicorn"),
        (SERVICES[1], "/opt/venv/bin/python3.12 -m app", "/opt/venv/bin/python3.12 -m worker"),
        (SERVICES[2], "nginx: master"), (SERVICES[3], "postgres"), (SERVICES[4], "/opt/run /opt/python-3/app"),
    ):  # fmt: skip
        daemon.top(one, *[("7", command) for command in commands], titles=("PID", "COMMAND"))
    done = run(*DAEMON, "packages-installed.pl", commands={"docker": INSTALLED})
    assert done.stdout == (
        "@service s0 0\na 1\n? odd.dist-info\n@service s0 0\na 1\n? odd.dist-info\n@service s1 0\nb 2\n"
        "@service s2 none\n@service s3 3\n@service s4 unseen\n"
    )
    # Docker lists no processes without their numbers.
    assert all("ps_args=-eo pid,ppid,args" in asked for asked in daemon.asked if "/top" in asked)
    daemon.has(*SERVICES)
    daemon.answers[f"/containers/{SERVICES[2]['Id']}/top"] = told({}, 500)
    done = run(*DAEMON, "packages-installed.pl", commands={"docker": INSTALLED})
    assert done.stdout.startswith("@cut 25\n")
    assert "@service s2 unseen\n" in done.stdout, "what runs was not told"
    daemon.answers["/containers/json"] = told({}, 500)
    assert run(*DAEMON, "packages-installed.pl", commands={"docker": INSTALLED}).returncode == 1


@pytest.mark.parametrize(("path", "runs", "asked"), [
    ("EMPTY:GONE", "nginx", []), ("EMPTY", "HERE/other/python3 x", ["HERE/other/python3"]), ("EMPTY:VENV", "HERE/venv/bin/python x", ["python3"]), ("VENV", "HERE/venv/bin/python3 x", ["python3"]),
    ("OWN", "HERE/own/python3 x", ["python3"]), ("OWN", "HERE/own/python3.9 x", ["python3", "HERE/own/python3.9"]), ("VENV", "HERE/other/python3 x", ["python3", "HERE/other/python3"]),
    ("bin:EMPTY", "nginx", ["python3"]), ("", "nginx", ["python3"]), ("BROKEN", "nginx", ["python3"]), ("EMPTY:FORBIDDEN", "nginx", ["python3"]), ("EMPTY/file", "nginx", []),
])  # fmt: skip
def test_no_program_is_started_where_there_is_no_python(
    path: str, runs: str, asked: list[str], run: Run, daemon: Daemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who looks for it from outside sees what the container's programs see; what may be there is asked."""
    for name in ("empty", "venv/bin", "own", "broken", "forbidden"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("venv/bin", "own", "forbidden"):
        (tmp_path / name / "python3").write_text("")
        (tmp_path / name / "python3").chmod(0o644 if name == "forbidden" else 0o755)
    (tmp_path / "venv/pyvenv.cfg").touch()
    (tmp_path / "empty/file").touch()
    (tmp_path / "broken/python3").symlink_to("/nonexistent/python3")
    for name in ("EMPTY", "GONE", "VENV", "OWN", "BROKEN", "FORBIDDEN"):
        path = path.replace(name, str(tmp_path / ("venv/bin" if name == "VENV" else name.lower())))
    one = inspected("backend", env=(f"PATH={path}",), State={"Pid": 7})
    daemon.has(one)
    daemon.top(one, ("7", runs.replace("HERE", str(tmp_path))), titles=("PID", "COMMAND"))
    text = scripts.text("packages-installed.pl").replace('!chroot "$PROC/$first/root" or ', "")  # only root may
    monkeypatch.setattr(scripts, "joined", lambda *names: "\n".join([*map(scripts.text, names[:-1]), text]))
    run(*DAEMON, "packages-installed.pl", commands={"docker": f'echo "$3" >> {tmp_path}/asked'})
    seen = (tmp_path / "asked").read_text().split() if (tmp_path / "asked").exists() else []
    assert seen == [word.replace("HERE", str(tmp_path)) for word in asked]


DISTRIBUTIONS = {
    "a-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: A.b\nVersion: 1.0\nSummary: x\n  y\n\nName: text\n", "c.egg-info/PKG-INFO": "Version: 2\r\nName:  c\r\n", "d-3.egg-info": "Name: d\nVersion: 3\n",
    "bare-4.dist-info/RECORD": "", "e-5.DIST-INFO/METADATA": "name: e\nVERSION: 5\nName: f\n", "nameless.dist-info/METADATA": "Version: 6\n\nName: text\n", "g-7.dist-info/METADATA": "Name: g\n",
    "h.py": "", "i-8.dist-info.old/METADATA": "Name: i\nVersion: 8\n", "distutils-precedence.pth": "import os; var = 'SETUPTOOLS_USE_DISTUTILS'; enabled = os.environ.get(var, 'local') == 'local'; enabled and __import__('_distutils_hack').add_shim(); ",
    "_distutils_hack.py": "add_shim = lambda: None\n",
}  # fmt: skip
SITE = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"


@pytest.fixture
def environment(
    run: Run, daemon: Daemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, Callable[[], str]]:
    """An environment of Python's in a container, and what is told of it; Docker's client tells of `asked 1`."""
    place = tmp_path / "venv"
    venv.create(place, symlinks=True)
    one = inspected("backend", env=(f"PATH={place}/bin",), State={"Pid": 7})
    daemon.has(one)
    daemon.top(one, ("7", f"{place}/bin/python3 x"), titles=("PID", "COMMAND"))
    (tmp_path / "proc/7").mkdir(parents=True)
    (tmp_path / "proc/7/cgroup").write_text(f"0::/system.slice/docker-{one['Id']}.scope\n")
    text = scripts.text("packages-installed.pl").replace('!chroot "$PROC/$first/root" or ', "")  # only root may
    text = text.replace("'/proc'", f"'{tmp_path}/proc'")
    monkeypatch.setattr(scripts, "joined", lambda *names: "\n".join([*map(scripts.text, names[:-1]), text]))
    return place, lambda: run(*DAEMON, "packages-installed.pl", commands={"docker": "echo asked 1"}).stdout


def written(place: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text)


def test_what_is_installed_is_read_as_its_python_tells_it(environment: tuple[Path, Callable[[], str]]) -> None:
    place, tell = environment
    written(place / SITE, DISTRIBUTIONS)
    question = scripts.text("packages-installed.pl").partition("<<'PYTHON';\n")[2].partition("PYTHON\n")[0]
    told = subprocess.run([place / "bin/python3", "-I", "-c", question], capture_output=True, text=True, check=True)
    head, *lines = tell().splitlines()
    assert head == "@service backend 0"
    assert sorted(lines) == sorted(told.stdout.splitlines())
    assert len(lines) == 7


@pytest.mark.parametrize("files", [
    {f"{SITE}/x.pth": "/srv/code\n"}, {f"{SITE}/x.pth": "import x\n"}, {f"{SITE}/x.pth": "import os; import x\n"}, {f"{SITE}/sitecustomize.py": "import sys; sys.path.append('/srv')"}, {f"{SITE}/sitecustomize/__init__.py": ""},
    {"pyvenv.cfg": "home = /usr/bin\ninclude-system-site-packages = true\n"}, {"pyvenv.cfg": "home = /nowhere\ninclude-system-site-packages = false\n"}, {"pyvenv.cfg": "x"}, {"bin/pyvenv.cfg": ""},
    {f"{SITE}/a.dist-info/METADATA": "Name: a\n b\nVersion: 1\n"}, {f"{SITE}/a.dist-info/METADATA": "Name: a b\nVersion: 1\n"}, {f"{SITE}/\x1b.dist-info/METADATA": ""}, {"../proc/7/cgroup": "0::/user.slice"},
])  # fmt: skip
def test_a_python_of_another_arrangement_is_asked(
    files: Mapping[str, str], environment: tuple[Path, Callable[[], str]]
) -> None:
    place, tell = environment
    written(place / SITE, DISTRIBUTIONS)
    assert "asked" not in tell()
    for name in files:
        if (place / name).is_symlink():
            (place / name).unlink()
    written(place, files)
    assert tell() == "@service backend 0\nasked 1\n"


HEAD = "# configuration file /etc/nginx/nginx.conf:\n"


def told_apart(out: str) -> tuple[list[str], list[str]]:
    """What is said of servers, and where they stand."""
    lines = out.splitlines()
    return [line for line in lines if not line.startswith("@at ")], [line for line in lines if line.startswith("@at ")]


@pytest.mark.parametrize(("text", "hosts"), [
    ("http { server { listen 443 ssl; server_name a *.B; limit_req zone=z; } }", ["yes tls a *.b"]),
    ("http { limit_req zone=z; server { server_name a; } server { server_name b; limit_req_dry_run on; } }", ["yes plain a", "no plain b"]),
    ("http { server { server_name a; # limit_req zone=z;\n location / { return 301 https://$host${request_uri}; } } }", ["no plain a"]),
    ("http { server { listen [::]:443 quic; server_name 'a'; location = /health { limit_req zone=z; } location / { } } }", ["no tls a"]),
    ("http { server { location / { } location /api/ { limit_req zone=z; } } }", ["yes plain"]),
    ("http { server { location ^~ /api/ { } location ~ ^/api { limit_req zone=z; } } }", ["no plain"]),
    ("http { server { location /api/ { } location ~* ^/API { limit_req zone=z; } } }", ["yes plain"]),
    ("http { server { location / { rewrite ^ /x last; } location /x { limit_req zone=z; } } }", ["unclear plain"]),
    ("http { server { if ($scheme = http) { return 301 https://$host$request_uri; } error_page 404 /404.html; location / { rewrite ^/a /b break; } } }", ["no plain"]),
    ("http { server { rewrite ^ https://$host$request_uri permanent; location / { rewrite ^/a $scheme://b; } } }", ["no plain"]),
    ("http { server { if ($a) { rewrite ^ /x; } location / { } location /x { limit_req zone=z; } } }", ["unclear plain"]),
    ("http { server { location / { error_page 418 = @limited; return 418; } location @limited { limit_req zone=z; } } }", ["unclear plain"]),
    ("http { server { location / { try_files $uri @app; } location @app { limit_req zone=z; } } }", ["unclear plain"]),
    ("http { map $a $b { 'x;{' \"limit_req zone=z;\"; } server { add_header X 'limit_req zone=z;'; } }", ["no plain"]),
    ("http { server { location / { content_by_lua_block { local x = {} if a then b() end } } limit_req zone=z; } }", ["yes plain"]),
    ("http { include conf.d/*.conf; }\n# configuration file /etc/nginx/conf.d/a.conf:\nserver { server_name a; limit_req zone=z; }\n"
     "# configuration file /etc/nginx/sites/b.conf:\nserver { server_name b; }", ["yes plain a"]),
    ("events {}", []),
])  # fmt: skip
def test_which_servers_of_nginx_limit_requests(text: str, hosts: list[str], run: Run) -> None:
    """As nginx reads it: comments, quotes, includes, levels, and which location serves the API."""
    done = run("proxy-nginx.pl", stdin=f"{HEAD}{text}\n", PATH=PROTECTED)
    said, places = told_apart(done.stdout)
    assert said == [*(f"@host {host}" for host in hosts), "@nginx read"]
    assert len(places) == len(hosts)


ZONE = "http { limit_req_zone %s zone=z:1m rate=%s; server { limit_req zone=z; } "


@pytest.mark.parametrize(("text", "limited"), [
    (ZONE % ("$binary_remote_addr", "10r/s") + "}", "yes"), (ZONE % ("$binary_remote_addr", "1001r/s") + "}", "no"), (ZONE % ("$binary_remote_addr", "1000r/s") + "}", "yes"),
    (ZONE % ("$remote_addr", "60000r/m") + "}", "yes"), (ZONE % ("$http_x_client", "1r/s") + "}", "unclear"), (ZONE % ("$server_name", "1r/s") + "}", "yes"),
    (ZONE % ("$key", "1r/s") + "geo $known { default 1; 10.0.0.0/8 0; } map $known $key { 0 ''; 1 $binary_remote_addr; } }", "yes"),
    (ZONE % ("$key", "1r/s") + "geo $known { default 0; 10.0.0.0/8 1; } map $known $key { 0 ''; 1 $binary_remote_addr; } }", "no"),
    (ZONE % ("$key", "1r/s") + "map $uri $key { default ''; ~^/login $binary_remote_addr; } }", "no"),
    (ZONE % ("$key", "1r/s") + "map $uri $key { default ''; ~^/api $binary_remote_addr; } }", "yes"),
    (ZONE % ("$key", "1r/s") + "map $http_authorization $key { default $binary_remote_addr; secret ''; } }", "unclear"),
    (ZONE % ("$key", "1r/s") + "map $http_user_agent $key { default $binary_remote_addr; } }", "yes"), (ZONE % ("$key", "1r/s") + "}", "unclear"),
    ("http { limit_req_zone $binary_remote_addr zone=z:1m rate=1r/s; server { } }", "no"), ("http { limit_conn_zone $a zone=z:1m; server { limit_conn z 1; } }", "no"),
    ("http { limit_req_zone $remote_addr zone=a:1m rate=9999r/s; limit_req_zone $remote_addr zone=b:1m rate=1r/s; limit_req zone=b; server { location / { limit_req zone=a; } } }", "no"),
    ("http { server { access_by_lua_block { limit() } } }", "unclear"), ("http { access_by_lua_file a.lua; server { } }", "unclear"),
])  # fmt: skip
def test_what_requests_are_counted_by(text: str, limited: str, run: Run) -> None:
    """A zone that lets nearly everything pass is no limit, nor is one whose key is empty for a stranger."""
    done = run("proxy-nginx.pl", stdin=f"{HEAD}{text}\n", PATH=PROTECTED)
    assert told_apart(done.stdout)[0] == [f"@host {limited} plain", "@nginx read"]


def test_the_server_of_names_that_no_other_has(run: Run) -> None:
    text = "http { server { listen 443 ssl default_server; } server { listen 80 default; server_name a; } }"
    done = run("proxy-nginx.pl", stdin=f"{HEAD}{text}\n", PATH=PROTECTED)
    assert told_apart(done.stdout)[0] == ["@host no tls-default", "@host no plain-default a", "@nginx read"]


def test_where_each_server_stands(run: Run) -> None:
    """By its file and line: of the word that begins it, whatever stands before or within."""
    text = (
        "http {\n include conf.d/*.conf;\n server { server_name a; }\n}\n# configuration file /etc/nginx/conf.d/1.conf:\n"
        "# server {\n\nmap $a $b { 'x\n{' y; }\n\n  server\n  {\n    server_name b 'c\n';\n  } server { server_name d; }\n"
        "# configuration file /etc/nginx/conf.d/a b.conf:\nserver { server_name e; }\n"
    )
    done = run("proxy-nginx.pl", stdin=f"{HEAD}{text}\n", PATH=PROTECTED)
    assert done.stdout.splitlines() == [
        "@host no plain b c?", "@at 6 /etc/nginx/conf.d/1.conf", "@host no plain d", "@at 10 /etc/nginx/conf.d/1.conf",
        "@host no plain e", "@at 1 /etc/nginx/conf.d/a?b.conf", "@host no plain a", "@at 3 /etc/nginx/nginx.conf", "@nginx read",
    ]  # fmt: skip


@pytest.fixture
def container(tmp_path: Path) -> Path:
    """A machine's processes: nginx in a container, number 7, with files and links of its own."""
    root = tmp_path / "container"
    for name, text in {
        "usr/local/nginx/conf/nginx.conf": "http { include sites/*.conf; include /data/nginx/custom/http.conf; }",
        "data/nginx/1.conf": "server { listen 443 ssl; server_name a; }",
        "data/nginx/custom/http.conf": "limit_req zone=z;",
        "usr/local/nginx/conf/sites/.hidden.conf": "server { server_name hidden; }",
        "app/internal/certificate.js": "",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / "usr/local/nginx/conf/sites/1.conf").symlink_to("/data/nginx/1.conf")
    proc = tmp_path / "proc"
    for number, (comm, words, at) in {
        "7": ("nginx", "nginx: master process nginx", root), "8": ("nginx", "nginx: worker process", root), "9": ("node", "node index.js", root),
        "5": ("docker-proxy", "docker-proxy\0-host-port\000443\0-container-ip\000172.18.0.3\0", Path("/")), "3": ("sshd", "sshd", Path("/")),
    }.items():  # fmt: skip
        (proc / number / "ns").mkdir(parents=True)
        (proc / number / "net").mkdir()
        (proc / number / "net/fib_trie").write_text("|-- 172.18.0.3\n" if at == root else "|-- 192.0.2.1\n")
        (proc / number / "ns/net").symlink_to("net:[2]" if at == root else "net:[1]")
        (proc / number / "comm").write_text(f"{comm}\n")
        (proc / number / "cmdline").write_text(words)
        (proc / number / "status").write_text(f"PPid:\t{7 if number == '8' else 1}\n")
        (proc / number / "root").symlink_to(at)
    (proc / "self").symlink_to("3")
    return proc


def test_nginx_in_a_container_is_read_where_it_is(container: Path, run: Run) -> None:
    """What it includes, by links that mean the container's own root; files of a shell's pattern begin with no dot."""
    perl = scripts.joined("proxy-nginx.pl")
    commands = {"ss": "echo 'LISTEN 0 0 0.0.0.0:443 users:((\"docker-proxy\",pid=5,fd=4))'", "nginx": "exit 1"}
    done = run("proxy-configuration.sh", commands=commands, PERL=perl, PATH=PROTECTED, PROC=str(container))
    assert done.stdout.splitlines() == [
        "@serves nginx container", "@keeper npm", "@host yes tls a", "@at 1 /usr/local/nginx/conf/sites/1.conf", "@nginx read",
    ]  # fmt: skip


CERTIFICATE = "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n"


def put(root: Path, name: str, text: str) -> str:
    """A certificate there, and its fingerprint."""
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(CERTIFICATE.format(base64.b64encode(text.encode()).decode()))
    return hashlib.sha256(text.encode()).hexdigest()


def test_certificates_are_found_where_their_clients_keep_them(container: Path, run: Run) -> None:
    root = (container / "7/root").resolve()
    (root / "data/tls/certbot/renewal").mkdir(parents=True)
    (root / "data/tls/certbot/renewal/npm-1.conf").write_text("")
    now = put(root, "data/tls/certbot/live/npm-1/cert.pem", "now")
    put(root, "data/tls/certbot/archive/npm-1/cert2.pem", "now")
    was = put(root, "data/tls/certbot/archive/npm-1/cert1.pem", "was")
    own = put(root, "data/tls/custom/npm-2/fullchain.pem", "own")
    found = {
        "acme.sh": put(root, "root/.acme.sh/a.test_ecc/a.test.cer", "acme"),
        "lego": put(root, "etc/lego/certificates/b.test.crt", "lego"),
        "dehydrated": put(root, "var/lib/dehydrated/certs/c.test/cert.pem", "dehydrated"),
        "caddy": put(root, "data/caddy/certificates/acme-v02/d.test/d.test.crt", "caddy"),
    }
    put(root, "etc/lego/certificates/b.test.issuer.crt", "issuer")
    (root / "root/.acme.sh/a.test_ecc/a.test.conf").write_text("Le_Domain='a.test'\n")
    done = run("proxy-configuration.sh", commands={"ss": ""}, PERL="", PATH=PROTECTED, PROC=str(container))
    said = done.stdout.splitlines()
    assert [line for line in said if "npm-" in line] == [
        f"@renewal npm-1 {now}", "@generations npm-1 2", f"@earlier npm-1 {was}", "@inside npm-1", f"@uploaded npm-2 {own}",
    ]  # fmt: skip
    names = {"acme.sh": "a.test", "lego": "b.test", "dehydrated": "c.test", "caddy": "d.test"}
    assert [line for line in said if line.startswith("@kept ")] == [
        f"@kept {one} {found[one]} {names[one]}" for one in names
    ]


def test_of_traefiks_file_only_certificates_are_looked_at(container: Path, run: Run) -> None:
    (container / "7/comm").write_text("traefik\n")
    (container / "7/cmdline").write_text("traefik\0--certificatesresolvers.le.acme.storage=/srv/acme.json\0")
    root = (container / "7/root").resolve()
    now = put(root, "srv/a.pem", "traefik")
    text = base64.b64encode((root / "srv/a.pem").read_bytes()).decode()
    (root / "srv/acme.json").write_text(
        json.dumps({"le": {"Certificates": [{"certificate": text, "key": "c2VjcmV0"}]}}, indent=1)
    )
    done = run("proxy-configuration.sh", commands={"ss": ""}, PERL="", PATH=PROTECTED, PROC=str(container))
    assert done.stdout.splitlines()[:2] == ["@serves traefik container", "@keeper traefik"]
    assert f"@kept traefik {now} acme.json" in done.stdout.splitlines()


LOG = """2026-11-20 03:12:01,124:DEBUG:certbot._internal.main:Arguments: [{}]
2026-11-20 03:12:30,500:ERROR:certbot._internal.renewal:Failed to renew certificate old.test with error: Some challenges have failed.
2026-11-20 03:12:30,501:DEBUG:certbot._internal.display.obj:Notifying user: The following {} succeeded:
2026-11-20 03:12:30,502:DEBUG:certbot._internal.display.obj:Notifying user:   /etc/letsencrypt/live/zebu.test/fullchain.pem (success)

2026-11-20 03:12:31,503:ERROR:certbot._internal.renewal:The following {} failed:
  /etc/letsencrypt/live/old.test/fullchain.pem (failure)
  /etc/letsencrypt/renewal/broken.test.conf (parsefail)
"""


@pytest.mark.parametrize(
    ("arguments", "noun", "word"),
    [("'--dry-run'", "simulated renewals", "rehearsed"), ("'-q', 'renew'", "renewals", "attempted")],
)
def test_how_each_renewal_of_a_run_ended(arguments: str, noun: str, word: str, container: Path, run: Run) -> None:
    log = (container / "7/root").resolve() / "var/log/letsencrypt/letsencrypt.log"
    log.parent.mkdir(parents=True)
    log.write_text(LOG.format(arguments, noun, noun))
    log.with_suffix(".log.1").write_text(LOG.splitlines()[0].format("'certificates'") + "\n")
    done = run(
        "proxy-configuration.sh",
        commands={"ss": "", "date": "echo +0000"},
        PERL="",
        PATH=PROTECTED,
        PROC=str(container),
    )
    (line,) = [line for line in done.stdout.splitlines() if line.startswith(("@rehearsed", "@attempted"))]
    assert line.split(" ")[:4] == [f"@{word}", "2026-11-20T03:12:31", "+0000", "1"]
    assert set(line.split(" ")[4:]) == {"+zebu.test", "-old.test", "-broken.test"}


@pytest.mark.parametrize("text", ["http {", "http { } }", "http { server { location ~ ^/( { } } }", "http { a 'b }"])
def test_a_configuration_that_is_not_understood_is_not_read(text: str, run: Run) -> None:
    assert run("proxy-nginx.pl", stdin=f"{HEAD}{text}\n", PATH=PROTECTED).stdout == "@nginx unread\n"
    assert run("proxy-nginx.pl", stdin="", PATH=PROTECTED).stdout == "@nginx unread\n"


def test_an_nginx_that_shows_nothing_is_known_as_one(run: Run) -> None:
    commands = {"nginx": "exit 1", "ls": "exit 2", "ss": ""}
    done = run("proxy-configuration.sh", commands=commands, PERL="print 1", PATH=PROTECTED, PROC="nowhere")
    assert done.stdout.split("\n")[-2] == "@nginx failed"


class _Redis(socketserver.StreamRequestHandler):
    """A server with two users that knows AUTH and PING."""

    USERS: ClassVar = {"zebu": "pw-1", "default": "p@ss/w0rd", "small": "pw-2"}

    def handle(self) -> None:
        is_known, user = False, ""
        while line := self.rfile.readline():
            words = []
            for _ in range(int(line[1:])):
                words.append(self.rfile.read(int(self.rfile.readline()[1:]) + 2)[:-2].decode())
            if words[0] == "AUTH":
                user, password = words[1:] if len(words) == 3 else ("default", words[1])
                is_known = self.USERS.get(user) == password
                said = "+OK" if is_known else "-WRONGPASS invalid username-password pair"
            elif not is_known:
                said = "-NOAUTH Authentication required."
            elif words[0] == "SELECT":
                said = "+OK" if int(words[1]) < 16 else "-ERR DB index is out of range"
            elif words[0] == "INFO":
                said = "$23\r\nredis_version:7.0.15\r\n\r"
            else:
                said = "-NOPERM no permissions" if user == "small" else "+PONG"
            self.wfile.write(f"{said}\r\n".encode())


@pytest.mark.parametrize(("url", "word"), [
    ("redis://zebu:pw-1@HERE/0", "pong"), ("redis://:p%40ss%2Fw0rd@HERE/0", "pong"), ("redis://default:p%40ss%2Fw0rd@HERE", "pong"),
    ("redis://zebu:other@HERE", "refused"), ("redis://HERE", "refused"), ("redis://:pw-1@HERE", "refused"), ("redis://zebu:pw-1@127.0.0.1:1/0", "unreachable ConnectionRefusedError"),
    ("unix:///run/redis", "unreachable FileNotFoundError"), ("redis://:p@ss:x@HERE:y", "unread malformed"), ("", "unread none"), ("redis-sentinel://a:26379/zebu", "unread redis-sentinel"),
    ("redis+cluster://a:7000", "unread redis+cluster"), ("redis://a:1,b:2/0", "unread several-hosts"), ("redis://HERE?username=zebu&password=pw-1", "pong"), ("redis://zebu:p%77-1@HERE/3", "pong"),
    ("redis://zebu:pw-1@HERE/99", "nodb"), ("redis://small:pw-2@HERE/", "limited"), ("valkey://zebu:pw-1@HERE", "pong"), ("ht<tp://a", "unread none"),
])  # fmt: skip
def test_the_backends_ping_by_its_own_url(url: str, word: str) -> None:
    """Users, and passwords as a URL encodes them; of one that is not understood nothing is told, in no words."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Redis) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        here = f"127.0.0.1:{server.server_address[1]}"
        said = said_within(PROBES["redis.ping"], environment={"REDIS_URL": url.replace("HERE", here)})
        server.shutdown()
    assert said == {"redis.ping": Said(0, f"{word}\n")}


@pytest.mark.parametrize(("settings", "word"), [
    ("REDIS_HOST=127.0.0.1 REDIS_PORT=PORT REDIS_USERNAME=zebu REDIS_PASSWORD=pw-1", "pong"), ("REDIS_HOST=127.0.0.1 REDIS_PORT=PORT REDIS_PASSWORD=p@ss/w0rd REDIS_DB=2", "pong"),
    ("REDIS_HOST=127.0.0.1 REDIS_PORT=PORT", "refused"), ("REDIS_HOST=127.0.0.1 REDIS_PORT=x", "unread malformed"), ("REDIS_HOST=127.0.0.1 REDIS_PORT=PORT REDIS_PASSWORD_FILE=FILE", "pong"),
    ("REDIS_HOST=a REDIS_SENTINEL_MASTER=m", "unread sentinel"), ("CACHE_URL=redis://zebu:pw-1@127.0.0.1:PORT", "pong"), ("REDIS_URL_FILE=/nowhere", "unread none"),
])  # fmt: skip
def test_the_backends_ping_by_pieces(settings: str, word: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("p@ss/w0rd\n")
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Redis) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        given = settings.replace("PORT=PORT", f"PORT={server.server_address[1]}").replace(
            ":PORT", f":{server.server_address[1]}"
        )
        given = given.replace("FILE=FILE", f"FILE={tmp_path}/secret")
        said = said_within(PROBES["redis.ping"], environment=dict(one.split("=", 1) for one in given.split(" ")))
        server.shutdown()
    assert said == {"redis.ping": Said(0, f"{word}\n")}


@pytest.mark.parametrize(("url", "status", "out"), [
    ("redis://zebu:pw-1@HERE", 0, "redis_version:7.0.15\n"), ("redis://zebu:no@HERE", 5, ""), ("redis://HERE", 5, ""), ("", 5, ""), ("redis://a:1,b:2/0", 5, ""), ("redis://127.0.0.1:1", 5, ""),
])  # fmt: skip
def test_what_redis_says_of_itself_to_the_backend(url: str, status: int, out: str) -> None:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Redis) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        here = f"127.0.0.1:{server.server_address[1]}"
        said = said_within(PROBES["redis.info"], environment={"REDIS_URL": url.replace("HERE", here)})
        server.shutdown()
    assert said == {"redis.info": Said(status, out)}


@pytest.mark.parametrize(("own", "said", "status"), [
    ("printf '# Server\\nredis_version:7.2.0\\nredis_mode:standalone\\ndb0:keys=1\\n'", "redis_version:7.2.0\ndb0:keys=1\n", 0),
    ("echo NOAUTH Authentication required.", "NOAUTH Authentication required.\n", 0), ("exit 3", "\n", 3),
])  # fmt: skip
def test_what_redis_says_of_itself_in_its_own_container(own: str, said: str, status: int, run: Run) -> None:
    docker = """shift 2; [ "$1" != -e ] || shift 2; shift; exec "$@" """
    read = PROBES["redis.info"].environment["READ"]
    done = run("redis-info.sh", commands={"docker": docker, "redis-cli": own}, REDIS_CONTAINER="y", READ=read)
    assert (done.stdout, done.returncode) == (said, status)


UNITS = """
case "$1 $2" in
  "show -p") printf '%s' "$TOLD" ;;
  "is-enabled ufw") echo enabled; echo once >> times ;;
  "is-enabled "*) echo disabled; echo once >> times ;;
  "is-active firewalld") echo active ;;
esac
"""


@pytest.mark.parametrize(("told", "boot", "times"), [
    ("Id=ufw.service\nLoadState=loaded\n\nId=ferm.service\nLoadState=not-found\n\nId=csf.service\nLoadState=masked\n\nId=firewalld.service\nLoadState=not-found\n",
        {"ufw": "enabled", "ferm": "", "csf": "disabled", "firewalld": "", "firewalld_active": "inactive"}, 8),
    ("", {"ufw": "enabled", "ferm": "disabled", "firewalld": "disabled", "firewalld_active": "active"}, 10),
], ids=["told", "silent"])  # fmt: skip
def test_services_that_are_not_there_are_not_asked_for(
    told: str, boot: dict[str, str], times: int, run: Run, tmp_path: Path
) -> None:
    """Those of packet filters; where systemd does not say which are there, each is asked for."""
    commands = {
        "systemctl": f"TOLD='{told}'\n{UNITS}",
        "iptables-nft-save": "echo",
        "ip6tables-nft-save": "echo",
        "nft": "echo",
        "ip": "echo",
    }
    done = run("firewall.sh", commands=commands)
    said = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    assert {name: said[name] for name in boot} == boot
    assert (tmp_path / "times").read_text().count("once") == times


SAVED = "# Generated\n*filter\n:INPUT DROP [1:2]\n:own - [0:0]\n-A INPUT -m addrtype --dst-type LOCAL -j own\n-A INPUT -s 10.0.0.0/8 -j ACCEPT\n-A own -m x --y -j ACCEPT\nCOMMIT\n"
XT, PLAIN = {"xt": {"type": "match", "name": "addrtype"}}, {"match": {"op": "==", "left": "a", "right": ', {"rule": {'}}
COUNTED = {"counter": {"packets": 1, "bytes": 2}}


def entry(kind: str, table: str, **more: object) -> dict[str, object]:
    return {kind: {"family": "ip", **({"name": table} if kind == "table" else {"table": table}), **more}}


def rule(table: str, chain: str, *expr: object) -> dict[str, object]:
    return entry("rule", table, chain=chain, handle=9, comment="a", expr=list(expr))


RULES = [
    {"metainfo": {"version": "1.0.6"}}, entry("table", "filter", handle=1), entry("chain", "filter", name="INPUT", handle=2, type="filter", policy="drop"), entry("chain", "filter", name="own", handle=3),
    rule("filter", "INPUT", XT, COUNTED, {"jump": {"target": "own"}}), rule("filter", "INPUT", PLAIN, COUNTED, {"accept": None}), rule("filter", "own", PLAIN, XT),
    entry("table", "mine", handle=4), entry("chain", "mine", name="x", handle=5), rule("mine", "x", XT, COUNTED, {"drop": None}), rule("mine", "x", COUNTED),
]  # fmt: skip


@pytest.mark.parametrize(("saved", "status", "rules", "is_short"), [
    (SAVED, 0, RULES, True), (SAVED, 1, RULES, False), (SAVED, 0, [*RULES, rule("filter", "own", XT)], False), (SAVED, 0, [*RULES, entry("chain", "filter", name="more")], False),
    (f"{SAVED}# Table `nat' contains incompatible base-chains\n", 0, RULES, False), (SAVED.replace("filter", "raw"), 0, RULES, False), (f"{SAVED}who knows\n", 0, RULES, False),
])  # fmt: skip
def test_of_what_iptables_has_shown_nft_is_told_in_short(
    saved: str, status: int, rules: list[dict[str, dict[str, Any]]], is_short: bool, run: Run, tmp_path: Path
) -> None:
    """Only where it is wholly the same; and all else that is judged of it stays."""
    (tmp_path / "saved").write_text(saved)
    (tmp_path / "rules").write_text(json.dumps({"nftables": rules}))
    commands = {
        "iptables-nft-save": f"cat saved; exit {status}",
        "ip6tables-nft-save": "",
        "nft": "cat rules",
        "ip": "",
    }
    done = run("firewall.sh", commands=commands, PERL=scripts.text("firewall-nft.pl"))
    told = json.loads(done.stdout.partition("@nft 0 whole\n")[2].partition("\n@")[0])["nftables"]
    assert len(told) == len(rules)
    for one, before in zip(told, rules, strict=True):
        ((kind, now),) = one.items()
        ((_, was),) = before.items()
        of_iptables = is_short and was.get("table") == "filter" and XT in was.get("expr", [])
        kept = [each for each in was.get("expr", []) if each != COUNTED or XT in was["expr"] or len(was["expr"]) == 1]
        if of_iptables:
            assert now == {**{name: was[name] for name in ("family", "table", "chain")}, "expr": [{"xt": None}]}
        elif "incompatible" in saved or "who knows" in saved:
            assert now == was
        else:
            expected = {name: value for name, value in was.items() if name not in ("handle", "expr")}
            assert now == expected | ({"expr": kept} if kind == "rule" else {})


def test_a_ruleset_that_cannot_be_shortened_is_told_as_it_is(run: Run) -> None:
    commands = {"iptables-nft-save": "", "ip6tables-nft-save": "", "nft": "echo no JSON", "ip": ""}
    for perl in ("exit 1", scripts.text("firewall-nft.pl")):
        assert "@nft 0 whole\nno JSON\n" in run("firewall.sh", commands=commands, PERL=perl).stdout


DF = """echo once >> times
echo 'Mounted on 1B-blocks Avail Inodes IFree'
while [ $# -gt 2 ]; do shift; case $2 in /gone) status=1 ;; *) echo "$2 9 8 7 6" ;; esac; done
exit ${status:-0}"""


@pytest.mark.parametrize(("folder", "told", "times"), [
    ("/srv", "@place / 9 8 7 6\n@place /srv 9 8 7 6\n@place /var/log 9 8 7 6\n", 1), ("/", "@place / 9 8 7 6\n@place /var/log 9 8 7 6\n", 1),
    ("/share", "@place / 9 8 7 6\n@place /var/log 9 8 7 6\n@silent /share\n", 2), ("/gone", "@place / 9 8 7 6\n@place /var/log 9 8 7 6\n", 4),
])  # fmt: skip
def test_all_places_are_asked_for_at_once_where_all_of_them_answer(
    folder: str, told: str, times: int, run: Run, tmp_path: Path
) -> None:
    """Where one is silent, each has its own time."""
    timeout = 'shift 3; case "$*" in *share*) exit 137 ;; esac; exec "$@"'
    done = run("disk.sh", commands={"df": DF, "timeout": timeout}, PERL="", APP_DIR=folder)
    assert (done.stdout, done.returncode) == (told, 0)
    assert (tmp_path / "times").read_text().count("once") == times


SYSTEMD = """Id=apt-daily.timer
LoadState=loaded
ActiveState=active
UnitFileState=enabled

Id=apt-daily.service
LoadState=masked
ActiveState=inactive
UnitFileState=masked

Id=apt-daily-upgrade.timer
LoadState=not-found
ActiveState=inactive
UnitFileState=

Id=apt-daily-upgrade.service
LoadState=loaded
ActiveState=inactive
UnitFileState=static
"""
LISTED = "install installed unattended-upgrades\ninstall installed libc6:amd64\nhold installed held:amd64\ndeinstall config-files cron-apt\ninstall installed landscape-client\ninstall half-configured odd\n"


def test_what_updates_are_told_by_is_asked_once(run: Run, tmp_path: Path) -> None:
    """The packages of dpkg and the units of systemd; and what a release and a list of packages say of themselves."""
    release = "# ID=other\nID=debian\nID=twice\nVERSION_ID=\"12\"\nVERSION_CODENAME='bookworm'\n"
    published = (
        "Origin: Debian\nLabel: Debian-Security\nSuite: stable-security\nSuite: twice\nCodename: bookworm-security\nDate: Fri, 27 Nov 2026 10:00:00 UTC\nMD5Sum:\n"
        + " sum\n" * 40
        + "Valid-Until: Sat, 28 Nov 2026 10:00:00 UTC\n"
    )
    for name, text in {
        "os-release": release,
        "lists/x_InRelease": published,
        "lists/y_Release": published.replace("MD5", "Valid-Until: Sat, 28 Nov 2026 10:00:00 UTC\nMD5"),
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    commands = {
        "dpkg-query": f"echo once >> times\nprintf '{LISTED}'", "systemctl": f"echo once >> times\nprintf '{SYSTEMD}'", "apt-get": "", "apt-cache": "",
        "apt-config": 'case "$*" in shell*) ;; *) echo "E: it is broken" >&2; exit 100 ;; esac',
    }  # fmt: skip
    script = scripts.text("updates.sh").replace("/etc/os-release", "os-release").replace("/var/lib/apt/lists", "lists")
    folder = tmp_path / "bin"
    run("platform.sh", commands=commands)  # which makes the stand-ins
    done = subprocess.run(
        ["sh", "-c", f"{scripts.text('quiet.sh')}\n{script}"], cwd=tmp_path, env={"PATH": f"{folder}:{os.environ['PATH']}"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    said = done.stdout.splitlines()
    expected = [
        "@release debian 12 bookworm", "@package installed", "@tool landscape-client", "@unconfigured it is broken", "@timer apt-daily.timer active enabled",
        "@service apt-daily.service masked", "@timer apt-daily-upgrade.timer inactive ", "@service apt-daily-upgrade.service loaded",
        "@published 1795773600 - o=Debian,a=stable-security,n=bookworm-security,l=Debian-Security",
        "@published 1795773600 1795860000 o=Debian,a=stable-security,n=bookworm-security,l=Debian-Security", "@held held:amd64", "@broken half-configured odd",
    ]  # fmt: skip
    assert [line for line in said if line.split()[0] in {one.split()[0] for one in expected}] == expected
    assert (tmp_path / "times").read_text().count("once") == 2
    (folder / "dpkg-query").write_text("#!/bin/sh\nexit 2\n")
    done = subprocess.run(
        ["sh", "-c", f"{scripts.text('quiet.sh')}\n{script}"], cwd=tmp_path, env={"PATH": f"{folder}:{os.environ['PATH']}"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
