"""Faults are declared in full: what cannot be meant is refused, and what they work with is what they say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import CodeType, FunctionType
from typing import Any, get_args

import pytest

from lab.deployment import Lab
from lab.fault import PARTS_OF_CONTAINERS, Blinding, Change, Part, fault
from lab.proofs import BLINDINGS, Fault, at_stake, load_faults, outcomes_of, rounds
from pytest_zebu.catalogue import UnknownItem
from pytest_zebu.verdict.outcome import Outcome

HELPERS = {
    "sql": "db",
    "edit_backend": "backend",
    "restore_backend": "backend",
    "edit_page": "frontend",
    "restore_page": "frontend",
}
"""The functions of `lab.changes` that run a command in a container, by its service."""
STARTERS = {"restart", "recreate"}
"""Those that start a container whose service they are told."""
ITEM = "pre.security.ssh.no-passwords"


def breaks(lab: Lab) -> None:
    """Something is broken."""


def words(function: Change) -> Iterator[str]:
    """All that a function says and names, with what the constants and functions of its module say."""
    assert isinstance(function, FunctionType)
    known: dict[str, Any] = function.__globals__

    def inside(code: CodeType) -> Iterator[str]:
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                yield from inside(constant)
            elif isinstance(constant, str):
                yield constant
        for name in code.co_names:
            yield name
            value = known.get(name)
            if isinstance(value, str):
                yield value
            elif isinstance(value, FunctionType) and value.__module__ == function.__module__:
                yield from inside(value.__code__)

    yield from inside(function.__code__)


def services(one: Fault) -> set[str]:
    """The services in whose containers a fault runs something, or that it starts and stops."""
    said = {*words(one.inject), *words(one.mend)}
    named = {found for text in said for found in re.findall(rf"\bzebu-({'|'.join(PARTS_OF_CONTAINERS)})-1\b", text)}
    if said & STARTERS:
        named |= said & set(PARTS_OF_CONTAINERS)
    return named | {service for name, service in HELPERS.items() if name in said}


@pytest.mark.parametrize("one", load_faults(), ids=lambda one: one.id)
def test_the_containers_it_works_with_are_declared(one: Fault) -> None:
    declared = one.touches | one.uses
    silent = {name for name, parts in PARTS_OF_CONTAINERS.items() if name in services(one) and not declared & parts}
    assert not silent, (
        f"{one.id} works with the containers of {sorted(silent)} and declares it neither touched nor used"
    )


def test_what_a_fault_works_with_is_seen_through_the_names_of_its_module() -> None:
    by_id = {one.id: one for one in load_faults()}
    assert services(by_id["deploy.redis.running/failed_save"]) == {"redis"}
    assert services(by_id["deploy.redis.reachable/with_a_password"]) == {"redis", "backend"}
    assert services(by_id["pre.security.ssh.brute-force/not_at_boot"]) == set()


def test_a_fault_is_called_as_its_function_and_told_by_its_docstring() -> None:
    made = fault(ITEM, flips={ITEM})(breaks)
    assert made.id == f"{ITEM}/breaks"
    assert made.text == "Something is broken."
    assert fault(ITEM, flips={ITEM}, name="otherwise")(breaks).id == f"{ITEM}/otherwise"


def test_a_mistyped_keyword_is_no_fault() -> None:
    mistyped: dict[str, Any] = {"flips": {ITEM}, "touch": {"sshd"}}
    with pytest.raises(TypeError, match="touch"):
        fault(ITEM, **mistyped)


@pytest.mark.parametrize(("declared", "said"), [
    ({"touches": {"sshdd"}}, "no such parts of the lab: sshdd"),
    ({"uses": {"database"}}, "no such parts of the lab: database"),
    ({"probes": {"atack"}}, "no such active probes: atack"),
    ({"blinds": "without sight"}, "no such blindings: without sight"),
    ({"override": {"postgres": {}}}, "no such services: postgres"),
    ({"settles": {"postgres": "paused"}}, "no such services: postgres"),
    ({"settles": {"redis": "asleep"}}, "no such states to settle to: asleep"),
    ({"outcomes": {ITEM: "not assessed"}}, "no outcome: 'not assessed'"),
    ({"outcomes": {"pre.security.ssh.key-auth": Outcome.PASSED}}, "not flipped"),
], ids=lambda value: value if isinstance(value, str) else next(iter(value)))  # fmt: skip
def test_what_does_not_exist_is_refused(declared: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        fault(ITEM, flips={ITEM}, **declared)


@pytest.mark.parametrize("place", ["flips", "right_for", "apart_from"])
def test_an_item_that_the_checklist_does_not_have_is_refused_with_the_nearest(place: str) -> None:
    declared: dict[str, Any] = {"flips": {ITEM}, place: {"pre.security.ssh.no-pasword"}}
    with pytest.raises(UnknownItem, match=r"did you mean 'pre\.security\.ssh\.no-passwords'"):
        fault(ITEM, **declared)


def test_every_part_and_blinding_that_can_be_declared_exists() -> None:
    """A part that nothing touches any more, or a blinding of another name, would be a word without a thing."""
    worked_with = frozenset().union(*(one.touches | one.uses for one in load_faults()))
    assert set(get_args(Part)) - worked_with == set()
    assert set(get_args(Blinding)) - {""} <= BLINDINGS.keys()


def test_a_fault_that_says_nothing_of_itself_is_refused() -> None:
    def silent(lab: Lab) -> None:
        lab.vm.shell("true")

    with pytest.raises(ValueError, match="does not say what the fault is"):
        fault(ITEM, flips={ITEM})(silent)


SMALL = [faults for faults in rounds(load_faults()) if at_stake(faults)]


def test_of_few_faults_only_what_they_could_decide_is_asked() -> None:
    """What is declared of them, and whatever rests on the same facts; of many faults all."""
    assert 10 < len(SMALL) < len(rounds(load_faults())) / 2
    for faults in SMALL:
        items = at_stake(faults)
        assert {item for fault in faults for item in outcomes_of(fault)} | {fault.item for fault in faults} <= items
    (kept,) = [faults for faults in SMALL if [fault.name for fault in faults] == ["vm_backups_kept"]]
    assert {"pre.database.backups.retention", "post.recovery.backups.daily"} <= at_stake(kept)
    assert "pre.security.ssh.no-passwords" not in at_stake(kept)
