"""The far side, run here in a process of its own: limits, frames, the filter."""

from __future__ import annotations

import json
import os
import resource
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from pytest_zebu.facts import ALL, postgres, redis
from pytest_zebu.facts.answer import Reason, Said, Unknown, need
from pytest_zebu.facts.fact import Gathered, Need, Probe
from pytest_zebu.gather.ssh import START, diagnose, received, request, unframe
from pytest_zebu.settings import Settings
from pytest_zebu.settings.sections import Host
from pytest_zebu.settings.target import Target
from tests.gather.canaries import canaries, parts
from tests.waiting import until

SECRET = "correct-horse&battery'staple/42"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / ".env").write_text(
        f'POSTGRES_PASSWORD="{SECRET}" # comment\nAPP_ENV=production\nSHORT_TOKEN=ab1\nOTHER_KEY={SECRET}\n'
    )
    (tmp_path / ".env").chmod(0o600)
    return tmp_path


def ask(folder: Path, *probes: Probe, noise: bytes = b"") -> dict[str, Said | Unknown]:
    target = Target(name="here", host=Host(app_directory=str(folder)), settings=Settings())
    done = subprocess.run(
        ["perl", "-"], input=request(probes, "n0nce", target, 10), capture_output=True, timeout=600, check=True
    )
    return unframe(noise + done.stdout, "n0nce")


def test_answers_come_back_whole(folder: Path) -> None:
    answers = ask(
        folder, Probe("one", "printf 'a\\nEND n0nce\\n'"), Probe("two", "echo oops >&2; exit 7"), noise=b"Welcome!\n"
    )
    assert answers["one"] == Said(0, "a\nEND n0nce\n", "")
    assert answers["two"] == Said(7, "", "oops\n")


@pytest.mark.hostile("ssh")
def test_limits_are_kept(folder: Path) -> None:
    answers = ask(
        folder,
        Probe("slow", "sleep 20", timeout=0.5),
        Probe("huge", "yes | head -c 1000000", limit=1000),
        Probe("fine", "echo fine"),
    )
    assert [getattr(answers[name], "reason", None) for name in ("slow", "huge")] == [Reason.TIMED_OUT, Reason.GARBLED]
    assert answers["fine"] == Said(0, "fine\n", "")


def test_what_a_probe_needs_and_is_not_there_is_said(daemon: Daemon) -> None:
    answer = daemon(container("web"), probes=[Probe("sql", "echo", needs=(Need.DB_CONTAINER,))])["sql"]
    assert answer == Unknown(Reason.MISSING, "no container of PostgreSQL was seen")


@pytest.mark.hostile("secrets")
@pytest.mark.parametrize("script", [
    'cat "$ZEBU_APP_DIR/.env"',
    'cat "$ZEBU_APP_DIR/.env" >&2',
    'grep -h POSTGRES "$ZEBU_APP_DIR/.env" | base64 -w0',
    'printf %s "$DOTENV_POSTGRES_PASSWORD" | od -An -tx1 | tr -d " \\n"',
    'printf "xx%s" "$DOTENV_POSTGRES_PASSWORD" | base64 -w0',
    'perl -e \'for (split //, $ENV{DOTENV_POSTGRES_PASSWORD}) { printf /[A-Za-z0-9_.~-]/ ? $_ : sprintf "%%%%%02X", ord }\'',
], ids=["stdout", "stderr", "base64", "hex", "base64 shifted", "percent"])  # fmt: skip
@pytest.mark.hostile("secrets")
def test_no_form_of_a_secret_leaves(folder: Path, script: str) -> None:
    import base64
    from urllib.parse import quote

    target = Target(name="here", host=Host(app_directory=str(folder)), settings=Settings())
    probes = [Probe("leak", script, needs=(Need.APP_DIR,), dotenv=True)]
    done = subprocess.run(
        ["perl", "-"], input=request(probes, "n0nce", target, 10), capture_output=True, timeout=600, check=True
    )
    middle = base64.b64encode(SECRET.encode()).decode()[:-4]
    for form in (SECRET, quote(SECRET, safe=""), middle, SECRET.encode().hex()):
        assert form.encode() not in done.stdout
    assert b"[redacted]" in done.stdout


@pytest.mark.hostile("secrets")
def test_short_secrets_are_hidden_where_they_stand_alone(folder: Path) -> None:
    answer = ask(folder, Probe("short", "echo ab1 xab1x"))["short"]
    assert answer == Said(0, "[redacted] xab1x\n", "")


@pytest.mark.hostile("secrets")
def test_values_are_judged_and_equal_ones_grouped(folder: Path) -> None:
    answer = ask(folder)["zebu.environment"]
    assert isinstance(answer, Said)
    rows = {fields[1]: fields for fields in (line.split("\t") for line in answer.out.splitlines())}
    assert rows["POSTGRES_PASSWORD"][2] == str(len(SECRET))
    assert rows["POSTGRES_PASSWORD"][6] == rows["OTHER_KEY"][6] != rows["APP_ENV"][6]
    assert rows["APP_ENV"][7] == "production"


@pytest.mark.hostile("ssh")
def test_a_stream_cut_short_leaves_the_rest_out(folder: Path) -> None:
    target = Target(name="here", host=Host(app_directory=str(folder)), settings=Settings())
    probes = [Probe("one", "echo 1"), Probe("two", "echo 2")]
    whole = subprocess.run(
        ["perl", "-"], input=request(probes, "n", target, 10), capture_output=True, timeout=600, check=True
    ).stdout
    for cut in range(len(b"ZEBU1 n\n"), len(whole), 7):
        answers = unframe(whole[:cut], "n")
        assert all(
            answer == Said(0, f"{1 if name == 'one' else 2}\n", "")
            for name, answer in answers.items()
            if name in ("one", "two")
        )


@pytest.mark.parametrize(("said", "meaning"), [
    ("deploy@vm: Permission denied (publickey).", "the key was refused"),
    ("@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.", "the host key has changed"),
    ("ssh: connect to host vm port 22: Connection refused", "nothing answers on the ssh port"),
    ("ssh: Could not resolve hostname vm: Name or service not known", "the name does not resolve"),
    ("something \x1b[31mnew", "something new"),
])  # fmt: skip
def test_complaints_of_ssh_are_explained(said: str, meaning: str) -> None:
    assert diagnose(said).startswith(meaning)


def test_perl_is_run_with_what_stands_in_its_environment(folder: Path) -> None:
    """Pure Perl, Perl within sh, and sh within Perl; values arrive as they are."""
    odd = "a'b\"c $(id) `id`\tü"
    answers = ask(
        folder,
        Probe("json", file="json.pl"),
        Probe("value", 'printf %s "$ZEBU_ODD"', values=(("ODD", odd),)),
        Probe("knock", 'perl -e "$ZEBU_PERL" 127.0.0.1:1; echo $?', uses=("connected.pl", "knock.pl")),
    )
    assert answers["json"] == Said(0, "", "")
    assert answers["value"] == Said(0, odd, "")
    assert answers["knock"] == Said(0, "1\n", "")


@pytest.mark.hostile("ssh")
def test_what_needs_root_is_not_tried_without(folder: Path) -> None:
    answer = ask(folder, Probe("root", "id -u", root=True))["root"]
    expected = (
        Said(0, "0\n", "")
        if os.geteuid() == 0
        else Unknown(Reason.NO_PERMISSION, "root needs root, and sudo -n was refused")
    )
    assert answer == expected


def test_only_what_discovery_serves_waits_for_it() -> None:
    assert not Probe("one", "id", root=True, values=(("APP_DIR", "/"),)).waits
    assert Probe("two", "id", needs=(Need.PROJECT,)).waits
    assert Probe("three", "id", dotenv=True).waits


# Containers, as a daemon shows them


def container(service: str, image: str = "", **more: Any) -> dict[str, Any]:
    """A container of the project, by what the tests say of it."""
    return {
        "service": service,
        "id": f"{len(service):02x}{service.encode().hex()}"[:64].ljust(64, "0"),
        "image": image,
        **more,
    }


def shown(one: Mapping[str, Any], folder: Path) -> str:
    """What `docker inspect` prints by our template."""
    labels = {
        "com.docker.compose.project": one.get("project", "zebu"), "com.docker.compose.service": one["service"],
        "com.docker.compose.project.working_dir": str(folder), "com.docker.compose.oneoff": one.get("oneoff", "False"),
        "com.docker.compose.project.config_files": str(folder / "docker-compose.yml"), **one.get("labels", {}),
    }  # fmt: skip
    name = one.get("name", f"zebu-{one['service']}-1")
    whole = {
        "Id": one["id"], "Name": f"/{name}", "Created": "2026-11-24T10:00:00Z", "Image": "sha256:" + "ab" * 32, "RestartCount": 0,
        "State": {"Status": "running", "Running": True, **one.get("state", {})}, "Labels": labels, "ConfigImage": one["image"],
        "Healthcheck": one.get("healthcheck"), "RestartPolicy": {"Name": "always"}, "Memory": 0, "NanoCpus": 0, "CpuQuota": 0,
        "CpuPeriod": 0, "LogConfig": one.get("log", {"Type": "local", "Config": {}}), "Privileged": False, "NetworkMode": "bridge",
        "Ports": {}, "PortBindings": one.get("ports", {}),
        "Networks": {"zebu_default": {"IPAddress": one.get("address", ""), "Aliases": one.get("aliases", [])}},
        "Mounts": one.get("mounts", []),
    }  # fmt: skip
    command = [one.get("path", ""), one.get("args", []), one.get("hostname", "")]
    running = f"{str(one.get('running', True)).lower()} {one.get('pid', 0)}"
    texts = (json.dumps(part) for part in (labels, one.get("env", []), command))
    return "\n".join((one["id"], *texts, running, json.dumps(whole), "", ""))


Daemon = Callable[..., dict[str, Said | Unknown]]


@pytest.fixture
def daemon(tmp_path: Path) -> Daemon:
    """Ask the far side of a machine with these containers, whose application is in a folder."""

    def asked(
        *containers: Mapping[str, Any], probes: Sequence[Probe] = (), within: str = "exit 1"
    ) -> dict[str, Said | Unknown]:
        programs, folder = tmp_path / "bin", tmp_path / "app"
        programs.mkdir(exist_ok=True)
        folder.mkdir(exist_ok=True)
        (programs / "inspected").write_text("".join(shown(one, folder) for one in containers))
        docker = programs / "docker"
        docker.write_text(
            f'#!/bin/sh\ncase $1 in ps) echo id ;; inspect) cat "{programs}/inspected" ;; exec) {within} ;; *) exit 1 ;; esac\n'
        )
        docker.chmod(0o755)
        target = Target(name="here", host=Host(), settings=Settings())
        script = request(probes, "n0nce", target, 10).replace(
            b"'/usr/local/sbin:", f"'{programs}:/usr/local/sbin:".encode()
        )
        done = subprocess.run(["perl", "-"], input=script, capture_output=True, timeout=600, check=True)
        assert done.stderr == b""
        return unframe(done.stdout, "n0nce")

    return asked


def variables(answers: Mapping[str, Said | Unknown]) -> dict[tuple[str, str], list[str]]:
    """The judged environment, by place and name."""
    answer = answers["zebu.environment"]
    assert isinstance(answer, Said)
    rows = [line.split("\t") for line in answer.out.splitlines()]
    return {(row[0], row[1]): row for row in rows}


@pytest.mark.parametrize(("says", "reason", "detail"), [
    ("permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: dial unix: connect: permission denied", Reason.NO_PERMISSION, "add the user to the group docker"),
    ("permission denied while trying to connect to the docker API at unix:///var/run/docker.sock", Reason.NO_PERMISSION, "let `sudo -n` become root"),
    ("Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?", Reason.UNREACHABLE, "daemon does not answer"),
    ("failed to connect to the docker API at unix:///var/run/docker.sock; check if the path is correct", Reason.UNREACHABLE, "daemon does not answer"),
    ("Error response from daemon: no", Reason.MISSING, "could not be listed"), (None, Reason.NO_COMMAND, "docker is not installed"),
])  # fmt: skip
def test_why_docker_names_no_containers_is_said_of_all_that_needs_them(
    says: str | None, reason: Reason, detail: str, tmp_path: Path
) -> None:
    """What is kept from us is not missing, and nothing says that there are no containers."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("sh", "cat", "perl"):
        (programs / name).symlink_to(f"/usr/bin/{name}")
    if says is not None:
        (programs / "docker").write_text(f"#!/bin/sh\necho '{says}' >&2\nexit 1\n")
        (programs / "docker").chmod(0o755)
    needs = (
        Need.APP_DIR,
        Need.PROJECT,
        Need.CONTAINERS,
        Need.DB_CONTAINER,
        Need.BACKEND_CONTAINER,
        Need.REDIS_CONTAINER,
    )
    probes = [Probe(need.name.lower(), "echo here", needs=(need,)) for need in needs]
    script = request(probes, "n0nce", Target(name="here", host=Host(), settings=Settings()), 10)
    begins = b"'/usr/local/sbin:"
    assert script.count(begins) == 1
    path = script[script.index(begins) :].split(b"'")[1]
    done = subprocess.run(
        ["perl", "-"], input=script.replace(path, str(programs).encode()), capture_output=True, timeout=60, check=True
    )
    answers = unframe(done.stdout, "n0nce")
    for name in (*(probe.name for probe in probes), "zebu.containers", "zebu.environment"):
        answer = answers[name]
        assert isinstance(answer, Unknown), name
        assert answer.reason is reason
        assert detail in answer.detail


POSTGRES: dict[str, Any] = {"path": "docker-entrypoint.sh", "args": ["postgres"]}
DATABASE = container(
    "db", env=["POSTGRES_PASSWORD=Tr0ub4dor-and-3-more", "PGDATA=/var/lib/postgresql/data"], **POSTGRES
)
BACKEND = container("backend", env=["DATABASE_URL=postgresql+asyncpg://zebu_app:Xk29fLm3@db:5432/zebu"], path="uvicorn")
BACKUP = container(
    "postgres-backup", "prodrigestivill/postgres-backup-local",
    env=["POSTGRES_PASSWORD=Tr0ub4dor-and-3-more", "PGDATA=/var/lib/postgresql/data"], path="/bin/sh", args=["-c", "exec /usr/local/bin/go-cron"],
)  # fmt: skip
EXPORTER = container(
    "postgres-exporter", path="/bin/postgres_exporter", env=["DATA_SOURCE_NAME=postgresql://u:Qz81kdPw@db/zebu"]
)
POOLER = container(
    "pgbouncer",
    path="/entrypoint.sh",
    args=["/usr/bin/pgbouncer", "/etc/pgbouncer/pgbouncer.ini"],
    env=["DATABASE_URL=postgres://zebu_app:Xk29fLm3@db/zebu"],
)
REDIS = container("redis", path="docker-entrypoint.sh", args=["redis-server", "--save", "60", "1"])
CACHE_EXPORTER = container("redis-exporter", path="/redis_exporter", env=["REDIS_ADDR=redis://redis:6379"])
ASKING = [
    Probe("database", 'echo "$ZEBU_DB_CONTAINER" | cut -c1-12', needs=(Need.DB_CONTAINER,)),
    Probe("cache", 'echo "$ZEBU_REDIS_CONTAINER" | cut -c1-12', needs=(Need.REDIS_CONTAINER,)),
    Probe(
        "backend",
        'echo "$(echo "$ZEBU_BACKEND_CONTAINER" | cut -c1-12) $ZEBU_APP_ROLE $ZEBU_DB_NAME"',
        needs=(Need.BACKEND_CONTAINER,),
    ),
]


WITHIN = (redis.PING_PROBE, postgres.LOGIN_PROBE, redis.INFO_PROBE)
"""What is asked within the backend's container; of the last, also in its own."""
RUNS = 'echo "$3" >> calls; [ "$2 $4" != "-i python3" ] || { echo once >> calls; shift 3; exec "$@"; }; exit 3'


def names(answers: Mapping[str, Said | Unknown]) -> dict[str, Any]:
    """What was said of each: an answer, or the reason why there is none."""
    found = {probe.name: answers[probe.name] for probe in WITHIN if probe.name in answers}
    return {name: one if isinstance(one, Said) else one.reason for name, one in found.items()}


def test_what_is_asked_within_one_container_is_asked_by_one_program(
    daemon: Daemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has its own answer; where the backend could not tell, the other way is taken."""
    monkeypatch.chdir(tmp_path)
    for name in ("REDIS_URL", "DATABASE_URL", "CACHE_URL", "REDIS_HOST"):
        monkeypatch.delenv(name, raising=False)
    answers = names(daemon(BACKEND, DATABASE, REDIS, probes=WITHIN, within=RUNS))
    assert answers == {
        "redis.ping": Said(0, "unread none\n"),
        "postgres.login": Said(5, ""),
        "redis.info": Said(3, "\n"),
    }
    calls = (tmp_path / "calls").read_text().split()
    assert calls == [BACKEND["id"], "once", REDIS["id"]]


PONG = "printf 'redis.ping 0 1 5 0\\npong\\n'"


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize(("within", "expected"), [
    ("echo no python3 >&2; exit 127", {"redis.ping": Said(127, "", "no python3\n"), "postgres.login": Said(127, "", "no python3\n")}),
    (f"{PONG}; exit 0", {"redis.ping": Said(0, "pong\n"), "postgres.login": Reason.UNDECIDABLE}),
    (f"{PONG}; {PONG}; exit 0", {"redis.ping": Said(0, "pong\n"), "postgres.login": Reason.UNDECIDABLE}),
    (f"{PONG}; printf 'postgres.login 0 1 99 0\\nright accepted\\n'; exit 0", {"redis.ping": Said(0, "pong\n"), "postgres.login": Reason.UNDECIDABLE}),
    (f"echo hello; {PONG}; exit 0", {"redis.ping": Reason.UNDECIDABLE, "postgres.login": Reason.UNDECIDABLE}),
    (f"printf 'other 0 1 0 0\\n'; {PONG}; exit 0", {"redis.ping": Reason.UNDECIDABLE, "postgres.login": Reason.UNDECIDABLE}),
    (f"{PONG}; printf 'postgres.login 9 1 0 3\\nbad'; kill -9 $$", {"redis.ping": Said(0, "pong\n"), "postgres.login": Said(9, "", "bad")}),
    ("kill -9 $$", {"redis.ping": Said(137, ""), "postgres.login": Said(137, "")}),
    (f"echo x >> calls; {PONG}; sleep 20", {"redis.ping": Said(0, "pong\n"), "postgres.login": Reason.TIMED_OUT}),
    ("echo x >> calls; [ $(wc -l < calls) = 1 ] || printf 'postgres.login 0 1 2 0\\nok'; sleep 20", {"redis.ping": Reason.TIMED_OUT, "postgres.login": Said(0, "ok")}),
])  # fmt: skip
def test_what_is_not_understood_of_an_answer_from_within_is_unknown(
    within: str, expected: dict[str, Any], daemon: Daemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came whole before is kept."""
    monkeypatch.chdir(tmp_path)
    probes = [replace(probe, timeout=0.7) for probe in WITHIN[:2]]
    assert names(daemon(BACKEND, DATABASE, REDIS, probes=probes, within=within)) == expected
    if "calls" in within:
        assert (tmp_path / "calls").read_text() == "x\nx\n", "what is late is asked once more"


def test_without_a_backend_its_own_container_tells_of_redis(daemon: Daemon) -> None:
    answers = names(daemon(REDIS, probes=WITHIN, within="echo redis_version:7; exit 0"))
    assert answers == {
        "redis.ping": Reason.MISSING,
        "postgres.login": Reason.MISSING,
        "redis.info": Said(0, "redis_version:7\n"),
    }
    answers = names(daemon(BACKEND, probes=WITHIN, within=f"{PONG}; exit 0"))
    assert answers["redis.ping"] == Said(0, "pong\n")
    assert answers["redis.info"] is Reason.MISSING


def test_who_says_too_much_within_is_cut(daemon: Daemon) -> None:
    probes = [replace(redis.PING_PROBE, limit=5)]
    assert names(daemon(BACKEND, probes=probes, within=f"{PONG}; exit 0")) == {"redis.ping": Reason.GARBLED}


def chosen(answers: Mapping[str, Said | Unknown], name: str) -> str:
    """Which container was asked, or why none."""
    answer = answers[name]
    return answer.out.strip() if isinstance(answer, Said) else str(answer)


@pytest.mark.parametrize("order", [1, -1])
def test_what_stands_beside_the_database_is_not_the_database(order: int, daemon: Daemon) -> None:
    """Backups, exporters and poolers know its password and its name; some are made from its very image."""
    machine = [DATABASE, BACKEND, BACKUP, EXPORTER, POOLER, REDIS, CACHE_EXPORTER][::order]
    answers = daemon(*machine, probes=ASKING)
    assert chosen(answers, "database") == DATABASE["id"][:12]
    assert chosen(answers, "cache") == REDIS["id"][:12]
    assert chosen(answers, "backend") == f"{BACKEND['id'][:12]} zebu_app zebu"
    host = answers["zebu.host"]
    assert isinstance(host, Said)
    assert "databases=db\ncaches=redis\n" in host.out


@pytest.mark.parametrize(("env", "told"), [
    (["POSTGRES_SERVER=db", "POSTGRES_USER=zebu_app", "POSTGRES_DB=zebu"], "zebu_app zebu"), (["PGHOST=db", "PGUSER=a", "PGDATABASE=b"], "a b"),
    (["DB_USER=a", "DB_NAME="], ""), (["DATABASE_URL=sqlite:///x", "POSTGRES_USER=a", "POSTGRES_DB=b"], ""),
])  # fmt: skip
def test_as_whom_the_backend_asks_by_pieces(env: list[str], told: str, daemon: Daemon) -> None:
    """As FastAPI's template has them. A piece that is lacking tells nothing, and an address counts before them."""
    backend = container("backend", env=env, path="uvicorn")
    answers = daemon(
        DATABASE,
        backend,
        REDIS,
        probes=[Probe("who", 'echo "$ZEBU_APP_ROLE $ZEBU_APP_DATABASE"', needs=(Need.BACKEND_CONTAINER,))],
    )
    assert chosen(answers, "who") == told


@pytest.mark.parametrize(
    "one",
    [
        {"path": "docker-entrypoint.sh", "args": ["-c", "max_connections=200"], "env": ["PG_MAJOR=16"]},
        {"path": "/opt/bitnami/scripts/postgresql/entrypoint.sh", "args": ["/opt/bitnami/scripts/postgresql/run.sh"]},
        {"path": "docker-entrypoint.sh", "args": ["postgres"], "env": ["POSTGRES_PASSWORD_FILE=/run/secrets/pg"]},
        {"path": "/usr/lib/postgresql/16/bin/postgres", "args": ["-D", "/data"]},
        {"path": "docker-entrypoint.sh", "args": [], "env": ["PGDATA=/x"]},
        {"path": "/bin/sh", "args": ["-c", "exec docker-entrypoint.sh postgres -c x=1"], "env": ["PGDATA=/x"]},
        {"path": "patroni", "args": ["/etc/patroni.yml"]},
    ],
)  # fmt: skip
@pytest.mark.parametrize("service", ["db", "pg-main", "store"])
def test_a_database_by_what_it_starts(one: Mapping[str, Any], service: str, daemon: Daemon) -> None:
    machine = (BACKEND, container(service, aliases=["db"], **one), BACKUP)
    assert chosen(daemon(*machine, probes=ASKING), "database") == machine[1]["id"][:12]


@pytest.mark.parametrize(
    "one",
    [
        BACKUP, EXPORTER, POOLER,
        container("db-backup", path="docker-entrypoint.sh", args=["bash", "-c", "while true; do pg_dump zebu; done"], env=["PGDATA=/x", "POSTGRES_PASSWORD=Wd92kfQx"]),
        container("pgadmin", path="/entrypoint.sh", env=["PGADMIN_DEFAULT_PASSWORD=Wd92kfQx"]),
        container("database-migrate", path="alembic", args=["upgrade", "head"], env=["POSTGRES_PASSWORD=Wd92kfQx"], running=False),
        container("databasus", path="./start.sh", env=["POSTGRES_PASSWORD=Wd92kfQx"]),
        container("postgres", path="psql", args=["-c", "select 1"], env=["PGDATA=/x", "POSTGRES_PASSWORD=Wd92kfQx"]),
    ],
    ids=lambda one: one["service"],
)  # fmt: skip
def test_no_database_by_its_name_or_its_password(one: Mapping[str, Any], daemon: Daemon) -> None:
    assert chosen(daemon(BACKEND, one, probes=ASKING), "database") == "not there: no container of PostgreSQL was seen"


OTHER = container("analytics", env=["PGDATA=/x"], **POSTGRES)


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("postgresql://u:p4sswd@db/zebu", "db"), ("postgresql://u:p4sswd@zebu-analytics-1/zebu", "analytics"), ("postgresql://u:p4sswd@10.1.2.3:5432/zebu", "analytics"),
        ("postgresql://u:p4sswd@MAIN/zebu", "db"), ("postgresql://db:p4sswd@analytics/db", "analytics"), ("postgresql://u:p4sswd@main.zebu_default/zebu", "db"),
        ("postgresql://u:p4sswd@host.docker.internal:5433/zebu", "db"),
    ],
)  # fmt: skip
def test_of_several_databases_the_one_that_is_named(url: str, named: str, daemon: Daemon) -> None:
    machine = [
        {**DATABASE, "aliases": ["main"], "ports": {"5432/tcp": [{"HostIp": "127.0.0.1", "HostPort": "5433"}]}},
        {**OTHER, "address": "10.1.2.3"},
        {**BACKEND, "env": [f"DATABASE_URL={url}"]},
    ]
    assert chosen(daemon(*machine, probes=ASKING), "database") == {"db": DATABASE, "analytics": OTHER}[named]["id"][:12]


@pytest.mark.parametrize("machine", [(DATABASE,), (DATABASE, OTHER)])
def test_a_database_elsewhere_is_none_of_the_containers(machine: tuple[Mapping[str, Any], ...], daemon: Daemon) -> None:
    backend = {**BACKEND, "env": ["DATABASE_URL=postgresql://u:p4sswd@db.rds.test:6000/zebu"]}
    said = chosen(daemon(*machine, backend, probes=ASKING), "database")
    names = ", ".join(one["service"] for one in machine)
    assert (
        said
        == f"not there: the backend's address of PostgreSQL names none of the project's containers ({names} runs it)"
    )


def test_behind_a_pooler_it_is_the_only_one(daemon: Daemon) -> None:
    backend = {**BACKEND, "env": ["DATABASE_URL=postgresql://u:p4sswd@pgbouncer:6432/zebu"]}
    assert chosen(daemon(DATABASE, POOLER, backend, probes=ASKING), "database") == DATABASE["id"][:12]


def test_of_several_databases_none_of_which_is_named_none_is_asked(daemon: Daemon) -> None:
    backend = {**BACKEND, "env": ["DATABASE_URL=postgresql://u:p4sswd@backend/zebu"]}
    said = "not there: several containers run PostgreSQL (db, analytics), and the backend's address names none of them"
    assert chosen(daemon(DATABASE, OTHER, backend, probes=ASKING), "database") == said


def test_an_entry_without_a_value_is_not_set(daemon: Daemon) -> None:
    """Entries without an equals sign, and empty values, shift nothing."""
    env = ["UNSET", "EMPTY=", "POSTGRES_PASSWORD=Tr0ub4dor-and-3-more", "ALSO_UNSET", "EQUALS=a=b=c", "LAST="]
    rows = variables(daemon({**DATABASE, "env": env}))
    found = {name: row[2] for (where, name), row in rows.items() if where == "container:db"}
    assert found == {"EMPTY": "0", "EQUALS": "5", "LAST": "0", "POSTGRES_PASSWORD": "20"}


@pytest.mark.hostile("secrets")
def test_a_password_in_a_file_is_judged_where_it_is(daemon: Daemon, tmp_path: Path) -> None:
    secret = "Zq8vT1xWm3Lk9RbY5nPd7HsJ2cFgA4eU"
    (tmp_path / "pg").write_text(f"{secret}\n")
    mounts = [{"Type": "bind", "Source": str(tmp_path / "pg"), "Destination": "/run/secrets/pg"}]
    database = {**DATABASE, "env": ["POSTGRES_PASSWORD_FILE=/run/secrets/pg", "PGDATA=/x"], "mounts": mounts}
    leak = Probe("leak", f"cat {tmp_path}/pg; echo $DOTENV_POSTGRES_PASSWORD", needs=(Need.DB_CONTAINER,), dotenv=True)
    answers = daemon(database, BACKEND, probes=[leak])
    row = variables(answers)["container:db", "POSTGRES_PASSWORD"]
    assert (row[2], row[4], row[5]) == ("32", "aA0", "own")
    assert answers["leak"] == Said(0, "[redacted]\n[redacted]\n", "")


DOTENV_FORMS = (
    ("A=b", "b"), ("\ufeffA=b", "b"), ("A=b\r\nC=d\r\n", "b"), ("export A=b", "b"), ("A: b", "b"), ("A = b ", "b"), ("A='b $X # c'", "b $X # c"), ('A="b # c"', "b # c"),
    ("A=b # c", "b"), ("A=b#c", "b#c"), ('A="b" # c', "b"), ("A=", ""), ("A=b\nA=c", "c"), ('A="b\nc"', "b\nc"), ("A='b\nc'\nD=e", "b\nc"), ('A="b\\nc"', "b\nc"),
    ("X=1\nA=$X-${X}", "1-1"), ("A=${X:-d}", "d"), ("A=${X-d}", "d"), ("X=\nA=${X:-d}${X-e}", "d"), ("X=1\nA=${X:+y}", "y"), ("A=a$$b", "a$b"), ('A="a\\$b"', "a$b"),
    ("A=$NONE.", "."), ("X=1\nA=${Y:-${X}}", "1"), ("A.b-c=1\nA=2", "2"), ("# A=1\n\n  A=2", "2"), ('A="it\\"s"', 'it"s'), ("A='it\\'s'", "it's"), ("B\nA=1", "1"),
)  # fmt: skip
"""As docker compose reads them: each was compared with compose itself."""


@pytest.mark.parametrize(("text", "value"), DOTENV_FORMS)
def test_the_environment_is_read_as_compose_reads_it(text: str, value: str, tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(text.encode())
    answer = ask(tmp_path, Probe("value", 'printf "<%s>" "$DOTENV_A"', dotenv=True))["value"]
    assert answer == Said(0, f"<{value}>", "")


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("A=1\nB C=2\n", "line 2 is none that compose reads"), ('A="1\n', "line 1 opens a quote that nothing closes"), ("A='1", "line 1 opens a quote that nothing closes"),
        ("\nA=${X:?is needed}", "line 2 asks for a value that compose does not find"), ("<?php", "line 1 is none that compose reads"), ("A" * 70_000, "it is longer than 64 KiB"),
    ],
)  # fmt: skip
def test_what_compose_would_refuse_is_said(text: str, trouble: str, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(text)
    host = ask(tmp_path)["zebu.host"]
    assert isinstance(host, Said)
    assert f"\nenv_trouble={trouble}\n" in host.out


@pytest.mark.hostile("secrets")
def test_a_file_that_compose_would_refuse_keeps_its_secrets(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("not a line\nSMTP_PASS=Wd92kfQx71 # ours\nexport TOKEN='Yt61-mmQ2'\n")
    answer = ask(tmp_path, Probe("leak", "echo Wd92kfQx71 Yt61-mmQ2"))["leak"]
    assert answer == Said(0, "[redacted] [redacted]\n", "")


def env_files(answers: Mapping[str, Said | Unknown]) -> dict[str, str]:
    """By name, whether it holds secrets."""
    answer = answers["zebu.env-files"]
    assert isinstance(answer, Said)
    rows = [line.split("\t") for line in answer.out.splitlines()]
    return {row[4]: row[3] for row in rows}


def test_files_of_the_environment_wherever_they_are(daemon: Daemon, tmp_path: Path) -> None:
    """In folders, and where a compose file names them; examples hold none unless they look like it."""
    folder = tmp_path / "app"
    for name, text in {
        ".env": "POSTGRES_PASSWORD=Zq8vT1xWm3Lk9RbY5nPd\n", ".env.mail": "SMTP_PASS=Wd92kf\nSMTP_USER=mailer\n", "deploy/.env.production": "MYSQL_PWD=Ux71kdQm\n",
        "frontend/.env": "VITE_API_BASE_URL=/api/v1\n", "settings/backend.vars": "BORG_PASSPHRASE=Pd83mmWq\n", "more.vars": "A=1\n", "node_modules/x/.env": "TOKEN=ab12cd34\n",
        ".env.example": "POSTGRES_PASSWORD=CHANGE_ME\nSECRET_KEY=your-secret-here\n", ".env.dist": "STRIPE_KEY=sk_live_4f8Gd71kQm2LxP09aTrB\n",
        "docker-compose.yml": "services:\n  a:\n    env_file: settings/backend.vars\n  b:\n    env_file:\n      - path: ./more.vars\n        required: false\n"
        "secrets:\n  pg:\n    file: ./pg.txt\n", "pg.txt": "Rt55mmQpLw\n",
    }.items():  # fmt: skip
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    leak = Probe("leak", f"cat {folder}/*/*.vars {folder}/pg.txt {folder}/.env.dist {folder}/deploy/.env.production")
    answers = daemon(DATABASE, BACKEND, probes=[leak])
    assert env_files(answers) == {
        ".env": "secrets", ".env.mail": "secrets", "deploy/.env.production": "secrets", "frontend/.env": "none", "settings/backend.vars": "secrets", "more.vars": "none",
        ".env.example": "none", ".env.dist": "secrets",
    }  # fmt: skip
    said = answers["leak"]
    assert isinstance(said, Said)
    for secret in ("Pd83mmWq", "Rt55mmQpLw", "sk_live_4f8", "Ux71kdQm"):
        assert secret not in said.out


def test_files_of_variables_that_compose_was_called_with(daemon: Daemon, tmp_path: Path) -> None:
    """They are read instead of `.env`, wherever they are; the later one counts."""
    folder = tmp_path / "app"
    (folder / "more").mkdir(parents=True)
    (folder / ".env").write_text("SECRET_KEY=of-nobody-any-more\n")
    (folder / "more/base.vars").write_text("SECRET_KEY=Zq8vT1xWm3\nAPP_ENV=staging\n")
    (tmp_path / "outside.vars").write_text("APP_ENV=production\n")
    given = f"more/base.vars,{tmp_path}/outside.vars"
    backend = {**BACKEND, "labels": {"com.docker.compose.project.environment_file": given}}
    answers = daemon(DATABASE, backend, probes=[Probe("leak", f"cat {folder}/more/base.vars")])
    assert env_files(answers) == {
        ".env": "secrets", "more/base.vars": "secrets", f"{tmp_path}/outside.vars": "none",
    }  # fmt: skip
    told = {name: row for (where, name), row in variables(answers).items() if where == ".env"}
    assert told.keys() == {"SECRET_KEY", "APP_ENV"}
    assert told["APP_ENV"][-1] == "production"
    host, leak = answers["zebu.host"], answers["leak"]
    assert isinstance(host, Said)
    assert isinstance(leak, Said)
    assert f"env_file={tmp_path}/outside.vars\n" in host.out
    assert "Zq8vT1xWm3" not in leak.out

    gone = {**BACKEND, "labels": {"com.docker.compose.project.environment_file": "/nowhere/x.vars"}}
    host = daemon(DATABASE, gone)["zebu.host"]
    assert isinstance(host, Said)
    assert "env_trouble=compose was called with a file of variables that is not there\n" in host.out


@pytest.mark.parametrize(
    ("text", "is_placeholder"),
    [
        ("CHANGE_ME", True), ("changeme", True), ("changeme123", True), ("your_api_key_here", True), ("sk_live_YOUR_PRODUCTION_SECRET_HERE", True), ("<secret>", True), ("demo", True),
        ("papertrade_dev_password", True), ("dev-secret-key-change-in-production", True), ("CHANGE_ME_GENERATE_256_BIT_HEX_SECRET", True), ("xxxxxxxx", True), ("postgres", True),
        ("password123", True), ("0123456789abcdef0123456789abcdef", True), ("sk_test_4f8Gd71kQm2LxP09aTrB", True),
        ("my-example-horse-Zq8vT1x", False), ("test-4f8Gd71kQm2L", False), ("Zq8vT1xWm3Lk9RbY5nPd7HsJ2cFgA4eU", False), ("exampleZq8v", False), ("correct-horse", False),
    ],
)  # fmt: skip
def test_a_placeholder_is_a_whole_value(text: str, is_placeholder: bool, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"POSTGRES_PASSWORD={text}\n")
    answers = ask(tmp_path, Probe("leak", f"echo {'x' if is_placeholder else text}."))
    assert variables(answers)[".env", "POSTGRES_PASSWORD"][5] == ("placeholder" if is_placeholder else "own")
    assert answers["leak"] == Said(0, "x.\n" if is_placeholder else "[redacted].\n", "")


@pytest.mark.parametrize("name", ["POSTGRES_USER", "POSTGRES_DB", "APP_ENV"])
def test_an_ordinary_value_is_no_placeholder_for_what_is_no_secret(name: str, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"{name}=zebu\n")
    assert variables(ask(tmp_path))[".env", name][5] == "own"


def test_what_is_no_secret_stays(daemon: Daemon) -> None:
    """A password that is the name of the database, a number or a word of what everybody knows, would take them all with it."""
    env = [
        "POSTGRES_PASSWORD=zebu_app",
        "POSTGRES_USER=zebu_app",
        "API_TOKEN=5432",
        "SESSION_TIMEOUT=3600",
        "AUTH_TYPE=scram",
        "JWT_ALGORITHM=HS256",
        "DEBUG_TOKEN=true",
    ]
    text = "zebu_app 5432 3600 scram HS256 true db"
    assert daemon({**DATABASE, "env": env}, BACKEND, probes=[Probe("text", f"echo {text}")])["text"] == Said(
        0, text + "\n", ""
    )


@pytest.mark.hostile("secrets")
def test_what_is_looked_for_in_the_history_is_a_secret(daemon: Daemon) -> None:
    """Names of cookies and digests of downloads stand in the program itself."""
    env = [
        "SESSION_COOKIE=zebu_session_v2",
        "PYTHON_SHA256=" + "4f1d9c0a" * 8,
        "GPG_KEY=" + "7169605F62" * 4,
        "SMTP_PASS=Wd92kfQx71",
        "OPAQUE=Zq8vT1xWm3Lk9RbY5nPd7HsJ2cFgA4eU",
    ]
    given = Probe("given", "sed 's/^[^ ]* \\(.\\)./\\1x/'", secrets=True)
    answer = daemon({**DATABASE, "env": env}, BACKEND, probes=[given])["given"]
    assert isinstance(answer, Said)
    assert sorted(line[:4] for line in answer.out.splitlines()) == ["Wx92", "Xx29", "[red"]


@pytest.mark.hostile("secrets")
def test_a_password_in_a_file_that_cannot_be_read_is_not_judged(daemon: Daemon, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/hostname")
    mounts = [{"Type": "bind", "Source": str(tmp_path / "link"), "Destination": "/run/secrets/pg"}]
    database = {**DATABASE, "env": ["POSTGRES_PASSWORD_FILE=/run/secrets/pg"], "mounts": mounts}
    assert ("container:db", "POSTGRES_PASSWORD") not in variables(daemon(database))


HOSTILE = {
    "on": "on " * 50_000, "colons": "a:1:" * 40_000, "urls": "://x:" * 40_000, "pairs": "password=" * 16_000, "json": '"token":' * 18_000, "keys": "-----BEGIN PRIVATE KEY-----" * 4_000,
    "words": "A1b" * 40_000, "slashes": "\\" * 120_000, "options": "--password " * 12_000, "quotes": "'\"" * 60_000, "long": "token=" + "x" * 120_000, "hex": "f" * 120_000,
}  # fmt: skip


@pytest.mark.hostile("secrets")
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_takes_no_more_than_its_time(name: str, folder: Path) -> None:
    (folder / "hostile").write_text(HOSTILE[name])
    before = of_the_processor()
    answer = ask(folder, Probe("hostile", 'cat "$ZEBU_APP_DIR/hostile"', needs=(Need.APP_DIR,), limit=1_000_000))[
        "hostile"
    ]
    assert isinstance(answer, Said)
    assert of_the_processor() - before < 60


def of_the_processor() -> float:
    """Seconds that whatever was started and has ended took of it: nothing else that runs counts."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def containers_told(answers: Mapping[str, Said | Unknown]) -> Any:
    """What leaves of the containers."""
    answer = answers["zebu.containers"]
    assert isinstance(answer, Said)
    return json.loads(answer.out)


@pytest.mark.hostile("secrets")
def test_what_docker_shows_is_json_after_the_filter(daemon: Daemon) -> None:
    """Whatever stands in health checks."""
    texts = [one.text for one in canaries()]
    health = {"Test": ["CMD", "redis-cli", "-a", "Wd92kfQx", "ping", *texts]}
    answers = daemon({**DATABASE, "healthcheck": health}, BACKEND)
    found, _ = containers_told(answers)
    said = json.dumps(found)
    assert [one.text for one in canaries() for piece in parts(one.secret) if piece in said] == []
    assert "Wd92kfQx" not in said
    assert found["Id"] == DATABASE["id"]
    assert found["Healthcheck"]["Test"][:4] == ["CMD", "redis-cli", "-a", "[redacted]"]
    assert len(found["Healthcheck"]["Test"]) >= len(texts)


WORD = "quiet-horse"  # nothing but its place says that it is a secret
LOG = {"Start": "2026-11-24T10:00:00Z", "ExitCode": 1, "Output": f"said {WORD}"}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"labels": {"traefik.http.middlewares.auth.basicauth.users": f"op:{WORD}"}}, id="a label"),
        pytest.param({"labels": {"com.docker.compose.note": WORD}}, id="a label among compose's own"),
        pytest.param({"labels": {WORD: "1"}}, id="the name of a label"),
        pytest.param({"labels": {"com.docker.compose.environment": WORD}}, id="another label of compose"),
        pytest.param({"state": {"Health": {"Status": "unhealthy", "Log": [LOG]}}}, id="the log of a health check"),
        pytest.param({"state": {"Error": f"mount: {WORD}: no such file"}}, id="the error of a start"),
        pytest.param({"log": {"Type": "splunk", "Config": {"splunk-token": WORD}}}, id="a log driver's token"),
        pytest.param(
            {"log": {"Type": "gelf", "Config": {"gelf-address": f"udp://{WORD}"}}}, id="a log driver's address"
        ),
        pytest.param(
            {"log": {"Type": "json-file", "Config": {"env": WORD, "labels": WORD}}}, id="a log driver's labels"
        ),
        pytest.param({"log": {"Type": "json-file", "Config": {"max-size": f"10m;{WORD}"}}}, id="an odd size of a log"),
        pytest.param(
            {"mounts": [{"Type": "volume", "Driver": "cifs", "Source": f"//nas/{WORD}"}]}, id="a volume's source"
        ),
        pytest.param({"mounts": [{"Type": "bind", "Source": f"/srv/{WORD}", "Destination": "/a"}]}, id="a bind mount"),
        pytest.param({"aliases": [WORD]}, id="an alias on a network"),
        pytest.param({"env": [f"MOTTO={WORD}"]}, id="a variable with a harmless name"),
        pytest.param({"args": ["serve", WORD], "path": f"/bin/{WORD}"}, id="an argument"),
        pytest.param({"hostname": WORD}, id="its host name"),
        pytest.param({"ports": {"80/tcp": [{"HostIp": WORD, "HostPort": WORD}]}}, id="an odd port"),
        pytest.param({"ports": {WORD: [{"HostIp": "", "HostPort": "80"}]}}, id="an odd name of a port"),
        pytest.param({"state": {"Status": WORD, "StartedAt": [WORD], "ExitCode": {WORD: WORD}}}, id="an odd state"),
        pytest.param({"healthcheck": {"Test": [[WORD]], "Interval": WORD}}, id="an odd health check"),
    ],
)
@pytest.mark.hostile("secrets")
def test_of_a_container_leaves_what_is_judged_only(change: dict[str, Any], daemon: Daemon) -> None:
    """A word that no filter could know stays on the machine with the field that it stands in."""
    found, other = containers_told(daemon({**DATABASE, **change}, BACKEND))
    assert WORD not in json.dumps([found, other])
    assert (found["Name"], found["Labels"]["com.docker.compose.service"]) == ("/zebu-db-1", "db")
    assert other["Name"] == "/zebu-backend-1"


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize(
    "change",
    [{"ports": {WORD: [{"HostPort": "80"}]}}, {"ports": {"80/tcp": WORD}}, {"state": {"ExitCode": [WORD]}},
     {"healthcheck": WORD}, {"log": WORD}],
    ids=["a port's name", "a port's places", "an exit code", "a health check", "a log"],
)  # fmt: skip
def test_what_is_of_another_kind_is_not_taken_for_absent(change: dict[str, Any], daemon: Daemon) -> None:
    """The container is named as one that is not understood; the others are judged."""
    answers = daemon({**DATABASE, **change}, BACKEND)
    found = need(ALL["containers"].read(Gathered(answers), Target(name="here", host=Host(), settings=Settings())))
    assert found.odd == ("zebu-db-1",)
    assert [one.name for one in found.everything] == ["zebu-backend-1"]


# Answers as they come, and what must wait


def far_side(
    folder: Path,
    *probes: Probe,
    programs: Path | None = None,
    seconds: float = 20,
    change: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """The far side at work, with these programs before all others."""
    target = Target(name="here", host=Host(app_directory=str(folder)), settings=Settings())
    script = request(probes, "n0nce", target, 20, overall=seconds)
    if programs is not None:
        script = script.replace(b"'/usr/local/sbin:", f"'{programs}:/usr/local/sbin:".encode())
    for old, new in (change or {}).items():
        assert old.encode() in script
        script = script.replace(old.encode(), new.encode())
    process = subprocess.Popen(["perl", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(script)
    process.stdin.flush()
    return process


def answered(process: subprocess.Popen[bytes]) -> dict[str, Said | Unknown]:
    """All that it says, while its input stays open."""
    with process:
        assert process.stdout is not None
        out = process.stdout.read()
    assert received(out, "n0nce").is_whole
    return unframe(out, "n0nce")


def program(folder: Path, name: str, text: str) -> Path:
    """A folder of programs, with this one."""
    place = folder / "bin"
    place.mkdir(exist_ok=True)
    (place / name).write_text(f"#!/bin/sh\n{text}")
    (place / name).chmod(0o755)
    return place


@pytest.mark.hostile("ssh")
def test_an_answer_leaves_as_soon_as_it_is_there(folder: Path) -> None:
    process = far_side(
        folder, Probe("one", "echo 1"), Probe("held", f"while [ ! -e '{folder}/go' ]; do sleep 0.05; done", timeout=60)
    )
    assert process.stdout is not None
    said = b""
    while b"n0nce one done" not in said or b"n0nce zebu.host" not in said:
        said += (more := os.read(process.stdout.fileno(), 65_536))
        assert more
    assert b"END n0nce" not in said
    assert b"n0nce held" not in said
    (folder / "go").touch()
    answers = unframe(said + process.stdout.read(), "n0nce")
    assert answers["held"] == Said(0, "")
    process.communicate()


@pytest.mark.hostile("secrets")
@pytest.mark.parametrize("how", ["quick", "slow"])
def test_what_ends_before_secrets_are_known_waits_for_them(how: str, folder: Path) -> None:
    """The container's environment is learned long after the probe has said what is secret in it."""
    inspected = shown(container("db", env=["SMTP_PASS=Wd92kfQx71"], **POSTGRES), folder)
    (folder / "inspected").write_text(inspected)
    docker = (
        f"case $1 in ps) echo id ;; inspect) {'sleep 3;' if how == 'slow' else ''} cat '{folder}/inspected' ;; esac\n"
    )
    process = far_side(
        folder,
        Probe("leak", "echo Wd92kfQx71"),
        Probe("leak2", "echo Wd92kfQx71 >&2"),
        programs=program(folder, "docker", docker),
    )
    answers = answered(process)
    assert answers["leak"] == Said(0, "[redacted]\n", "")
    assert answers["leak2"] == Said(0, "", "[redacted]\n")


@pytest.mark.hostile("secrets")
def test_what_the_walk_finds_is_hidden_in_what_ended_before(folder: Path) -> None:
    """A checkout of the same repository elsewhere has secrets of its own."""
    other = folder / "roots/other"
    for place in (folder, other):
        (place / ".git").mkdir(parents=True)
        (place / ".git/config").write_text('[remote "origin"]\n\turl = https://forge.test/o/zebu\n')
    (other / ".env").write_text("SMTP_PASS=Wd92kfQx71\n")
    each = Probe("each", "echo each", each=True, needs=(Need.APP_DIR,))
    process = far_side(
        folder,
        Probe("leak", "echo Wd92kfQx71"),
        each,
        change={"defined $setting{roots}": f"($setting{{roots}} //= '{folder}/roots')"},
    )
    answers = answered(process)
    assert answers["leak"] == Said(0, "[redacted]\n", "")


@pytest.mark.hostile("secrets")
@pytest.mark.parametrize("where", ["discover_containers", "discover_files", "prepare_filter"])
def test_where_learning_secrets_breaks_no_text_leaves(where: str, folder: Path) -> None:
    process = far_side(folder, Probe("one", "echo 1"), change={f"sub {where} {{": f"sub {where} {{ die 'broken';"})
    answers = answered(process)
    why = Unknown(Reason.UNDECIDABLE, "one: what would hide its secrets broke")
    assert answers["one"] == why
    assert all(isinstance(answer, Unknown) for answer in answers.values())


SLOW = "sub hide_shapes { $_[0] =~ /slow/ and ('a' x 9_999) =~ /(?:a*?a*?a*?a*?[bc])/;"


@pytest.mark.hostile("secrets")
@pytest.mark.parametrize("stream", ["1", "2"], ids=["output", "error"])
def test_what_takes_too_long_to_hide_is_lost_alone(stream: str, folder: Path) -> None:
    """A pattern that never ends hears no signal that Perl would have to handle."""
    process = far_side(
        folder,
        Probe("slow", f"yes slow | head -c 3000 >&{stream}"),
        Probe("fine", "yes fine | head -c 3000"),
        change={"sub hide_shapes {": SLOW, "($HIDE_SECONDS, $SHORT) = (30,": "($HIDE_SECONDS, $SHORT) = (1,"},
    )
    answers = answered(process)
    assert answers["slow"] == Unknown(Reason.UNDECIDABLE, "slow: to hide its secrets took longer than 1 s")
    assert answers["fine"] == Said(0, "fine\n" * 600, "")


@pytest.mark.hostile("secrets")
def test_who_ends_while_others_are_hidden_is_in_time(folder: Path) -> None:
    process = far_side(
        folder,
        *(Probe(f"slow{n}", "yes slow | head -c 3000") for n in range(5)),
        Probe("fine", "sleep 1; echo fine", timeout=3),
        change={"sub hide_shapes {": SLOW, "($HIDE_SECONDS, $SHORT) = (30,": "($HIDE_SECONDS, $SHORT) = (1,"},
    )
    answers = answered(process)
    assert answers["fine"] == Said(0, "fine\n", "")
    assert all(isinstance(answers[f"slow{n}"], Unknown) for n in range(5))


def test_what_is_deployed_is_looked_for_before_the_questions_come(folder: Path) -> None:
    """Who calls early has it listed while it is still found out what is asked; what is listed is used, and listed once."""
    programs = program(folder, "docker", f'echo "$1" >> "{folder}/listed"; exit 1\n')
    target = Target(name="here", host=Host(app_directory=str(folder)), settings=Settings())
    whole = request([Probe("one", "echo 1")], "n0nce", target, 20, overall=20)
    whole = whole.replace(b"'/usr/local/sbin:", f"'{programs}:/usr/local/sbin:".encode())
    begun, start, questions = whole.partition(b"n0nce" + START)
    process = subprocess.Popen(["perl", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(begun + start)
    process.stdin.flush()
    until((folder / "listed").exists, "it was listed")
    process.stdin.write(questions)
    process.stdin.flush()
    answers = answered(process)
    assert answers["one"] == Said(0, "1\n", "")
    assert isinstance(found := answers["zebu.containers"], Unknown)
    assert "list" in found.detail
    assert (folder / "listed").read_text() == "ps\n"


# What the machine lacks, and clocks that lie


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize("how", ["die", "never"])
def test_a_daemon_that_does_not_answer_loses_its_own_answers_only(how: str, folder: Path) -> None:
    programs = program(folder, "docker", "exit 1\n" if how == "die" else "exec sleep 300\n")
    process = far_side(
        folder,
        Probe("one", "echo 1"),
        programs=programs,
        change={"my $LISTING_SECONDS = 10": "my $LISTING_SECONDS = 1"},
    )
    answers = answered(process)
    assert answers["one"] == Said(0, "1\n", "")
    found = answers["zebu.containers"]
    assert isinstance(found, Unknown)
    assert "list" in found.detail
    assert found.reason is (Reason.MISSING if how == "die" else Reason.TIMED_OUT)


FORK = "my $pid = fork // return 0;"
FAILS = "do {{ our $tries; $tries++; $! = 11; {when} ? undef : fork }} // return 0;"


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize(
    ("when", "answered_all"),
    [
        ("$tries % 2", True),
        ("$tries < 6", True),
        ("$running >= 1", True),
        ("$job->{name} eq 'two'", False),
        ("$tries > 2", False),
    ],
    ids=["every other time", "for a while", "one at a time", "for one", "soon always"],
)
def test_where_no_process_is_to_be_had_what_can_be_is_asked(when: str, answered_all: bool, folder: Path) -> None:
    change = {FORK: f"my $pid = {FAILS.format(when=when)}"}
    answers = answered(
        far_side(folder, Probe("one", "echo 1"), Probe("two", "echo 2"), Probe("three", "echo 3"), change=change)
    )
    assert {"one", "two", "three", "zebu.host"} <= answers.keys()
    whole = [isinstance(answers[name], Said) for name in ("one", "two", "three")]
    assert all(whole) is answered_all
    if not answered_all:
        why = "it could not be started (Resource temporarily unavailable)"
        assert answers["two"] == Unknown(Reason.UNDECIDABLE, f"two: {why}")


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize("call", ["pipe my $out, my $out_w", "pipe my $err, my $err_w"])
def test_where_no_descriptor_is_to_be_had_it_is_said(call: str, folder: Path) -> None:
    change = {call: f"$job->{{name}} eq 'two' ? ($! = 24) && 0 : {call}"}
    answers = answered(far_side(folder, Probe("one", "echo 1"), Probe("two", "echo 2"), change=change))
    assert answers["one"] == Said(0, "1\n", "")
    assert answers["two"] == Unknown(Reason.UNDECIDABLE, "two: it could not be started (Too many open files)")


@pytest.mark.hostile("ssh")
def test_an_interpreter_that_does_not_start_is_not_the_probes_answer(folder: Path) -> None:
    answers = answered(
        far_side(folder, Probe("one", "echo 1"), change={"sh => ['/bin/sh', '-c']": "sh => ['/nonexistent']"})
    )
    one = answers["one"]
    assert isinstance(one, Said)
    assert (one.status, one.out) == (137, "")
    assert one.err.startswith("Can't exec")


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize(
    "clock",
    ["-5_000_000_000", "0", "4_102_444_800", "1 + int rand 4_000_000_000"],
    ids=["before 1970", "zero", "2100", "jumps"],
)
def test_limits_hold_whatever_the_clock_says(clock: str, folder: Path) -> None:
    """The far side counts the kernel's ticks; of the clock it only says what it shows."""
    change = {
        "use strict;\nuse warnings;\nuse IO::Select;": f"use subs 'time'; sub time {{ {clock} }}\nuse strict;\nuse warnings;\nuse IO::Select;"
    }
    answers = answered(far_side(folder, Probe("slow", "sleep 300", timeout=1), Probe("one", "echo 1"), change=change))
    assert answers["slow"] == Unknown(
        Reason.TIMED_OUT, answers["slow"].detail if isinstance(answers["slow"], Unknown) else ""
    )
    assert answers["one"] == Said(0, "1\n", "")


# Containers that disagree about the folder


@pytest.mark.hostile("ssh")
def test_containers_that_name_several_folders_name_none(daemon: Daemon, tmp_path: Path) -> None:
    """Whichever it is, nothing secret in any of them leaves."""
    for name, secret in (("old", "Wd92kfQx71"), ("new", "Pd83mmWq52")):
        (tmp_path / name).mkdir()
        (tmp_path / name / ".env").write_text(f"SMTP_PASS={secret}\n")
    place = "com.docker.compose.project.working_dir"
    machine = [
        {**DATABASE, "labels": {place: str(tmp_path / "old")}},
        {**BACKEND, "labels": {place: str(tmp_path / "new")}},
    ]
    leak = Probe("leak", f"cat {tmp_path}/*/.env")
    folder = Probe("folder", "pwd", needs=(Need.APP_DIR,))
    answers = daemon(*machine, probes=[leak, folder])
    why = f"the containers of the project name several folders ({tmp_path}/new, {tmp_path}/old): set app_directory"
    assert answers["folder"] == Unknown(Reason.MISSING, why)
    assert answers["zebu.env-files"] == Unknown(Reason.MISSING, why)
    assert answers["leak"] == Said(0, "SMTP_PASS=[redacted]\nSMTP_PASS=[redacted]\n", "")


@pytest.mark.parametrize("other", ["app/", "app/../app", "link", "gone"])
def test_other_spellings_of_a_folder_and_folders_that_are_gone_are_no_disagreement(
    other: str, daemon: Daemon, tmp_path: Path
) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "link").symlink_to("app")
    place = "com.docker.compose.project.working_dir"
    machine = [
        {**DATABASE, "labels": {place: f"{tmp_path}/{other}"}},
        {**BACKEND, "labels": {place: f"{tmp_path}/app"}},
    ]
    answers = daemon(*machine, probes=[Probe("folder", 'cd "$ZEBU_APP_DIR" && pwd -P', needs=(Need.APP_DIR,))])
    assert answers["folder"] == Said(0, f"{tmp_path}/app\n", "")


@pytest.mark.parametrize("running", [True, False])
def test_what_does_not_run_any_more_has_no_say(running: bool, daemon: Daemon, tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    place = "com.docker.compose.project.working_dir"
    job = container("job", labels={place: f"{tmp_path}/old"}, running=running)
    answers = daemon(DATABASE, BACKEND, job, probes=[Probe("folder", "echo there", needs=(Need.APP_DIR,))])
    assert isinstance(answers["folder"], Unknown) is running


# A program that does not come to its end


KILLED = [
    ("simple", "frob; echo 0"),
    ("in a condition", "if frob; then echo 1; else echo 0; fi"),
    ("before and", "frob && echo 1 || echo 0"),
    ("assigned", 'said=$(frob); echo "said=$said"'),
    ("assigned, its complaints thrown away", 'said=$(frob 2>/dev/null); echo "said=$said"'),
    ("assigned, with another answer", 'said=$(frob 2>/dev/null) || said=none; echo "$said"'),
    ("within a word", 'echo "count=$(frob 2>/dev/null)"'),
    ("first of a pipe", "frob | cat; echo 0"),
    ("first of a pipe, its complaints thrown away", "frob 2>/dev/null | wc -l"),
    ("last of a pipe", "echo 1 | frob; echo 0"),
    ("amid a pipe", "echo 1 | frob 2>/dev/null | cat; echo 0"),
    ("pipe within a word", 'echo "count=$(echo 1 | frob 2>/dev/null | wc -l)"'),
    ("in a loop that reads", "echo 1 | while read -r one; do frob; echo 0; done"),
    ("in a function", "f() { frob; }; echo $(f)"),
    ("in a shell below", "sh -c 'frob; echo 0'"),
    ("amid complaints", "i=0; while [ $i -lt 300 ]; do echo complaint $i >&2; i=$((i + 1)); done; frob; echo 0"),
]


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize("script", [script for _, script in KILLED], ids=[name for name, _ in KILLED])
def test_what_a_killed_program_did_not_say_is_no_answer(script: str, folder: Path) -> None:
    """Who has too little memory kills: nothing that the script makes of an empty answer may count."""
    place = program(folder, "frob", "kill -9 $$\n")
    answers = answered(far_side(folder, Probe("one", script), Probe("two", "echo 2"), programs=place))
    one = answers["one"]
    assert isinstance(one, Unknown), one
    assert one.reason is Reason.UNDECIDABLE
    assert "was killed" in one.detail
    assert answers["two"] == Said(0, "2\n", "")


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize(
    "signal", ["TERM", "ABRT", "SEGV", "BUS", "ILL", "FPE", "HUP", "QUIT", "SYS", "XCPU", "XFSZ", "USR1"]
)
def test_a_program_ends_by_any_signal(signal: str, folder: Path) -> None:
    place = program(folder, "frob", f"ulimit -c 0; kill -{signal} $$\n")
    one = answered(far_side(folder, Probe("one", 'echo "count=$(frob)"'), programs=place))["one"]
    assert isinstance(one, Unknown), one


@pytest.mark.parametrize("script", [
    "yes | head -n 1", "frob 3; echo 1", "echo 'Killed by the cook' >&2; echo 1", "echo Killed; echo 1", "false; echo 1", "nonesuch; echo 1",
])  # fmt: skip
def test_who_ends_by_himself_has_answered(script: str, folder: Path) -> None:
    """A reader that has enough ends whoever writes to it; statuses are answers."""
    place = program(folder, "frob", "exit $1\n")
    assert isinstance(answered(far_side(folder, Probe("one", script), programs=place))["one"], Said)


def test_who_kills_what_hangs_says_so(folder: Path) -> None:
    script = "timeout -s KILL 0.1 sleep 30; echo $?"
    answers = answered(far_side(folder, Probe("own", script, kills=True), Probe("other", script)))
    assert getattr(answers["own"], "out", None) == "137\n"
    assert isinstance(answers["other"], Unknown)
