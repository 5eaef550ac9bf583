"""Parsers on recorded outputs. What they do not understand is unknown, never a guess."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Known, Reason, Said, Unknown, need, plain_text
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.facts.repository import Tag
from pytest_zebu.facts.sockets import Listener
from pytest_zebu.facts.sshd import Login
from pytest_zebu.settings.target import Target

WHOLE = sorted(ALL.keys() - {"exposure", "proxmox_node", "snapshots", "vm_backups"})
"""Facts that are had as a whole or not at all. Each port answers for itself, and the hypervisor has two ways to be asked."""


def saying(gathered: Gathered, **answers: Said | Unknown) -> Gathered:
    renamed = {name.replace("__", ".").replace("_", "-"): answer for name, answer in answers.items()}
    return replace(gathered, answers={**gathered.answers, **renamed})


@pytest.mark.parametrize("name", sorted(ALL.keys() - {"staged_use"}))  # there is no staging in the lab
def test_every_fact_reads_the_recorded_lab(name: str, bookworm: Gathered, target: Target) -> None:
    assert isinstance(ALL[name].read(bookworm, target), Known)


@pytest.mark.parametrize(
    "name",
    sorted(
        name
        for name, fact in ALL.items()
        if name in WHOLE and (fact.probes or name in ("containers", "environment", "env_files", "machine"))
    ),
)
def test_every_fact_of_the_machine_is_unknown_when_nothing_was_answered(name: str, target: Target) -> None:
    answer = ALL[name].read(Gathered(), target)
    assert isinstance(answer, Unknown)
    assert answer.reason is Reason.NOT_GATHERED


@pytest.mark.parametrize("name", sorted(name for name in WHOLE if ALL[name].probes))
@pytest.mark.parametrize(
    "said",
    [Said(0, "\x00\xff binary\n{"), Said(1, "", "Permission denied"), Said(127, ""), Unknown(Reason.TIMED_OUT, "x")],
    ids=["garbled", "denied", "no command", "timed out"],
)
def test_bad_answers_are_unknown(name: str, said: Said | Unknown, bookworm: Gathered, target: Target) -> None:
    fact = ALL[name]
    answers = {**bookworm.answers, **{probe.name: said for probe in fact.probes}}
    answer = fact.read(replace(bookworm, answers=answers), target)
    assert isinstance(answer, Unknown)


def test_sshd_of_trixie(trixie: Gathered, target: Target) -> None:
    sshd = need(ALL["sshd"].read(trixie, target))
    assert sshd.users == ("root", "deploy")
    by_address = {login.address: login.methods_without_key for login in sshd.of("deploy")}
    assert by_address == {
        "127.0.0.1": ("password",),
        "203.0.113.77": ("password",),
        "198.51.100.4": ("password",),
        "192.0.2.1": ("password",),
    }
    assert all(login.methods_without_key == () for login in sshd.of("root"))


OPEN = {"passwordauthentication": "yes", "permitrootlogin": "without-password", "kbdinteractiveauthentication": "no"}


@pytest.mark.parametrize(("user", "options", "expected"), [
    ("deploy", {}, ("password",)),
    ("root", {}, ()),
    ("root", {"permitrootlogin": "yes"}, ("password",)),
    ("deploy", {"passwordauthentication": "no", "kbdinteractiveauthentication": "yes"}, ("keyboard-interactive",)),
    ("deploy", {"authenticationmethods": "publickey,password"}, ()),
    ("deploy", {"authenticationmethods": "publickey,password password"}, ("password",)),
    ("deploy", {"authenticationmethods": "keyboard-interactive:pam"}, ()),
    ("deploy", {"allowusers": "root admin"}, ()),
    ("deploy", {"allowusers": "dep*"}, ("password",)),
    ("deploy", {"denygroups": "staff"}, ()),
    ("deploy", {"allowusers": "deploy@192.0.2.*"}, ()),
    ("deploy", {"passwordauthentication": "no", "hostbasedauthentication": "yes"}, ("hostbased",)),
])  # fmt: skip
def test_ways_in_without_a_key(user: str, options: dict[str, str], expected: tuple[str, ...]) -> None:
    assert Login(user, "127.0.0.1", {**OPEN, **options}, ("staff",)).methods_without_key == expected


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


def test_repository_of_trixie(trixie: Gathered, target: Target) -> None:
    repository = need(ALL["repository"].read(trixie, target))
    assert repository.newest_release == Tag("v2.0.0", repository.head)
    assert repository.changes == ("?? b",)
    assert repository.describe == "v2.0.0 (dirty)"


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("v1.2.3", (1, 2, 3)),
        ("1.2.3", (1, 2, 3)),
        ("v1.2.3+build", (1, 2, 3)),
        ("v1.2.3-rc.1", None),
        ("latest", None),
        ("v1", None),
    ],
)
def test_what_is_a_release(name: str, version: tuple[int, int, int] | None) -> None:
    assert Tag(name, "0").version == version


def test_a_database_without_migrations_has_none_applied(bookworm: Gathered, target: Target) -> None:
    state = json.loads(bookworm.said("postgres.state").out)
    answers = {**bookworm.answers, "postgres.state": Said(0, json.dumps({**state, "applied": None}))}
    migrations = need(ALL["migrations"].read(replace(bookworm, answers=answers), target))
    assert migrations.applied == ()
    assert migrations.heads == ("d001_price_history_updated_at",)


def test_no_value_of_a_secret_is_in_the_environment(bookworm: Gathered, target: Target) -> None:
    environment = need(ALL["environment"].read(bookworm, target))
    secret = environment.get(".env", "POSTGRES_PASSWORD")
    assert secret is not None
    assert (secret.plain, secret.length, secret.is_placeholder) == ("", 48, False)
    same = {variable.where for variable in environment.variables if variable.group == secret.group}
    assert same == {".env", "container:db"}


def test_text_from_a_target_loses_its_escapes() -> None:
    assert plain_text(b"\x1b[31mred\x1b[0m \x1b]0;title\x07bell\x08 \xff") == "red bell \ufffd"
