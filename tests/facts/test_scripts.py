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
    optional = {
        "postgres.login": {"DB_ADMIN"},
        "logs": {"APP_DIR"},
        "redis.info": {"BACKEND_CONTAINER"},
    }  # asked for only where they are there
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
def test_the_backends_ping_by_its_own_url(url: str, word: str, run: Run) -> None:
    """Users, and passwords as a URL encodes them; of one that is not understood nothing is told, in no words."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Redis) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        here = f"127.0.0.1:{server.server_address[1]}"
        docker = f"REDIS_URL='{url.replace('HERE', here)}'; export REDIS_URL; shift 3; exec \"$@\""
        done = run("redis-backend.sh", "redis-ping.sh", commands={"docker": docker}, BACKEND_CONTAINER="x")
        server.shutdown()
    assert (done.stdout.strip(), done.stderr, done.returncode) == (word, "", 0)


@pytest.mark.parametrize(("settings", "word"), [
    ("REDIS_HOST=127.0.0.1 REDIS_PORT=PORT REDIS_USERNAME=zebu REDIS_PASSWORD=pw-1", "pong"), ("REDIS_HOST=127.0.0.1 REDIS_PORT=PORT REDIS_PASSWORD=p@ss/w0rd REDIS_DB=2", "pong"),
    ("REDIS_HOST=127.0.0.1 REDIS_PORT=PORT", "refused"), ("REDIS_HOST=127.0.0.1 REDIS_PORT=x", "unread malformed"), ("REDIS_HOST=127.0.0.1 REDIS_PORT=PORT REDIS_PASSWORD_FILE=FILE", "pong"),
    ("REDIS_HOST=a REDIS_SENTINEL_MASTER=m", "unread sentinel"), ("CACHE_URL=redis://zebu:pw-1@127.0.0.1:PORT", "pong"), ("REDIS_URL_FILE=/nowhere", "unread none"),
])  # fmt: skip
def test_the_backends_ping_by_pieces(settings: str, word: str, tmp_path: Path, run: Run) -> None:
    (tmp_path / "secret").write_text("p@ss/w0rd\n")
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Redis) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        given = settings.replace("PORT=PORT", f"PORT={server.server_address[1]}").replace(
            ":PORT", f":{server.server_address[1]}"
        )
        docker = f'shift 3; exec env {given.replace("FILE=FILE", f"FILE={tmp_path}/secret")} "$@"'
        done = run("redis-backend.sh", "redis-ping.sh", commands={"docker": docker}, BACKEND_CONTAINER="x")
        server.shutdown()
    assert (done.stdout.strip(), done.stderr) == (word, "")


@pytest.mark.parametrize(("url", "own", "said"), [
    ("redis://zebu:pw-1@HERE", "exit 1", "redis_version:7.0.15"), ("redis://zebu:no@HERE", "echo redis_version:7.2.0", "redis_version:7.2.0"),
    ("", "echo NOAUTH Authentication required.", "NOAUTH Authentication required."),
])  # fmt: skip
def test_what_redis_says_of_itself(url: str, own: str, said: str, run: Run) -> None:
    """As the backend may ask, or else as the server's own container may."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Redis) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        here = f"127.0.0.1:{server.server_address[1]}"
        docker = (
            f"""export REDIS_URL='{url.replace("HERE", here)}'; shift 2; [ "$1" != -e ] || shift 2; shift; exec "$@" """
        )
        done = run(
            "redis-backend.sh", "redis-info.sh", commands={"docker": docker, "redis-cli": own}, BACKEND_CONTAINER="x", REDIS_CONTAINER="y"
        )  # fmt: skip
        server.shutdown()
    assert said in done.stdout
