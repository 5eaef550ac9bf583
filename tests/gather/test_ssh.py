"""A port forwarded over the connection that stands: what ssh is told, with an ssh that keeps what it hears."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_zebu.gather.ssh import Connection
from pytest_zebu.settings import Settings
from pytest_zebu.settings.sections import Host
from pytest_zebu.settings.target import Target

SSH = """#!/bin/sh
printf '%s\\n' "$*" >> "{heard}"
[ "$(wc -l < "{heard}")" -gt {refusals} ]
"""
Heard = Callable[[], list[str]]


@pytest.fixture
def connection() -> Iterator[Connection]:
    found = Connection(Target(name="vm", host=Host(), settings=Settings()))
    yield found
    found.close()


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Heard]:
    """An ssh that refuses so many times."""

    def make(refusals: int) -> Heard:
        heard, program = tmp_path / "heard", tmp_path / "ssh"
        program.write_text(SSH.format(heard=heard, refusals=refusals))
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        return lambda: heard.read_text().splitlines()

    return make


@pytest.mark.parametrize(
    ("host", "there"),
    [
        ("db.internal", "db.internal:5432"),
        ("fd00::7", "[fd00::7]:5432"),
        ("/var/run/postgresql", "/var/run/postgresql/.s.PGSQL.5432"),
    ],
)
def test_a_port_leads_there_for_as_long_as_it_is_needed(
    host: str, there: str, connection: Connection, ssh: Callable[[int], Heard]
) -> None:
    heard = ssh(0)
    with connection.forward(host, 5432) as port:
        (opened,) = heard()
        spec = f"-L 127.0.0.1:{port}:{there} -- vm"
        assert opened.endswith(f"-o ClearAllForwardings=no -O forward {spec}")
        assert f"-F {connection.config}" in opened
    assert heard()[1].endswith(f"-O cancel {spec}")
    assert len(heard()) == 2


def test_it_is_cancelled_when_something_fails_on_the_way(connection: Connection, ssh: Callable[[int], Heard]) -> None:
    heard = ssh(0)
    with pytest.raises(ValueError, match="on the way"), connection.forward("db", 1):
        raise ValueError("on the way")
    assert " -O cancel " in heard()[1]


def test_another_port_is_tried_where_one_is_taken(connection: Connection, ssh: Callable[[int], Heard]) -> None:
    heard = ssh(2)
    with connection.forward("db", 5432) as port:
        assert port is not None
        assert len(heard()) == 3


def test_where_ssh_opens_none_there_is_none(connection: Connection, ssh: Callable[[int], Heard]) -> None:
    heard = ssh(99)
    with connection.forward("db", 5432) as port:
        assert port is None
    assert len(heard()) == 3
    assert not any(" -O cancel " in line for line in heard())
