"""What an item comes to from its cases, and how a finding travels."""

from __future__ import annotations

import json
from itertools import permutations, product

import pytest

from pytest_zebu.verdict.outcome import Case, Finding, Outcome, combine

PASSED, FAILED, UNSEEN = (
    Case(name, outcome, reason)
    for name, outcome, reason in (
        ("a", Outcome.PASSED, ""),
        ("b", Outcome.FAILED, "is wrong"),
        ("c", Outcome.NOT_ASSESSED, "timed out"),
    )
)
FULL = Finding(
    "deploy.initial.ssh",
    Outcome.FAILED,
    "reason",
    "fix",
    ("one", "two"),
    (Case("vm", Outcome.NOT_ASSESSED, "unseen", ("what", "there"), "look"), Case("db", Outcome.PASSED)),
    broken=True,
    pictures=(("caption", "AAAA"),),
    why="why",
    see="see",
)


@pytest.mark.parametrize(("cases", "outcome", "reason"), [
    ((), Outcome.PASSED, ""),
    ((PASSED,), Outcome.PASSED, ""),
    ((UNSEEN,), Outcome.NOT_ASSESSED, "c: timed out"),
    ((PASSED, UNSEEN), Outcome.NOT_ASSESSED, "c: timed out"),
    ((FAILED,), Outcome.FAILED, "b: is wrong"),
    ((PASSED, UNSEEN, FAILED), Outcome.FAILED, "b: is wrong"),
    ((FAILED, PASSED, FAILED), Outcome.FAILED, "b: is wrong"),
    ((UNSEEN, UNSEEN), Outcome.NOT_ASSESSED, "c: timed out"),
])  # fmt: skip
def test_one_failure_fails_and_one_unseen_case_is_no_pass(
    cases: tuple[Case, ...], outcome: Outcome, reason: str
) -> None:
    for order in permutations(cases):
        assert combine(order) == (outcome, reason)


def test_what_is_wrong_with_several_is_said_once() -> None:
    cases = [Case(f"user {name}", Outcome.FAILED, "has no password") for name in "abcdefgh"]
    cases.insert(1, Case("user z", Outcome.FAILED, "is gone"))
    assert combine(tuple(cases[:3]))[1] == "user a, user b: has no password; user z: is gone"
    assert combine(tuple(cases))[1].startswith("user a, user b, user c, user d, user e, user f and 2 more: has no")


def test_an_unseen_case_never_passes() -> None:
    for count in range(1, 4):
        for cases in product((PASSED, FAILED, UNSEEN), repeat=count):
            outcome, _ = combine(cases)
            assert (outcome is Outcome.PASSED) is all(case is PASSED for case in cases)
            assert (outcome is Outcome.FAILED) is (FAILED in cases)


def test_a_finding_travels_as_plain_data() -> None:
    for finding in (FULL, Finding("deploy.initial.ssh", Outcome.PASSED)):
        assert Finding.from_data(json.loads(json.dumps(finding.as_data()))) == finding


def test_labels_are_words() -> None:
    assert [outcome.label for outcome in Outcome] == [
        "passed", "failed", "not applicable", "not assessed", "waived", "attested", "advice",
    ]  # fmt: skip
