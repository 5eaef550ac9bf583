"""A stranger's first packet, and its way through chains: with three values."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

import pytest

from pytest_zebu.facts.answer import Garbled
from pytest_zebu.facts.packets import (
    Act,
    Fate,
    Machine,
    Met,
    Packet,
    Step,
    any_of,
    every,
    from_share,
    loosest,
    share_of,
    strictest,
    walk,
)

OWN = {
    "lo": (ipaddress.ip_interface("127.0.0.1/8"),),
    "eth0": (ipaddress.ip_interface("192.0.2.10/24"), ipaddress.ip_interface("2001:db8::10/64")),
    "enp7s0": (ipaddress.ip_interface("10.9.0.2/24"),),
}
MACHINE = Machine(dict.fromkeys((4, 6), frozenset({"eth0"})), frozenset({*OWN, "tun0"}), OWN)
PACKET = Packet(MACHINE, 4, "tcp", 47)
ALL, SOME, NONE, UNSURE, UNSEEN = Met.ALL, Met.SOME, Met.NONE, Met.UNSURE, Met.UNSEEN


def way(
    *steps: tuple[Met, Act] | tuple[Met, Act, str], policy: str = "accept", **chains: Sequence[tuple[Met, Act]]
) -> Fate:
    """The way through steps: what meets each, what it does, and where that goes to."""

    def made(found: Sequence[tuple[Met, Act] | tuple[Met, Act, str]]) -> list[Step]:
        return [Step(lambda mark, met=met: met, act, f"{act}", *to) for met, act, *to in found]  # type: ignore[misc]

    return walk({"INPUT": made(steps), **{name: made(found) for name, found in chains.items()}}, "INPUT", policy)


@pytest.mark.parametrize(("steps", "policy", "word"), [
    ((), "drop", "drop"), ((), "accept", "accept"),
    (((ALL, "drop"),), "accept", "drop"), (((ALL, "reject"),), "accept", "reject"), (((ALL, "accept"),), "drop", "accept"),
    (((NONE, "accept"),), "drop", "drop"), (((NONE, "drop"),), "accept", "accept"),
    # Some come in: that is open. Some are dropped: the others are not.
    (((SOME, "accept"),), "drop", "accept"), (((SOME, "drop"),), "accept", "accept"),
    (((SOME, "drop"), (ALL, "drop")), "accept", "drop"),
    # What asks for something particular may let somebody in, and is not what drops everybody.
    (((UNSURE, "accept"),), "drop", "unknown"), (((UNSURE, "accept"), (ALL, "drop")), "accept", "unknown"),
    (((UNSURE, "accept"),), "accept", "accept"), (((UNSURE, "drop"),), "accept", "accept"), (((UNSURE, "drop"),), "drop", "drop"),
    (((ALL, "drop"), (UNSURE, "accept")), "accept", "drop"), (((UNSURE, "drop"), (ALL, "accept")), "drop", "accept"),
    # What could not be read may be all, or nothing.
    (((UNSEEN, "drop"),), "accept", "unknown"), (((UNSEEN, "drop"),), "drop", "drop"), (((UNSEEN, "accept"),), "drop", "unknown"),
    (((UNSEEN, "accept"),), "accept", "accept"), (((UNSEEN, "drop"), (ALL, "drop")), "accept", "drop"),
    (((ALL, "unknown"),), "drop", "unknown"), (((ALL, "unknown"),), "accept", "unknown"), (((NONE, "unknown"),), "drop", "drop"),
    (((ALL, "pass"),), "drop", "drop"), (((ALL, "return"), (ALL, "accept")), "drop", "drop"),
    (((UNSURE, "return"), (ALL, "accept")), "drop", "accept"), (((UNSEEN, "return"), (ALL, "accept")), "drop", "unknown"),
])  # fmt: skip
def test_what_becomes_of_a_packet(steps: tuple[tuple[Met, Act], ...], policy: str, word: str) -> None:
    assert way(*steps, policy=policy).word == word


@pytest.mark.parametrize(("met", "act", "there", "word"), [
    (ALL, "jump", [(ALL, "accept")], "accept"), (ALL, "jump", [(ALL, "drop")], "drop"), (ALL, "jump", [], "drop"),
    (ALL, "jump", [(ALL, "return"), (ALL, "accept")], "drop"), (NONE, "jump", [(ALL, "accept")], "drop"),
    (SOME, "jump", [(ALL, "accept")], "accept"), (UNSURE, "jump", [(ALL, "accept")], "unknown"), (UNSEEN, "jump", [(ALL, "accept")], "unknown"),
    (ALL, "goto", [], "drop"), (ALL, "goto", [(ALL, "accept")], "accept"),
])  # fmt: skip
def test_what_becomes_of_it_behind_a_jump(met: Met, act: Act, there: list[tuple[Met, Act]], word: str) -> None:
    assert way((met, act, "a"), policy="drop", a=there).word == word


def test_what_returns_goes_on_and_what_went_does_not() -> None:
    assert way((ALL, "jump", "a"), (ALL, "drop"), a=[]).word == "drop"
    assert way((ALL, "goto", "a"), (ALL, "drop"), a=[]).word == "accept"
    assert way((UNSEEN, "jump", "a"), (ALL, "drop"), a=[(ALL, "return")]).word == "drop"
    assert way((UNSEEN, "jump", "a"), policy="accept", a=[(ALL, "return")]).word == "accept"
    assert way((UNSURE, "jump", "a"), policy="accept", a=[(ALL, "drop")]).word == "accept"
    assert way((UNSEEN, "jump", "a"), policy="accept", a=[(ALL, "drop")]).word == "unknown"


def test_a_look_from_outside_makes_up_for_what_was_not_read_only() -> None:
    assert way((UNSEEN, "accept"), policy="drop").is_unseen
    assert way((ALL, "unknown"), policy="drop").is_unseen
    assert not way((UNSURE, "accept"), policy="drop").is_unseen
    assert not way((UNSEEN, "accept"), (UNSURE, "accept"), policy="drop").is_unseen
    assert not way((UNSURE, "jump", "a"), policy="drop", a=[(ALL, "accept")]).is_unseen


def test_a_mark_is_known_where_all_get_it() -> None:
    def marked(mark: int | None) -> Met:
        return Met.UNSEEN if mark is None else Met.ALL if mark == 7 else Met.NONE

    for met, to, word in (
        (ALL, "7", "accept"),
        (ALL, "8", "drop"),
        (NONE, "7", "drop"),
        (SOME, "7", "unknown"),
        (ALL, "", "unknown"),
    ):
        steps = [Step(lambda mark, met=met: met, "mark", "marks", to), Step(marked, "accept", "marked")]  # type: ignore[misc]
        assert walk({"INPUT": steps}, "INPUT", "drop").word == word
    assert walk({"INPUT": [Step(marked, "accept", "marked")]}, "INPUT", "drop", None).word == "unknown"


def test_many_ways_through_few_chains_are_walked_once() -> None:
    """Each chain jumps twice to the next: a million ways through twenty."""
    names = [f"c{number}" for number in range(40)]
    steps = {
        one: [Step(lambda mark: ALL, "jump", "", other)] * 2
        for one, other in zip(["INPUT", *names], names, strict=False)
    }
    assert walk({**steps, names[-1]: []}, "INPUT", "accept").word == "accept"


def test_a_loop_is_what_no_kernel_has() -> None:
    with pytest.raises(Garbled):
        way((ALL, "jump", "INPUT"))


@pytest.mark.parametrize(("conditions", "together", "one_of_them"), [
    ((), ALL, NONE), ((ALL, ALL), ALL, ALL), ((ALL, NONE), NONE, ALL), ((ALL, SOME), SOME, ALL), ((UNSURE, SOME), UNSURE, SOME),
    ((UNSEEN, ALL), UNSEEN, ALL), ((UNSEEN, SOME), UNSURE, SOME), ((UNSEEN, UNSURE), UNSURE, UNSEEN), ((UNSEEN, NONE), NONE, UNSEEN),
])  # fmt: skip
def test_conditions_together(conditions: tuple[Met, ...], together: Met, one_of_them: Met) -> None:
    assert every(conditions) is together
    assert any_of(conditions) is one_of_them


@pytest.mark.parametrize(
    ("word", "negated"), [(ALL, NONE), (NONE, ALL), (SOME, SOME), (UNSURE, UNSURE), (UNSEEN, UNSEEN)]
)
def test_the_opposite(word: Met, negated: Met) -> None:
    assert word.otherwise is negated


@pytest.mark.parametrize(("network", "met"), [
    ("0.0.0.0/0", ALL), ("::/0", ALL), ("2000::/3", ALL), ("0.0.0.0/1", SOME), ("52.0.0.0/8", SOME), ("2600::/12", SOME),
    ("203.0.113.7/32", NONE), ("52.95.0.0/16", NONE), ("10.0.0.0/8", NONE), ("192.168.0.0/16", NONE), ("fd00::/8", NONE),
    ("fe80::/10", NONE), ("2a01:5::/32", NONE),
])  # fmt: skip
def test_how_many_strangers_come_from_a_network(network: str, met: Met) -> None:
    assert from_share(share_of(ipaddress.ip_network(network))) is met


@pytest.mark.parametrize(("name", "prefix", "met"), [
    ("eth0", False, ALL), ("lo", False, NONE), ("tun0", False, NONE), ("enp7s0", False, NONE), ("eth", True, ALL), ("tun", True, NONE),
    ("", True, ALL), ("wg0", False, NONE),
])  # fmt: skip
def test_strangers_come_by_the_outer_interface(name: str, prefix: bool, met: Met) -> None:
    assert PACKET.comes_by(name, prefix=prefix) is met


def test_of_two_outer_interfaces_each_is_some_strangers() -> None:
    two = Packet(Machine({4: frozenset({"eth0", "eth1"})}), 4, "tcp", 47)
    assert (two.comes_by("eth0"), two.comes_by("eth", prefix=True)) == (SOME, ALL)


def test_where_the_outer_interface_is_not_known_neither_is_who_comes_by_one() -> None:
    lost = Packet(Machine(None, frozenset({"lo", "eth0", "eth1"})), 4, "tcp", 47)
    assert [lost.comes_by(name) for name in ("eth0", "lo", "ens9")] == [UNSEEN, NONE, NONE]


@pytest.mark.parametrize(("networks", "met"), [
    (["192.0.2.10/32"], ALL), (["192.0.2.0/24"], ALL), (["0.0.0.0/0"], ALL), (["192.0.2.11/32"], NONE), (["10.9.0.2/32"], NONE),
    (["224.0.0.251/32"], NONE), (["2001:db8::10/128"], NONE),
])  # fmt: skip
def test_what_is_for_the_machines_own_address(networks: list[str], met: Met) -> None:
    assert PACKET.goes_to([ipaddress.ip_network(one) for one in networks]) is met


def test_where_its_addresses_are_not_known_neither_is_what_is_for_them() -> None:
    net = [ipaddress.ip_network("192.0.2.10/32")]
    assert Packet(Machine(), 4, "tcp", 47).goes_to(net) is UNSEEN
    assert Packet(Machine(addresses={}), 4, "tcp", 47).goes_to(net) is ALL
    assert Packet(Machine(addresses={}), 4, "tcp", 47).goes_to([ipaddress.ip_network("255.255.255.255/32")]) is NONE
    both = Machine(
        addresses={"eth0": (ipaddress.ip_interface("192.0.2.10/24"), ipaddress.ip_interface("192.0.2.12/24"))}
    )
    assert Packet(both, 4, "tcp", 47).goes_to(net) is SOME


@pytest.mark.parametrize(("is_tracked", "states", "met"), [
    (True, ("NEW",), ALL), (True, ("ESTABLISHED", "RELATED"), NONE), (True, ("UNTRACKED",), NONE), (False, ("UNTRACKED",), ALL),
    (False, ("NEW",), NONE), (None, ("NEW",), UNSEEN), (None, ("UNTRACKED",), UNSEEN), (None, ("NEW", "UNTRACKED"), ALL),
    (None, ("ESTABLISHED",), NONE),
])  # fmt: skip
def test_the_state_of_its_connection(is_tracked: bool | None, states: tuple[str, ...], met: Met) -> None:
    assert Packet(MACHINE, 4, "tcp", 47, is_tracked=is_tracked).in_state(states) is met


@pytest.mark.parametrize(("address", "device", "inside"), [
    ("0.0.0.0", "", False), ("192.0.2.10", "", False), ("10.9.0.2", "", True), ("0.0.0.0", "tun0", True), ("0.0.0.0", "eth0", False), ("10.1.1.1", "", False),
])  # fmt: skip
def test_what_listens_where_no_stranger_comes(address: str, device: str, inside: bool) -> None:
    assert MACHINE.is_inside(address, device) is inside
    assert not Machine().is_inside(address, device)


def test_whose_address_it_is() -> None:
    assert MACHINE.has("192.0.2.10", 4)
    assert not MACHINE.has("192.0.2.10", 6)
    assert not MACHINE.has("192.0.2.99", 4)
    assert not MACHINE.has("name.example", 4)


def test_a_packet_must_come_through_every_chain() -> None:
    drop, accept = Fate("drop", "d"), Fate("accept", "a")
    unseen, unsure = Fate("unknown", "n", is_unseen=True), Fate("unknown", "s")
    assert strictest([accept, unsure, drop], "") is drop
    assert strictest([accept, unseen, unsure], "") is unsure
    assert strictest([accept, unseen], "") is unseen
    assert strictest([], "nothing") == Fate("accept", "nothing")
    assert loosest([drop, unseen, accept]) is accept
    assert loosest([drop, unseen, unsure]) is unsure
    assert loosest([drop, drop]) is drop
