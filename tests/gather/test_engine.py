"""The target's Docker over a channel of the connection: an ssh that answers as a daemon would."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import requests
from docker.errors import DockerException

from pytest_zebu.gather import engine as module
from pytest_zebu.gather.engine import REMOTE, engine
from pytest_zebu.gather.ssh import Connection
from pytest_zebu.settings import Settings
from pytest_zebu.settings.sections import Host
from pytest_zebu.settings.target import Target

DAEMON = """
import sys
with open({heard!r}, "a") as heard:
    print(sys.argv[-1], file=heard)
while line := sys.stdin.buffer.readline():
    while sys.stdin.buffer.readline().strip():
        pass
    path = line.split()[1].decode()
    body = b'{{"ApiVersion": "1.41"}}' if path.endswith("version") else {body!r}
    head = "HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body)
    sys.stdout.buffer.write(head.encode() + body)
    sys.stdout.buffer.flush()
    if path.endswith("json"):
        break
"""


def daemon(tmp_path: Path, body: bytes) -> list[str]:
    program = tmp_path / "daemon.py"
    program.write_text(DAEMON.format(heard=str(tmp_path / "heard"), body=body))
    return [sys.executable, str(program)]


def test_a_conversation_goes_there_and_back(tmp_path: Path) -> None:
    with engine(daemon(tmp_path, b'[{"Id": "1"}]'), tmp_path, 20) as docker:
        assert docker.api_version == "1.41"
        assert docker.containers() == [{"Id": "1"}]
        assert docker.containers() == [{"Id": "1"}]
        assert (tmp_path / "engine").stat().st_mode & 0o077 == 0
    assert {path.name for path in tmp_path.iterdir()} == {"daemon.py", "heard"}
    assert set((tmp_path / "heard").read_text().splitlines()) == {REMOTE}


POLITE = """
import pathlib, sys
here = pathlib.Path(sys.argv[0]).parent
line = sys.stdin.buffer.readline()
lines = [*iter(lambda: sys.stdin.buffer.readline().strip().lower(), b"")]
body = b'{"ApiVersion": "1.41"}' if line.split()[1].endswith(b"version") else b"[]"
close = "Connection: close\\r\\n" if b"connection: close" in lines else ""
head = f"HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\n{close}Content-Length: {len(body)}\\r\\n\\r\\n"
sys.stdout.buffer.write(head.encode() + body)
sys.stdout.buffer.flush()
kept = here / f"kept-{line.split()[1].decode().replace('/', '_')}"
if not close:
    kept.touch()
    sys.stdin.buffer.readline()
"""


@pytest.mark.hostile("ssh")
def test_no_conversation_stays_open_behind_its_answer(tmp_path: Path) -> None:
    """Each is a session of the one connection, of which sshd allows ten: one more would log in anew."""
    (tmp_path / "daemon.py").write_text(POLITE)
    with engine([sys.executable, str(tmp_path / "daemon.py")], tmp_path, 20) as docker:
        assert (docker.containers(), docker.images(), docker.networks()) == ([], [], [])
        assert [path.name for path in tmp_path.glob("kept-*")] == ["kept-_version"]


@pytest.mark.hostile("ssh")
def test_what_a_daemon_says_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CONVERSATION_LIMIT", 100_000)
    command = daemon(tmp_path, b"[" + b" " * 1_000_000 + b"]")
    with engine(command, tmp_path, 20) as docker, pytest.raises(requests.RequestException):
        docker.containers()


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize("command", [["false"], ["sleep", "100"], ["/nonexistent"]])
def test_a_daemon_that_is_not_there(command: list[str], tmp_path: Path) -> None:
    with pytest.raises(DockerException), engine(command, tmp_path, 0.5):
        pass
    assert not any(tmp_path.iterdir())


def test_it_is_a_channel_of_the_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The words before the command are those of every other question."""
    ssh = tmp_path / "ssh"
    ssh.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >> "{tmp_path}/words"\n')
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    connection = Connection(Target(name="vm", host=Host(), settings=Settings()))
    try:
        with pytest.raises(DockerException), connection.docker(5):
            pass
        assert f"-F {connection.config} " in (tmp_path / "words").read_text()
        assert f"-- vm {REMOTE}" in (tmp_path / "words").read_text()
    finally:
        connection.close()
