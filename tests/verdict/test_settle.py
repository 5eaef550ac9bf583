"""What people declared, applied to what a machine found."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_zebu.catalogue import Item, Stage
from pytest_zebu.verdict.outcome import Finding, Outcome
from pytest_zebu.verdict.settle import Declared, Word, settle

ITEM = Item(id="one", stage=Stage.PRE, category="security", text="One", by=("V",))
OPTIONAL = ITEM.model_copy(update={"optional": True})
OPTIONAL_IN_LAB = ITEM.model_copy(update={"optional_in": ("lab",)})
GOOD, BAD = Word("operations saw it", evidence=("photo",)), Word("operations saw it fail", True, ("log",))
SEEN = {
    Outcome.PASSED: Finding("one", Outcome.PASSED, evidence=("seen",)),
    Outcome.FAILED: Finding("one", Outcome.FAILED, "is wrong", "fix", ("seen",)),
    Outcome.NOT_ASSESSED: Finding("one", Outcome.NOT_ASSESSED, "timed out", "fix", ("seen",)),
    Outcome.NOT_APPLICABLE: Finding("one", Outcome.NOT_APPLICABLE, "no mail"),
}
BROKEN = replace(SEEN[Outcome.NOT_ASSESSED], broken=True)


def settled(found: Finding, declared: Declared, item: Item = ITEM, profile: str = "") -> tuple[Outcome, str]:
    after = settle(item, found, declared, profile)
    assert (after.item, after.fix, after.broken) == (found.item, found.fix, found.broken)
    assert after.evidence[: len(found.evidence)] == found.evidence
    return after.outcome, after.reason


@pytest.mark.parametrize("found", [*SEEN.values(), BROKEN], ids=lambda found: f"{found.outcome}")
def test_nothing_declared_changes_nothing(found: Finding) -> None:
    assert settle(ITEM, found, Declared(), "any") == found


@pytest.mark.parametrize("declared", [
    Declared(not_applicable="no such thing"), Declared(attestation=GOOD), Declared(attestation=BAD),
    Declared(waiver="waived"), Declared(lapsed="lapsed"),
    Declared("no such thing", GOOD, "waived", "lapsed"),
], ids=["not applicable", "attested", "attested failure", "waived", "lapsed", "all"])  # fmt: skip
def test_a_broken_check_is_nobodys_to_declare(declared: Declared) -> None:
    assert settle(OPTIONAL, BROKEN, declared, "") == BROKEN


@pytest.mark.parametrize("found", SEEN.values(), ids=lambda found: f"{found.outcome}")
def test_what_does_not_apply_is_not_judged(found: Finding) -> None:
    declared = Declared("no such thing", GOOD, "waived", "lapsed")
    assert settled(found, declared) == (Outcome.NOT_APPLICABLE, "no such thing")


@pytest.mark.parametrize(("found", "outcome", "reason"), [
    (Outcome.PASSED, Outcome.PASSED, ""),
    (Outcome.FAILED, Outcome.FAILED, "is wrong"),
    (Outcome.NOT_ASSESSED, Outcome.ATTESTED, "operations saw it"),
    (Outcome.NOT_APPLICABLE, Outcome.NOT_APPLICABLE, "no mail"),
])  # fmt: skip
def test_a_word_fills_only_what_was_not_seen(found: Outcome, outcome: Outcome, reason: str) -> None:
    assert settled(SEEN[found], Declared(attestation=GOOD)) == (outcome, reason)
    evidence = settle(ITEM, SEEN[found], Declared(attestation=GOOD), "").evidence
    assert ("photo" in evidence) is (outcome is Outcome.ATTESTED)


@pytest.mark.parametrize(("found", "reason"), [
    (Outcome.PASSED, "operations saw it fail"),
    (Outcome.FAILED, "operations saw it fail; is wrong"),
    (Outcome.NOT_ASSESSED, "operations saw it fail; timed out"),
    (Outcome.NOT_APPLICABLE, "operations saw it fail; no mail"),
])  # fmt: skip
def test_a_word_of_failure_fails_what_a_machine_passed(found: Outcome, reason: str) -> None:
    assert settled(SEEN[found], Declared(attestation=BAD)) == (Outcome.FAILED, reason)
    assert settle(ITEM, SEEN[found], Declared(attestation=BAD), "").evidence[-1] == "log"


@pytest.mark.parametrize(("found", "outcome", "reason"), [
    (Outcome.PASSED, Outcome.PASSED, ""),
    (Outcome.FAILED, Outcome.WAIVED, "until May (is wrong)"),
    (Outcome.NOT_ASSESSED, Outcome.WAIVED, "until May (timed out)"),
    (Outcome.NOT_APPLICABLE, Outcome.NOT_APPLICABLE, "no mail"),
])  # fmt: skip
def test_a_waiver_accepts_what_is_open(found: Outcome, outcome: Outcome, reason: str) -> None:
    assert settled(SEEN[found], Declared(waiver="until May")) == (outcome, reason)
    assert settled(SEEN[found], Declared(waiver="until May"), OPTIONAL) == (outcome, reason)


def test_a_word_is_worth_more_than_a_waiver_and_a_failure_is_waived_with_its_word() -> None:
    unseen = SEEN[Outcome.NOT_ASSESSED]
    assert settled(unseen, Declared(attestation=GOOD, waiver="until May")) == (Outcome.ATTESTED, "operations saw it")
    assert settled(unseen, Declared(attestation=BAD, waiver="until May")) == (
        Outcome.WAIVED, "until May (operations saw it fail; timed out)",
    )  # fmt: skip


@pytest.mark.parametrize(("found", "outcome", "reason"), [
    (Outcome.PASSED, Outcome.PASSED, ""),
    (Outcome.FAILED, Outcome.FAILED, "is wrong"),
    (Outcome.NOT_ASSESSED, Outcome.NOT_ASSESSED, "timed out; ended in May"),
])  # fmt: skip
def test_a_lapsed_word_is_said_where_it_is_missed(found: Outcome, outcome: Outcome, reason: str) -> None:
    assert settled(SEEN[found], Declared(lapsed="ended in May")) == (outcome, reason)


@pytest.mark.parametrize(("item", "profile", "is_optional"), [
    (ITEM, "lab", False), (OPTIONAL, "", True), (OPTIONAL_IN_LAB, "lab", True), (OPTIONAL_IN_LAB, "production", False),
], ids=["asked for", "optional", "optional here", "optional elsewhere"])  # fmt: skip
def test_an_optional_item_advises(item: Item, profile: str, is_optional: bool) -> None:
    for outcome in (Outcome.FAILED, Outcome.NOT_ASSESSED):
        found = SEEN[outcome]
        expected = Outcome.ADVICE if is_optional else outcome
        assert settled(found, Declared(), item, profile) == (expected, found.reason)
    assert settled(SEEN[Outcome.PASSED], Declared(), item, profile)[0] is Outcome.PASSED
    lapsed = settled(SEEN[Outcome.NOT_ASSESSED], Declared(lapsed="ended"), OPTIONAL)
    assert lapsed == (Outcome.ADVICE, "timed out; ended")
