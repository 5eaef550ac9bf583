"""The script that tries passwords, of a server that speaks as much of PostgreSQL's protocol as a login takes."""

from __future__ import annotations

import importlib.util
import os
import re
import socketserver
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_zebu.facts.postgres import LOGIN_PROBE
from tests.facts.test_scripts import FOLDER

SETTINGS = {
    "client_encoding": "UTF8",
    "DateStyle": "ISO, MDY",
    "server_version": "15.0",
    "standard_conforming_strings": "on",
}
PASSWORDS = {"app": "right?&", "admin": "b@d:/pass"}


class Login(socketserver.StreamRequestHandler):
    """It asks for the password as it is."""

    server: Server

    def handle(self) -> None:
        while True:
            (size,) = struct.unpack("!I", self.rfile.read(4) or b"\0\0\0\4")
            said = self.rfile.read(size - 4)
            if len(said) != 4:
                break
            self.wfile.write(b"N")  # neither TLS nor Kerberos
        user = re.search(rb"user\0([^\0]*)\0", said)
        if user is None:
            return
        self.wfile.write(b"R" + struct.pack("!II", 8, 3))
        self.rfile.read(1)
        (size,) = struct.unpack("!I", self.rfile.read(4))
        password = self.rfile.read(size - 4).rstrip(b"\0").decode()
        name = user[1].decode()
        self.server.tries.append((name, password))
        if password == self.server.passwords.get(name):
            told = [name.encode() + b"\0" + value.encode() + b"\0" for name, value in SETTINGS.items()]
            status = b"".join(b"S" + struct.pack("!I", 4 + len(one)) + one for one in told)
            self.wfile.write(b"R" + struct.pack("!II", 8, 0) + status + b"Z" + struct.pack("!I", 5) + b"I")
            self.rfile.read()
            return
        complaint = self.server.complaint.encode()
        fields = b"SFATAL\0C28P01\0M" + complaint + b"\0\0"
        self.wfile.write(b"E" + struct.pack("!I", 4 + len(fields)) + fields)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    complaint = "password authentication failed"

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Login)
        self.passwords = dict(PASSWORDS)
        self.tries: list[tuple[str, str]] = []


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as found:
        thread = threading.Thread(target=found.serve_forever, daemon=True)
        thread.start()
        yield found
        found.shutdown()
        thread.join()


def site() -> Path:
    """Where the driver is, with the client library that it brings."""
    found = importlib.util.find_spec("psycopg2")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent.parent


def ask(tmp_path: Path, port: int, *, driver: bool, password: str = "right%3F%26") -> str:
    """What the script says; with or without the driver itself behind its library."""
    (tmp_path / "bin").mkdir(exist_ok=True)
    (tmp_path / "bin/docker").write_text('#!/bin/sh\nwhile [ "$1" != python3 ]; do shift; done\nexec "$@"\n')
    # Nothing of this machine's packages is seen but what is linked.
    (tmp_path / "bin/python3").write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
    for name in ("docker", "python3"):
        (tmp_path / "bin" / name).chmod(0o755)
    packages = tmp_path / "packages"
    packages.mkdir(exist_ok=True)
    names = ["psycopg2"] if driver else ["psycopg2_binary.libs"]
    for name in names:
        if not (packages / name).exists():
            (packages / name).symlink_to(site() / name)
    if driver:  # its library is found by its own place
        assert not (packages / "psycopg2_binary.libs").exists()
    environment = {
        "PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "PYTHONPATH": str(packages), "ZEBU_BACKEND_CONTAINER": "backend", "ZEBU_DB_ADMIN": "admin",
        "DOTENV_POSTGRES_PASSWORD": PASSWORDS["admin"], "DATABASE_URL": f"postgresql+psycopg://app:{password}@127.0.0.1:{port}/zebu",
        **{f"ZEBU_{name}": text for name, text in LOGIN_PROBE.environment.items()},
    }  # fmt: skip
    quiet = (FOLDER / "quiet.sh").read_text()
    done = subprocess.run(
        ["sh", "-c", f"{quiet}\n{LOGIN_PROBE.text}"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize("driver", [False, True], ids=["library", "driver"])
def test_each_password_is_tried(driver: bool, tmp_path: Path, server: Server) -> None:
    """By the driver's client library alone, or by the driver: with the same address, and the same words for what the server says."""
    port = server.server_address[1]
    right = "host 127.0.0.1\nright accepted\nwrong refused\nadmin-right accepted\nadmin-wrong refused\n"
    assert ask(tmp_path, port, driver=driver) == f"{right}admin-default refused\n"
    assert (server.tries[0], server.tries[2]) == (("app", "right?&"), ("admin", "b@d:/pass"))
    assert all(len(server.tries[number][1]) == 20 for number in (1, 3))
    words = ("postgres", "password", "papertrade_dev_password", "zebu", "docker")
    assert sorted(server.tries[4:]) == sorted((user, word) for user in ("admin", "postgres") for word in words)


@pytest.mark.parametrize("driver", [False, True], ids=["library", "driver"])
def test_no_more_is_tried_once_a_well_known_password_opens(driver: bool, tmp_path: Path, server: Server) -> None:
    server.passwords["admin"] = "password"
    said = ask(tmp_path, server.server_address[1], driver=driver)
    assert said.endswith("admin-right refused\nadmin-wrong refused\nadmin-default accepted\n")
    assert server.tries[-1] == ("admin", "password")


@pytest.mark.parametrize("driver", [False, True], ids=["library", "driver"])
def test_what_is_no_refusal_is_unclear(driver: bool, tmp_path: Path, server: Server) -> None:
    """Whom pg_hba.conf keeps out gets in with no password; what else a server says tells nothing of it."""
    port = server.server_address[1]
    server.complaint = "no pg_hba.conf entry for host"
    said = ask(tmp_path, port, driver=driver, password="other")
    assert said == (
        "host 127.0.0.1\nright refused\nwrong refused\nadmin-right accepted\nadmin-wrong refused\nadmin-default refused\n"
    )
    server.complaint = "sorry, too many clients already"
    server.passwords.clear()
    said = ask(tmp_path, port, driver=driver)
    assert [line.split()[1] for line in said.splitlines()[1:]] == ["unclear"] * 5
