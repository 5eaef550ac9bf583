"""Which ports answer, from where."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Known, Reason, Unknown
from pytest_zebu.facts.exposure import PORTS, UNOPENED, View, further, looks
from pytest_zebu.facts.fact import Look
from pytest_zebu.settings.target import Target, Way
from tests.facts.answers import read, saying, why

SS = "LISTEN 0 128 0.0.0.0:22 0.0.0.0:*\nLISTEN 0 128 127.0.0.1:9999 0.0.0.0:*\nLISTEN 0 128 0.0.0.0:7777 0.0.0.0:*\n"


def first_looks(target: Target) -> tuple[Look, Look]:
    internet, lan = looks(target)
    return internet, lan


def views(target: Target, said: dict[str, Any], looked: dict[str, Any]) -> dict[str, View]:
    return {view.name: view for view in read("exposure", said, target, looked)}


def test_from_the_internet_the_public_address_is_tried(target: Target) -> None:
    internet, lan = first_looks(target)
    assert (internet.arguments["address"], lan.arguments["address"]) == ("10.99.0.80", "10.77.0.10")
    assert set(PORTS) <= set(internet.arguments["ports"])
    assert internet.arguments["control"] is not None


def test_all_ports_where_a_full_scan_is_asked_for(target: Target) -> None:
    full = target.model_copy(update={"scan": "full"})
    assert first_looks(full)[0].arguments["ports"] == list(range(1, 65_536))
    assert not [
        look for look in further(saying({"sockets": SS, "addresses6": ""}), full) if look.subject == "own ports"
    ]


def test_the_machines_own_ports_are_tried_besides(target: Target) -> None:
    found = further(saying({"sockets": SS, "addresses6": ""}), target)
    assert [(look.vantage, look.arguments["ports"]) for look in found] == [("internet", [7777]), ("lan", [7777])]
    assert further(saying({"sockets": SS.replace("7777", "80"), "addresses6": ""}), target) == ()


def test_what_is_tried_is_what_ssh_makes_of_the_name(target: Target) -> None:
    aliased = target.model_copy(update={"way": Way(address="192.0.2.7", port=2200)})
    internet, lan = first_looks(aliased)
    assert (internet.arguments["address"], lan.arguments["address"]) == ("10.99.0.80", "192.0.2.7")
    assert {2200} == set(lan.arguments["ports"]) - set(PORTS)


@pytest.mark.parametrize(("open_", "through", "known"), [
    (False, "gate.example.org", False), (True, "gate.example.org", True), (False, "", True),
])  # fmt: skip
def test_where_ssh_goes_through_another_machine_silence_says_nothing(
    open_: bool, through: str, known: bool, target: Target
) -> None:
    """From the internet the public address is tried, to which ssh's way is nothing."""
    aside = target.model_copy(update={"way": Way(address="192.0.2.7", port=22, through=through)})
    seen = {"open": {"22": open_, "5432": False}, "control": True}
    looked = {look.key: seen for look in first_looks(aside)}
    found = views(aside, {"sockets": "", "addresses6": ""}, looked)
    assert isinstance(found["lan"].open[5432], Known) is known
    assert isinstance(found["internet"].open[5432], Known)


@pytest.mark.parametrize(
    ("address", "vantages"), [("fd00:77::10", ["lan"]), ("2001:db8::1", ["lan"]), ("2606:4700::1", ["internet", "lan"])]
)
def test_addresses_of_ipv6_are_tried_from_where_they_can_be_reached(
    address: str, vantages: list[str], target: Target
) -> None:
    found = further(saying({"sockets": "", "addresses6": f"{address}\n"}), target)
    assert [look.vantage for look in found] == vantages
    assert all(look.subject == f"ports of {address}" for look in found)


def told(view: View) -> dict[int, Known[bool]]:
    """The ports of which it is known; all others that were asked about are there, too."""
    assert view.open.keys() >= {*PORTS}
    return {port: state for port, state in view.open.items() if isinstance(state, Known)}


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize(
    "states",
    [{"22": "no"}, {"22": 0}, {"22": 1}, {"22": []}, {"²": False}, {"٣": False}, {"-1": False}, {"9" * 5000: False}, {"": False}, ["22"], None],
    ids=lambda states: ascii(states)[:20],
)  # fmt: skip
def test_what_is_no_state_of_a_port(states: Any, target: Target) -> None:
    internet, _ = first_looks(target)
    looked = {internet.key: {"open": states, "control": True}}
    answer = ALL["exposure"].read(saying({"sockets": "", "addresses6": ""}, looks=looked), target)
    assert isinstance(answer, Unknown)
    assert answer.reason is Reason.GARBLED


def test_a_closed_port_counts_where_the_control_answers(target: Target) -> None:
    internet, lan = first_looks(target)
    looked = {
        internet.key: {"open": {"22": False, "80": True}, "control": True},
        lan.key: {"open": {"22": False, "80": True}, "control": False},
    }
    found = views(target, {"sockets": "", "addresses6": ""}, looked)
    assert told(found["internet"]) == {22: Known(False), 80: Known(True)}
    blind = found["lan"].open
    assert blind[80] == Known(True)
    assert isinstance(blind[22], Unknown)
    assert blind[22].reason is Reason.UNREACHABLE


def test_what_was_not_looked_at_is_unknown_port_by_port(target: Target) -> None:
    found = views(target, {"sockets": "", "addresses6": ""}, {})
    assert found["internet"].open.keys() == set(PORTS)
    assert all(isinstance(state, Unknown) for state in found["internet"].open.values())


def test_own_ports_join_their_view_and_ipv6_has_its_own(target: Target) -> None:
    said = {"sockets": SS, "addresses6": "fd00:77::10\n"}
    _, lan = first_looks(target)
    more = {
        look.key: {"open": {"7777": look.subject == "own ports"}, "control": True}
        for look in further(saying(said), target)
    }
    found = views(target, said, {lan.key: {"open": {"22": True}, "control": True}, **more})
    assert told(found["lan"]) == {22: Known(True), 7777: Known(True)}
    assert told(found["lan (IPv6)"]) == {7777: Known(False)}
    assert "internet (IPv6)" not in found


def test_a_port_that_could_not_be_tried_is_not_closed(target: Target) -> None:
    internet, lan = first_looks(target)
    seen = {"open": {"22": True, "80": None}, "control": True, "trouble": "Too many open files"}
    found = views(target, {"sockets": "", "addresses6": ""}, {internet.key: seen, lan.key: {**seen, "control": False}})
    untried = found["internet"].open[80]
    assert isinstance(untried, Unknown)
    assert "Too many open files" in untried.detail
    assert isinstance(found["lan"].open[80], Unknown)
    assert found["lan"].open[22] == Known(True)


def test_silence_counts_where_the_control_answers(target: Target) -> None:
    internet, lan = first_looks(target)
    seen = {"open": {"47": False}, "silent": [47], "control": True}
    found = views(target, {"sockets": "", "addresses6": ""}, {internet.key: seen, lan.key: {**seen, "control": False}})
    assert (found["internet"].silent, found["lan"].silent) == (frozenset({47}), frozenset())
    assert set(UNOPENED) <= set(internet.arguments["ports"])
    assert internet.arguments["unopened"] == list(UNOPENED)


def test_of_very_many_addresses_nobody_says_that_all_were_seen(target: Target) -> None:
    said = {"sockets": "", "addresses6": "".join(f"2001:db8::{number:x}\n" for number in range(1, 18))}
    assert further(saying(said), target) == ()
    assert [view.address for view in read("exposure", said, target)].count("its IPv6 addresses") == 2
    fewer = {**said, "addresses6": said["addresses6"].removesuffix("2001:db8::11\n")}
    assert len(further(saying(fewer), target)) == 16


@pytest.mark.parametrize("said", [Unknown(Reason.TIMED_OUT, "x"), "not an address\n"])
def test_where_its_ipv6_addresses_are_unknown_so_is_what_they_expose(said: Any, target: Target) -> None:
    found = read("exposure", {"sockets": "", "addresses6": said}, target)
    assert [view.address for view in found].count("its IPv6 addresses") == 2


@pytest.mark.parametrize(
    "seen",
    [
        {"open": [], "control": True},
        {"open": {}, "control": True, "silent": 47},
        {"open": {"ssh": True}, "control": True},
        {"open": {"22": True}},
        None,
    ],
)
def test_another_shape_is_garbled(seen: Any, target: Target) -> None:
    assert (
        why("exposure", {"sockets": "", "addresses6": ""}, target, {first_looks(target)[0].key: seen}) is Reason.GARBLED
    )
