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
        Listener("127.0.0.1", 2222, "sshd", pid=3938),
        Listener("::1", 5432, "python3", pid=3939),
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
        ("::ffff:127.0.0.1", True),
        ("::ffff:10.0.0.1", False),
        ("[::1]", True),
    ],
)
def test_loopback(address: str, loopback: bool) -> None:
    assert Listener(address, 5432, "").is_loopback is loopback


def test_what_is_bound_to_the_loopback_is_local_whatever_its_address() -> None:
    assert Listener("0.0.0.0", 53, "", "lo").is_loopback
    assert not Listener("0.0.0.0", 53, "", "eth0").is_loopback


@pytest.mark.parametrize(("line", "expected"), [
    ('LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=1,fd=3))', Listener("0.0.0.0", 22, "sshd", pid=1)),
    ('LISTEN 0 9 0.0.0.0:22 0.0.0.0:* users:(("a,pid=7",pid=12,fd=3),("b",pid=13,fd=3))', Listener("0.0.0.0", 22, "a,pid=7", pid=12)),
    ('LISTEN 0 9 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=x,fd=3))', Listener("0.0.0.0", 22, "sshd")),
    ("LISTEN 0 4096 [::]:80 [::]:*", Listener("::", 80, "")), ("LISTEN 0 4096 *:8000 *:*", Listener("*", 8000, "")),
    ("LISTEN 0 4096 127.0.0.53%lo:53 0.0.0.0:*", Listener("127.0.0.53", 53, "", "lo")), ("LISTEN 0 9 0.0.0.0%tun0:53 0.0.0.0:*", Listener("0.0.0.0", 53, "", "tun0")),
    ("LISTEN 0 9 [fe80::1]%eth0:546 [::]:*", Listener("fe80::1", 546, "", "eth0")), ("LISTEN 0 9 [fe80::1%eth0]:546 [::]:*", Listener("fe80::1", 546, "", "eth0")),
    ("LISTEN 0 9 *%eth0:68 *:*", Listener("*", 68, "", "eth0")), ("LISTEN 0 9 [::ffff:127.0.0.1]:5432 *:*", Listener("127.0.0.1", 5432, "")),
    ("LISTEN 0 9 [::ffff:10.0.0.5]:5432 *:*", Listener("10.0.0.5", 5432, "")),
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
        "LISTEN 0 1 name:80 0.0.0.0:*",
    ],
)
def test_another_line_is_garbled(line: str, target: Target) -> None:
    assert why("sockets", line, target) is Reason.GARBLED


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize("said", ["", "\n", " \n \n"], ids=["nothing", "an empty line", "blanks"])
def test_that_nothing_listens_where_we_were_let_in_is_not_believed(said: str, target: Target) -> None:
    assert why("sockets", said, target) is Reason.GARBLED
    assert why("udp_sockets", {"sockets.udp": said, "sockets": said}, target) is Reason.GARBLED
    assert why("udp_sockets", {"sockets.udp": said}, target) is Reason.NOT_GATHERED


def test_a_machine_may_have_no_udp_where_it_lists_tcp(target: Target) -> None:
    tcp = "LISTEN 0 128 0.0.0.0:22 0.0.0.0:*\n"
    assert read("udp_sockets", {"sockets.udp": "", "sockets": tcp}, target) == ()
