"""The probes' scripts, as far as it can be told without a machine to ask: some are run here, with stand-ins for what they ask."""

from __future__ import annotations

import os
import socketserver
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path
from typing import ClassVar

import pytest

from pytest_zebu.facts import ALL, documents, scripts, trials
from pytest_zebu.facts.fact import Need, Probe
from pytest_zebu.facts.web import PROTECTED
from pytest_zebu.gather.ssh import program

FOLDER = Path(str(resources.files(scripts)))
SHELL = sorted(path.name for path in FOLDER.glob("*.sh"))
PERL = sorted(path.name for path in FOLDER.glob("*.pl"))
SQL = sorted(path.name for path in FOLDER.glob("*.sql"))
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


@pytest.mark.parametrize("name", [*SHELL, *PERL])
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
    used = {name for probe in PROBES.values() for name in (probe.file, *probe.uses)}
    assert used == {*SHELL, *PERL, *SQL}


def test_a_probe_needs_what_its_script_takes_from_discovery() -> None:
    """What is not there would be an empty word in the script."""
    optional = {"postgres.login": {"DB_ADMIN"}, "logs": {"APP_DIR"}}  # asked for only where they are there
    implied = {"DB_ADMIN": "DB_CONTAINER", "DB_NAME": "DB_CONTAINER"}
    for probe in PROBES.values():
        text = probe.text + "".join(probe.environment.values())
        for name in [*Need.__members__, *implied]:
            if f"ZEBU_{name}" in text and name not in optional.get(probe.name, ()):
                assert Need[implied.get(name, name)] in probe.needs, (probe.name, name)


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
            **{f"ZEBU_{name}": text for name, text in values.items()},
        }
        kind = ["perl", "-e"] if parts[-1].endswith(".pl") else ["sh", "-c"]
        return subprocess.run(
            [*kind, scripts.joined(*parts)], input=stdin, capture_output=True, text=True, env=environment, check=False, cwd=tmp_path,
        )  # fmt: skip

    return made


@pytest.mark.parametrize(("log", "status", "out"), [
    ("fine", 0, "0\n"), ("QueuePool limit of size 5\nfine\nsorry, too many clients already", 0, "2\n"), ("", 0, "0\n"),
    ("configured logging driver does not support reading", 1, ""), ("QueuePool limit of size 5", 1, ""), ("@status 0", 1, ""),
])  # fmt: skip
def test_a_log_that_cannot_be_read_counts_nothing(log: str, status: int, out: str, run: Run) -> None:
    done = run("backend-pool.sh", commands={"docker": f"printf '%s' '{log}'; exit {status}"}, BACKEND_CONTAINER="x")
    assert (done.stdout, done.returncode == 0) == (out, status == 0)


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
DOCKER = r"""case "$1 $2 $3" in
"inspect -f {{index"*) echo zebu;;
"inspect -f"*) cat inspected;;
"ps "*) echo aaa;;
"top aaa"*) printf 'PID PPID COMMAND\n10 1 uvicorn x\n';;
"top ccc"*) printf 'PID PPID COMMAND\n30 1 /usr/bin/pgbouncer /etc/pgbouncer/my.ini\n';;
"top "*) printf 'PID PPID COMMAND\n20 1 python worker.py\n';;
"exec ccc cat") [ "$4" = /etc/pgbouncer/my.ini ] && printf '[databases]\n* = host=db user=x password=canary pool_size=7\n[pgbouncer]\n;max_client_conn = 1\ndefault_pool_size = 15\nauth_file=/x\n';;
esac"""


def test_who_opens_connections_and_no_secret(run: Run, tmp_path: Path) -> None:
    (tmp_path / "inspected").write_text(INSPECTED)
    done = run("backend-workers.sh", commands={"docker": DOCKER}, BACKEND_CONTAINER="aaa")
    assert done.stdout.splitlines() == [
        "@number DB_POOL_SIZE +10", "@number DB_MAX_OVERFLOW ?", "@number WEB_CONCURRENCY 10",
        "@container 10 backend", "PID PPID COMMAND", "10 1 uvicorn x", "@beside 20 worker", "PID PPID COMMAND", "20 1 python worker.py",
        "@door 30 pgbouncer", "PID PPID COMMAND", "30 1 /usr/bin/pgbouncer /etc/pgbouncer/my.ini",
        "@pooler pool_size 7", "@pooler read yes", "@pooler default_pool_size 15",
    ]  # fmt: skip


@pytest.mark.parametrize(("address", "leads"), [
    ("DATABASE_URL=postgresql://a:b@POOL/x", True), ("DATABASE_URL=postgresql://a:b@pool", True), ("DATABASE_URL=postgresql://pool:5432/x", True), ("POSTGRES_HOST=pool", True), ("PGHOST=pool", True),
    ("DATABASE_URL=postgresql://a:b@pool.example/x", False), ("DATABASE_URL=postgresql://pool:b@db/x", False), ("POSTGRES_HOST=poo", False), ("X=1", False),
])  # fmt: skip
def test_what_the_databases_address_leads_to(address: str, leads: bool, run: Run, tmp_path: Path) -> None:
    text = INSPECTED.replace("DATABASE_URL=postgresql+asyncpg://a:p%40w@pool:6432/zebu?x=1", address, 1)
    (tmp_path / "inspected").write_text(text)
    done = run("backend-workers.sh", commands={"docker": DOCKER}, BACKEND_CONTAINER="aaa")
    assert ("@door 30 pgbouncer" in done.stdout.splitlines()) is leads
    assert "@beside 20 worker" not in done.stdout


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
    done = run("migrations-heads.sh", commands={"docker": 'shift 3; exec "$@"'}, BACKEND_CONTAINER="x")
    assert done.stdout.splitlines() == [
        "@ini script_location = db/moves", '@env     version_table="zebu",',
        "@file ./db/moves/versions/a b.py", "@line revision = 'a'", "@line down_revision = None",
    ]  # fmt: skip


def test_lock_files_that_are_not_read_are_named(tmp_path: Path, run: Run) -> None:
    for name in (
        "uv.lock",
        "web/pnpm-lock.yaml",
        "web/package-lock.json",
        "node_modules/yarn.lock",
        "a b/requirements.txt",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"text of {name}")
    with (tmp_path / "web/package-lock.json").open("wb") as large:
        large.truncate(6_000_001)
    done = run("packages-locks.sh", APP_DIR=str(tmp_path))
    assert set(filter(None, done.stdout.split("\n"))) == {
        "@file uv.lock", "text of uv.lock", "@file a b/requirements.txt", "text of a b/requirements.txt",
        "@unread kind web/pnpm-lock.yaml", "@unread size web/package-lock.json",
    }  # fmt: skip
    assert done.returncode == 0


def test_a_folder_that_cannot_be_looked_into_is_told(run: Run, tmp_path: Path) -> None:
    done = run("packages-locks.sh", commands={"find": "echo '5 ./uv.lock'; exit 1"}, APP_DIR=str(tmp_path))
    assert "@part" in done.stdout.split("\n")


def test_documents_that_are_not_read_are_told(tmp_path: Path, run: Run) -> None:
    """Git has nothing to say here: the files' own times stand in."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/deploy.md").write_text("# Deploy\n")
    (tmp_path / "long.md").write_text("x" * 524_289)
    topics = dict(documents.PROBE.values)["TOPICS"]
    asked = {"TOPICS": topics, "APP_DIR": str(tmp_path), "SET_DOCUMENTS": "", "PERL": scripts.text("documents.pl")}
    done = run("git.sh", "documents.sh", **asked)
    lines = done.stdout.split("\n")
    assert "@unread long.md" in lines
    assert any(line.startswith("@document 2 0 ") and line.endswith(" docs/deploy.md") for line in lines)
    done = run("git.sh", "documents.sh", commands={"find": "exit 1"}, **asked)
    assert "@unread ." in done.stdout.split("\n")
    many = "i=0; while [ $i -lt 2003 ]; do echo ./docs/deploy.md; i=$((i+1)); done"
    done = run("git.sh", "documents.sh", commands={"find": many}, **asked)
    assert "@cut 3" in done.stdout.split("\n")


def test_what_the_node_refuses_is_no_answer(run: Run) -> None:
    pvesh = 'case "$2" in /version) echo "{\\"release\\": \\"9.1\\"}" ;; *) echo "[ {"; exit 2 ;; esac'
    done = run("pvesh.sh", commands={"pvesh": pvesh}, SET_PROXMOX_NODE="pve", SET_PROXMOX_VMID="")
    assert done.stdout == '@version {"release": "9.1"}\n@updates \n@refreshes \n@backup_jobs \n'


INSTALLED = """case "$1 $2" in
  "ps --filter") i=0; while [ $i -lt COUNT ]; do echo "c$i s$i"; i=$((i+1)); done ;;
  "exec c0") echo 'a 1'; echo '? odd.dist-info' ;;
  "exec c1"|"exec c2") exit 127 ;;
  "top c1") echo 'COMMAND'; echo '/opt/venv/bin/python3.12 -m app' ;;
  "top c2") echo 'COMMAND'; echo 'nginx: master' ;;
  *) exit 3 ;;
esac"""


def test_a_python_that_is_not_on_the_path_is_not_none(run: Run) -> None:
    done = run("packages-installed.sh", commands={"docker": INSTALLED.replace("COUNT", "4")}, PROJECT="x")
    assert done.stdout == "@service s0 0\na 1\n? odd.dist-info\n@service s1 unseen\n@service s2 none\n@service s3 3\n"
    done = run("packages-installed.sh", commands={"docker": INSTALLED.replace("COUNT", "25")}, PROJECT="x")
    assert done.stdout.startswith("@cut 25\n")


HEAD = "# configuration file /etc/nginx/nginx.conf:\n"


@pytest.mark.parametrize(("text", "hosts"), [
    ("http { server { listen 443 ssl; server_name a *.B; limit_req zone=z; } }", ["yes tls a *.b"]),
    ("http { limit_req zone=z; server { server_name a; } server { server_name b; limit_req_dry_run on; } }", ["yes plain a", "no plain b"]),
    ("http { server { server_name a; # limit_req zone=z;\n location / { return 301 https://$host${request_uri}; } } }", ["no plain a"]),
    ("http { server { listen [::]:443 quic; server_name 'a'; location = /health { limit_req zone=z; } location / { } } }", ["no tls a"]),
    ("http { server { location / { } location /api/ { limit_req zone=z; } } }", ["yes plain"]),
    ("http { server { location ^~ /api/ { } location ~ ^/api { limit_req zone=z; } } }", ["no plain"]),
    ("http { server { location /api/ { } location ~* ^/API { limit_req zone=z; } } }", ["yes plain"]),
    ("http { server { location / { rewrite ^ /x last; } location /x { limit_req zone=z; } } }", ["unclear plain"]),
    ("http { map $a $b { 'x;{' \"limit_req zone=z;\"; } server { add_header X 'limit_req zone=z;'; } }", ["no plain"]),
    ("http { server { location / { content_by_lua_block { local x = {} if a then b() end } } limit_req zone=z; } }", ["yes plain"]),
    ("http { include conf.d/*.conf; }\n# configuration file /etc/nginx/conf.d/a.conf:\nserver { server_name a; limit_req zone=z; }\n"
     "# configuration file /etc/nginx/sites/b.conf:\nserver { server_name b; }", ["yes plain a"]),
    ("events {}", []),
])  # fmt: skip
def test_which_servers_of_nginx_limit_requests(text: str, hosts: list[str], run: Run) -> None:
    """As nginx reads it: comments, quotes, includes, levels, and which location serves the API."""
    done = run("proxy-nginx.pl", stdin=f"{HEAD}{text}\n", PATH=PROTECTED)
    assert done.stdout.split("\n")[:-1] == [*(f"@host {host}" for host in hosts), "@nginx read"]


@pytest.mark.parametrize("text", ["http {", "http { } }", "http { server { location ~ ^/( { } } }", "http { a 'b }"])
def test_a_configuration_that_is_not_understood_is_not_read(text: str, run: Run) -> None:
    assert run("proxy-nginx.pl", stdin=f"{HEAD}{text}\n", PATH=PROTECTED).stdout == "@nginx unread\n"
    assert run("proxy-nginx.pl", stdin="", PATH=PROTECTED).stdout == "@nginx unread\n"


def test_an_nginx_that_shows_nothing_is_known_as_one(run: Run) -> None:
    done = run("proxy-configuration.sh", commands={"nginx": "exit 1", "ls": "exit 2"}, PERL="print 1", PATH=PROTECTED)
    assert done.stdout.split("\n")[-2] == "@nginx failed"


class _Redis(socketserver.StreamRequestHandler):
    """A server with two users that knows AUTH and PING."""

    USERS: ClassVar = {"zebu": "pw-1", "default": "p@ss/w0rd"}

    def handle(self) -> None:
        is_known = False
        while line := self.rfile.readline():
            words = []
            for _ in range(int(line[1:])):
                words.append(self.rfile.read(int(self.rfile.readline()[1:]) + 2)[:-2].decode())
            if words[0] == "AUTH":
                user, password = words[1:] if len(words) == 3 else ("default", words[1])
                is_known = self.USERS.get(user) == password
                said = "+OK" if is_known else "-WRONGPASS invalid username-password pair"
            else:
                said = "+PONG" if is_known else "-NOAUTH Authentication required."
            self.wfile.write(f"{said}\r\n".encode())


@pytest.mark.parametrize(("url", "word"), [
    ("redis://zebu:pw-1@HERE/0", "pong"), ("redis://:p%40ss%2Fw0rd@HERE/0", "pong"), ("redis://default:p%40ss%2Fw0rd@HERE", "pong"),
    ("redis://zebu:other@HERE", "refused"), ("redis://HERE", "refused"), ("redis://:pw-1@HERE", "refused"), ("redis://zebu:pw-1@127.0.0.1:1/0", "unreachable ConnectionRefusedError"),
    ("unix:///run/redis", ""), ("redis://:p@ss:x@HERE:y", ""), ("", ""),
])  # fmt: skip
def test_the_backends_ping_by_its_own_url(url: str, word: str, run: Run) -> None:
    """Users, and passwords as a URL encodes them; of one that is not understood nothing is told, in no words."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Redis) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        here = f"127.0.0.1:{server.server_address[1]}"
        docker = f"REDIS_URL='{url.replace('HERE', here)}'; export REDIS_URL; shift 3; exec \"$@\""
        done = run("redis-ping.sh", commands={"docker": docker}, BACKEND_CONTAINER="x")
        server.shutdown()
    assert (done.stdout.strip(), done.stderr) == (word, "")
    assert (done.returncode == 0) is bool(word)
