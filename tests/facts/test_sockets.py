"""What listens."""

from __future__ import annotations

import pytest

from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import need
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.facts.sockets import Listener
from pytest_zebu.settings.target import Target


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
