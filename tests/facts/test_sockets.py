"""What listens."""

from __future__ import annotations

import pytest

from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Reason, need
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.facts.sockets import Listener
from pytest_zebu.settings.target import Target
from tests.facts.answers import read, why


def test_sockets_of_trixie(trixie: Gathered, target: Target) -> None:
    assert need(ALL["sockets"].read(trixie, target)) == (
        Listener("127.0.0.1", 2222, "sshd"),
        Listener("::1", 5432, "python3"),
    )


@pytest.mark.parametrize(
    ("address", "loopback"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("127.0.0.53%lo", True),
        ("0.0.0.0", False),
        ("*", False),
        ("::", False),
        ("10.0.0.1", False),
    ],
)
def test_loopback(address: str, loopback: bool) -> None:
    assert Listener(address, 5432, "").is_loopback is loopback


@pytest.mark.parametrize(("line", "expected"), [
    ('LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=1,fd=3))', Listener("0.0.0.0", 22, "sshd")),
    ("LISTEN 0 4096 [::]:80 [::]:*", Listener("::", 80, "")), ("LISTEN 0 4096 *:8000 *:*", Listener("*", 8000, "")),
    ("LISTEN 0 4096 127.0.0.53%lo:53 0.0.0.0:*", Listener("127.0.0.53%lo", 53, "")),
])  # fmt: skip
def test_a_line_of_ss(line: str, expected: Listener, target: Target) -> None:
    assert read("sockets", f"{line}\n\n", target) == (expected,)
    assert read("udp_sockets", line.replace("LISTEN", "UNCONN"), target) == (expected,)


@pytest.mark.parametrize(
    "line",
    [
        "ESTAB 0 0 10.0.0.1:22 10.0.0.2:5",
        "LISTEN 0 128 0.0.0.0:22",
        "LISTEN 0 128 0.0.0.0:ssh 0.0.0.0:*",
        "LISTEN 0 1 x y",
    ],
)
def test_another_line_is_garbled(line: str, target: Target) -> None:
    assert why("sockets", line, target) is Reason.GARBLED
