"""What compose would make, beside what runs."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Reason, Unknown, need
from pytest_zebu.facts.compose import PROBE, Service, located
from pytest_zebu.facts.containers import Container, Containers, Published
from pytest_zebu.settings.target import Target
from tests.facts.answers import read, saying, why
from tests.facts.daemon import Daemon, told
from tests.facts.daemon import container as inspected


def test_what_compose_would_make(target: Target) -> None:
    out = (
        "@service backend built abc 2026-11-24T21:59:32.593864033Z\n@environment backend 16 A,B\n"
        "@service redis pulled - 2026-11-24T21:59:02Z\n@environment redis 0 -\n@unreadable old\n"
    )
    backend, redis, old = need(ALL["compose"].read(saying({"compose": out}), target))
    assert (backend.kind, backend.revision, backend.variables, backend.differing) == ("built", "abc", 16, ("A", "B"))
    assert backend.created == datetime(2026, 11, 24, 21, 59, 32, tzinfo=UTC)
    assert redis == Service("redis", "pulled", "", datetime(2026, 11, 24, 21, 59, 2, tzinfo=UTC))
    assert old.kind == "unreadable"
    assert isinstance(ALL["compose"].read(saying({"compose": "@service two words"}), target), Unknown)


@pytest.mark.parametrize("line", [
    "@environment other 1 A", "@environment db many A", "@files other 1 2 3", "@files db 1 2", "@files db 1 2 x", "@built other after", "@built db before", "@unreadable", "no such service", "@port other 80/tcp - 80 3 a.yml", "@port db 80/tcp - 80 x a.yml", "@port db 80/tcp - 80 3",
])  # fmt: skip
def test_a_line_of_no_service_is_garbled(line: str, target: Target) -> None:
    assert why("compose", f"@service db pulled - -\n{line}\n", target) is Reason.GARBLED


def test_files_that_an_image_has(target: Target) -> None:
    (found,) = read("compose", "@service db built - -\n@files db 7 2 1\n", target)
    assert (found.files, found.created, found.revision) == ((7, 2, 1), None, "")
    assert why("compose", "", target) is Reason.GARBLED


@pytest.mark.parametrize("word", ["after", "same", "other", "unknown"])
def test_from_what_an_image_was_made(word: str, target: Target) -> None:
    (found,) = read("compose", f"@service db built - -\n@built db {word}\n", target)
    assert found.built == word


def test_each_replica_is_compared_for_itself(target: Target) -> None:
    """The last one hides nothing of those before it."""
    out = "@service web pulled - -\n@environment web 3 A\n@service web pulled - -\n@environment web 3 -\n"
    assert [one.differing for one in read("compose", out, target)] == [("A",), ()]


def container(project: str, service: str, *ports: Published) -> Container:
    return Container(
        name=f"{project}-{service}-1", project=project, service=service, is_oneshot=False, status="running",
        health="healthy", restart_policy="no", restart_count=0, published=ports,
    )  # fmt: skip


def test_ports_know_the_line_that_publishes_them(target: Target) -> None:
    """Those of the project, by what is inside and outside; one that is bound to an address of its own by that."""
    out = (
        "@service db pulled - -\n@port db 5432/tcp 127.0.0.1 5432 16 docker-compose.yml\n@port db 5432/tcp - 15432 17 docker-compose.yml\n"
        "@port db 53/udp - - 18 deploy/docker-compose.yml\n@service web pulled - -\n"
    )
    ports = (
        Published(5432, "127.0.0.1", 5432), Published(5432, "0.0.0.0", 15432), Published(5432, "::", 15432), Published(5432, "0.0.0.0", 5432),
        Published(53, "", 49153), Published(53, "", 49153, "udp"),
    )  # fmt: skip
    seen = Containers(
        (container("zebu", "db", *ports), container("other", "db", *ports), container("", "db", *ports)), "zebu"
    )
    found = located(seen, ALL["compose"].read(saying({"compose": out}), target))
    first, *others = ([port.declared_at for port in one.published] for one in found.everything)
    assert first == [
        "docker-compose.yml:16", "docker-compose.yml:17", "docker-compose.yml:17", "", "", "deploy/docker-compose.yml:18",
    ]  # fmt: skip
    assert others == [[""] * 6, [""] * 6]
    assert located(seen, Unknown(Reason.NOT_GATHERED, "x")) == seen


# The script itself, with a Docker that says what a test says


@pytest.fixture
def compared(tmp_path: Path, target: Target, daemon: Daemon) -> Callable[..., Service]:
    """The backend, by what compose would give it, what its container has, and what its image brings."""

    def ask(
        environment: Mapping[str, Any],
        runs: list[str],
        brings: list[str] | None = None,
        context: str = "",
        ports: Mapping[str, Any] | None = None,
        **labels: str,
    ) -> Service:
        image = "sha256:" + "ab" * 32
        named = {"com.docker.compose.project.config_files": "docker-compose.yml", **labels}
        daemon.has(
            inspected(
                "backend",
                env=tuple(runs),
                labels=named,
                Image=image,
                State={"Pid": 0},
                HostConfig={"PortBindings": ports or {}},
            )
        )
        made = {"Id": image, "Created": "2026-11-26T06:00:00Z", "Config": {"Env": brings, "Labels": {}}}
        daemon.answers[f"/images/{image}/json"] = told(made)
        service = {"environment": environment, **({"build": context} if context else {})}
        (tmp_path / "config").write_text(json.dumps({"services": {"backend": service}}))
        docker = tmp_path / "docker"
        docker.write_text(
            f'#!/bin/sh\ncase "$1" in compose) echo "$COMPOSE_ENV_FILES" > {tmp_path}/given; cat {tmp_path}/config ;; esac\n'
        )
        docker.chmod(0o755)
        (tmp_path / "runuser").write_text('#!/bin/sh\nshift 3; exec "$@"\n')  # whoever runs the tests owns the checkout
        (tmp_path / "runuser").chmod(0o755)
        known = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "ZEBU_PROJECT": "zebu", "ZEBU_APP_DIR": str(tmp_path)}
        known["ZEBU_DOCKER_SOCKET"] = str(daemon.place)
        parts = {f"ZEBU_{name}": value for name, value in PROBE.environment.items()}
        done = subprocess.run(
            ["perl", "-e", PROBE.text], capture_output=True, text=True, env=known | parts, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        (found,) = read("compose", done.stdout, target)
        assert isinstance(found, Service)
        return found

    return ask


@pytest.mark.parametrize(
    ("environment", "runs", "differing"),
    [
        ({"A": "pa$$word"}, ["A=pa$word"], ()), ({"A": "pa$word"}, ["A=pa$word"], ()), ({"A": "pa$$$$word"}, ["A=pa$word"], ("A",)),
        ({"A": "1", "B": "2"}, ["A=1", "B=3"], ("B",)), ({"A": "1"}, [], ("A",)), ({"A": ""}, ["A="], ()), ({"A": ""}, [], ("A",)), ({"A": None}, [], ()),
        ({"A": None}, ["A=from the shell"], ()), ({"A": "1", "B": "2"}, ["GONE", "A=1", "ALSO", "B=2"], ()), ({"A": "x=y"}, ["A=x=y"], ()),
        ({}, ["EXTRA=1"], ("EXTRA",)), ({}, ["HTTP_PROXY=http://proxy.test", "no_proxy=db"], ()), ({"A": "1\n2"}, ["A=1\n2"], ()),
    ],
)  # fmt: skip
def test_what_differs_is_told_by_name(
    environment: dict[str, Any], runs: list[str], differing: tuple[str, ...], compared: Callable[..., Service]
) -> None:
    assert compared(environment, runs, ["PATH=/usr/bin"]).differing == differing
    assert compared(environment, [*runs, "PATH=/usr/bin"], ["PATH=/usr/bin", "UNSET"]).differing == differing


def test_other_files_of_variables_are_read_where_compose_was_called_with_them(
    compared: Callable[..., Service], tmp_path: Path
) -> None:
    compared({}, [], **{"com.docker.compose.project.environment_file": "/opt/zebu/.env.production"})
    assert (tmp_path / "given").read_text() == "/opt/zebu/.env.production\n"


BEFORE, MADE, SINCE = ("2026-11-26T05:00:00Z", "2026-11-26T06:00:00Z", "2026-11-26T07:00:00Z")


@pytest.mark.parametrize(("commits", "built"), [
    ([(BEFORE, "src/a.py")], "after"), ([(MADE, "src/a.py")], "after"), ([(BEFORE, "src/a.py"), (SINCE, "src/a.py")], "other"), ([(BEFORE, "src/a.py"), (SINCE, "docs/a.md")], "same"),
    ([(SINCE, "src/a.py")], "unknown"), ([], ""),
])  # fmt: skip
def test_from_which_commit_an_image_was_made_the_log_of_the_checkout_tells(
    commits: list[tuple[str, str]], built: str, compared: Callable[..., Service], tmp_path: Path
) -> None:
    """What was checked out after it was made, the image does not have; if nothing of it changed, it does."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1"}
    for number, (moment, name) in enumerate(commits):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(str(number))
        dates = {"GIT_COMMITTER_DATE": moment, "GIT_AUTHOR_DATE": moment}
        for words in (["init", "-q"], ["add", name], ["-c", "user.name=development", "-c", "user.email=development@zebu.test", "commit", "-qm", "Change it"]):  # fmt: skip
            subprocess.run(["git", "-C", str(tmp_path), *words], check=True, env=environment | dates)
    context = f"{tmp_path}/src" if commits else ""
    assert compared({}, [], context=context).built == built


TWO = "services:\n  db:\n    ports: ['8000:9000']\n  backend:\n    image: a\n    ports:\n      - 80:80\n      - {}\n  web:\n    ports: ['8000:9000']\n"
SEVERAL = "services:\n  backend:\n    ports:\n      - {}\n      - {}\n"


def bound(outside: str = "8000", address: str = "") -> dict[str, Any]:
    return {"9000/tcp": [{"HostIp": address, "HostPort": outside}]}


@pytest.mark.parametrize(("text", "line"), [
    (TWO.format("0.0.0.0:8000:9000"), 8), (TWO.format("'8000:9000'"), 8), (TWO.format('"8000:9000/tcp" # for all'), 8), (TWO.format("9000"), 8), (TWO.format("7990-8010:8990-9010"), 8),
    (TWO.format("${PORT:-8000}:9000"), 8), (TWO.format("'[::1]:8000:9000'"), 8), (TWO.format("target: 9000\n        published: 8000"), 8), (TWO.format("published: '8000'\n        target: 9000"), 8),
    # Whoever follows no variables finds the list, and so does who sees another port, another protocol, or cannot read an entry.
    (TWO.format("8000:${PORT:-9000}"), 6), (TWO.format("8000:9000/udp"), 6), (TWO.format("8001:9000"), 6), (TWO.format("9000:8000"), 6), (TWO.format("{target: 9000, published: 8000}"), 6),
    (TWO.format("7990-8010:8991-9011"), 6), (TWO.format("target: 9000\n        protocol: udp"), 6),
    # Of several it is the one with that port and address outside; where two fit alike, the list.
    (SEVERAL.format("127.0.0.1:18000:9000", "8000:9000"), 5), (SEVERAL.format("8000:9000", "127.0.0.1:18000:9000"), 4), (SEVERAL.format("192.0.2.1:8000:9000", "0.0.0.0:8000:9000"), 5),
    (SEVERAL.format("${A}:9000", "${B}:9000"), 3), (SEVERAL.format("${A}:9000", "8000:9000"), 5),
    ("services:\n  'backend':\n    ports: [ '80:80', '8000:9000' ]\n", 3), ("services:\n  backend:\n    ports:\n    - 80:80\n\n    # 1:9000\n    - 8000:9000\n    image: a\n", 7),
    ("services:\r\n  backend:\r\n    ports:\r\n    - 8000:9000\r\n", 4), ("services:\n  a:\n    depends_on:\n      backend:\n        ports: [9000]\n  backend:\n    image: b\n    ports: [9000]\n", 8),
    ("x:\n  backend:\n    ports: [9000]\nservices:\n  a:\n    backend:\n      ports: [9000]\n", None), ("services:\n  backend:\n    deploy:\n      ports: [9000]\n", None),
    ("services:\n  backend: {ports: [9000]}\n", None), ("services:\n  backend:\n    image: a\n  web:\n    ports: [9000]\n", None), ("services:\n  back.nd:\n    ports: [9000]\n", None),
    ("", None), ("ports:\n - 9000\n", None), ("\x00\xff", None), ("services:\n" + "  backend:\n    ports:\n" * 2000, 3),
], ids=lambda value: repr(value)[-40:])  # fmt: skip
def test_the_line_that_publishes_a_port(
    text: str, line: int | None, compared: Callable[..., Service], tmp_path: Path
) -> None:
    (tmp_path / "docker-compose.yml").write_bytes(text.encode("latin-1"))
    found = compared({}, [], ports=bound()).ports
    assert found == ({("9000/tcp", "", "8000"): f"{tmp_path}/docker-compose.yml:{line}"} if line else {})


def test_each_binding_of_a_port_has_its_own_line(compared: Callable[..., Service], tmp_path: Path) -> None:
    (tmp_path / "docker-compose.yml").write_text(SEVERAL.format("127.0.0.1:8000:9000", "9000"))
    ports = {"9000/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8000"}, {"HostIp": "", "HostPort": ""}], "70/sctp": None}
    place = f"{tmp_path}/docker-compose.yml"
    # Which entry got a port of Docker's choice is not told.
    assert compared({}, [], ports=ports).ports == {
        ("9000/tcp", "127.0.0.1", "8000"): f"{place}:4",
        ("9000/tcp", "", ""): f"{place}:3",
    }


def test_files_are_named_from_the_top_of_their_checkout(compared: Callable[..., Service], tmp_path: Path) -> None:
    """Of several the one that publishes it; of one that is no plain file, or too long, nothing is read."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "deploy").mkdir()
    for name, text in (("a.yml", TWO.format("127.0.0.1:18000:9000")), ("deploy/b.yml", TWO.format("8000:9000"))):
        (tmp_path / name).write_text(text)
    os.mkfifo(tmp_path / "pipe.yml")
    (tmp_path / "long.yml").write_text(TWO.format("8000:9000") + "# " * 600_000)
    files = {"com.docker.compose.project.config_files": "a.yml,pipe.yml,long.yml,gone.yml,deploy/b.yml"}
    assert compared({}, [], ports=bound(), **files).ports == {("9000/tcp", "", "8000"): "deploy/b.yml:8"}
