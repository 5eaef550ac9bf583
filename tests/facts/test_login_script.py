"""The script that tries passwords, of a server that speaks as much of PostgreSQL's protocol as a login takes."""

from __future__ import annotations

import importlib.util
import re
import socketserver
import struct
import sys
import threading
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_zebu.facts.postgres import LOGIN_PROBE
from tests.facts.within import said_within

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
    # Nothing of this machine's packages is seen but what is linked.
    environment = tmp_path / "venv"
    if not environment.exists():
        venv.create(environment, symlinks=True)
    packages = environment / f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
    names = ["psycopg2"] if driver else ["psycopg2_binary.libs"]
    for name in names:
        if not (packages / name).exists():
            (packages / name).symlink_to(site() / name)
    if driver:  # its library is found by its own place
        assert not (packages / "psycopg2_binary.libs").exists()
    (said,) = said_within(
        LOGIN_PROBE, python=environment / "bin/python3", ZEBU_DB_ADMIN="admin", DOTENV_POSTGRES_PASSWORD=PASSWORDS["admin"],
        environment={"DATABASE_URL": f"postgresql+psycopg://app:{password}@127.0.0.1:{port}/zebu"},
    ).values()  # fmt: skip
    assert (said.status, said.err) == (0, "")
    return said.out


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


def test_the_driver_is_found_where_a_program_of_the_applications_finds_it(tmp_path: Path, server: Server) -> None:
    """By PYTHONPATH, and last in the folder that it works in: a module of Python's own is never taken from there."""
    environment, folder = tmp_path / "venv", tmp_path / "packages"
    venv.create(environment, symlinks=True)
    folder.mkdir()
    (folder / "psycopg2_binary.libs").symlink_to(site() / "psycopg2_binary.libs")
    (tmp_path / "ctypes.py").write_text("raise SystemExit(9)")
    (said,) = said_within(
        LOGIN_PROBE, python=environment / "bin/python3",
        environment={"DATABASE_URL": f"postgresql://app:right%3F%26@127.0.0.1:{server.server_address[1]}/zebu", "PYTHONPATH": str(folder)},
    ).values()  # fmt: skip
    assert said.out == "host 127.0.0.1\nright accepted\nwrong refused\n"
