"""Whether ssh let us in."""

from __future__ import annotations

import pytest

from pytest_zebu.facts import ALL
from pytest_zebu.facts.access import looks
from pytest_zebu.facts.answer import Known, Reason, Unknown, need
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.settings.target import Target
from tests.facts.answers import read, saying, why


def test_a_refused_login_is_known(target: Target) -> None:
    refused = Gathered({"zebu.host": Unknown(Reason.UNREACHABLE, "ssh: the key was refused")}, {}, 0)
    assert need(ALL["access"].read(refused, target)).trouble == "ssh: the key was refused"
    assert isinstance(ALL["access"].read(Gathered(), target), Unknown)
    answer = ALL["access"].read(saying({"zebu.host": "root=1\n"}), target)
    assert isinstance(answer, Known)
    assert answer.value.trouble == ""


@pytest.mark.parametrize(("open_", "control"), [({"53": True}, True), ({"53": False}, False)])
def test_whether_the_control_address_answers(open_: dict[str, bool], control: bool, target: Target) -> None:
    (asked,) = looks(target)
    assert (asked.arguments["address"], asked.arguments["ports"]) == ("10.99.0.53", [53])
    assert (
        read("access", {"zebu.host": "root=1\n"}, target, {asked.key: {"open": open_, "control": True}}).control
        is control
    )
    assert read("access", {"zebu.host": "root=1\n"}, target).control is None


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason is not Reason.UNREACHABLE])
def test_only_a_target_that_was_not_reached_refused(reason: Reason, target: Target) -> None:
    assert why("access", {"zebu.host": Unknown(reason, "x")}, target) is reason


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize(
    "said",
    [
        "the connection was cut after 0 of 39 answers", "the host closed the connection at once", "the connection timed out",
        "the login shell is nologin", "no answer within 50 s", "something that says the key was refused", "the identity file does not exist", "",
    ],
)  # fmt: skip
def test_what_says_nothing_of_keys_is_no_verdict(said: str, target: Target) -> None:
    assert why("access", {"zebu.host": Unknown(Reason.UNREACHABLE, f"ssh: {said}")}, target) is Reason.UNREACHABLE


@pytest.mark.parametrize(
    "said", ["the key was refused: check", "the host key has changed: compare", "the host key is not known: log in"]
)
def test_what_the_server_says_of_keys_is_one(said: str, target: Target) -> None:
    found = need(ALL["access"].read(Gathered({"zebu.host": Unknown(Reason.UNREACHABLE, f"ssh: {said}")}), target))
    assert found.trouble == f"ssh: {said}"


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize(
    "said", ["no answer in time", "nothing answers on the ssh port", "there is no route to the host"]
)
def test_silence_is_the_machines_only_where_the_control_address_answers(said: str, target: Target) -> None:
    silent = {"zebu.host": Unknown(Reason.UNREACHABLE, f"ssh: {said}")}
    (asked,) = looks(target)
    assert why("access", silent, target) is Reason.UNREACHABLE
    assert why("access", silent, target, {asked.key: {"open": {"53": False}, "control": True}}) is Reason.UNREACHABLE
    found = read("access", silent, target, {asked.key: {"open": {"53": True}, "control": True}})
    assert (found.trouble, found.control) == (f"ssh: {said}", True)
