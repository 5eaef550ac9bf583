"""What people declared, applied to what a machine found."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_zebu.catalogue import Item, Stage
from pytest_zebu.verdict.outcome import Case, Finding, Outcome, combine
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
APART, LATER = Word("no such thing"), Word("until May", by="owner")
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
    Declared(not_applicable=APART), Declared(attestation=GOOD), Declared(attestation=BAD),
    Declared(waivers=(LATER,)), Declared(lapsed="lapsed"), Declared(doubt="doubt"),
    Declared(APART, GOOD, (LATER,), "lapsed", "doubt"),
], ids=["not applicable", "attested", "attested failure", "waived", "lapsed", "doubtful", "all"])  # fmt: skip
def test_a_broken_check_is_nobodys_to_declare(declared: Declared) -> None:
    assert settle(OPTIONAL, BROKEN, declared, "") == BROKEN


@pytest.mark.parametrize("found", SEEN.values(), ids=lambda found: f"{found.outcome}")
def test_what_does_not_apply_is_not_judged(found: Finding) -> None:
    declared = Declared(APART, GOOD, (LATER,), "lapsed", "doubt")
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
    assert settled(SEEN[found], Declared(waivers=(LATER,))) == (outcome, reason)
    assert settled(SEEN[found], Declared(waivers=(LATER,)), OPTIONAL) == (outcome, reason)


def test_a_word_is_worth_more_than_a_waiver_and_a_failure_is_waived_with_its_word() -> None:
    unseen = SEEN[Outcome.NOT_ASSESSED]
    assert settled(unseen, Declared(attestation=GOOD, waivers=(LATER,))) == (Outcome.ATTESTED, "operations saw it")
    assert settled(unseen, Declared(attestation=BAD, waivers=(LATER,))) == (
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


def bound(*cases: str, by: str = "owner") -> Word:
    return Word(f"waived by {by} for {' and '.join(cases)}", by=by, bound_to=cases)


def of_cases(besides: str = "", **outcomes: Outcome) -> Finding:
    """A finding as a check with cases makes it."""
    cases = tuple(
        Case(name, outcome, "" if outcome is Outcome.PASSED else "is down") for name, outcome in outcomes.items()
    )
    outcome, reason = combine(cases)
    if besides:
        outcome, reason = (outcome, reason) if outcome is Outcome.FAILED else (Outcome.NOT_ASSESSED, besides)
    return Finding("one", outcome, reason, "fix", cases=cases, besides=besides)


DOWN, UNSEEN, UP = Outcome.FAILED, Outcome.NOT_ASSESSED, Outcome.PASSED


@pytest.mark.parametrize("redis", [DOWN, UNSEEN])
def test_a_waiver_of_cases_accepts_these(redis: Outcome) -> None:
    """What fails, and what cannot be seen: who accepts that it fails accepts no less."""
    found = settle(ITEM, of_cases(redis=redis, backend=UP), Declared(waivers=(bound("redis"),)), "")
    assert (found.outcome, found.reason) == (Outcome.WAIVED, "waived by owner for redis (redis: is down)")
    assert (found.evidence, found.lapsed) == ((), "")


@pytest.mark.parametrize(("found", "said"), [
    (of_cases(redis=DOWN, backend=DOWN), "backend fails too"), (of_cases(redis=DOWN, backend=UNSEEN), "backend could not be seen"),
    (of_cases(redis=UP, backend=DOWN), "backend fails"), (of_cases(backend=DOWN), "backend fails"), (of_cases(redis=DOWN, db=DOWN, backend=DOWN, proxy=UNSEEN), "db, backend fail too, and proxy could not be seen"),
    (of_cases(redis=DOWN, Redis=DOWN), "Redis fails too"), (of_cases(redis=DOWN, redis2=DOWN), "redis2 fails too"),
    (of_cases("the log was cut", redis=DOWN), "what belongs to no case is open too (the log was cut)"),
    (replace(of_cases(redis=DOWN), reason="there is no proxy", besides="there is no proxy"), "what belongs to no case is open too"),
    (Finding("one", DOWN, "is wrong", "fix"), "what belongs to no case is open"),
    (of_cases(redis=DOWN, **{f"c{number}": DOWN for number in range(9)}), "c0, c1, c2, c3, c4, c5, 3 more fail too"),
])  # fmt: skip
def test_a_waiver_of_cases_lapses_when_more_fails(found: Finding, said: str) -> None:
    after = settle(ITEM, found, Declared(waivers=(bound("redis"),)), "")
    why = f"the waiver by owner covers redis only: {said}"
    assert (after.outcome, after.reason, after.lapsed) == (Outcome.FAILED, f"{found.reason}; {why}", why)
    assert settle(OPTIONAL, found, Declared(waivers=(bound("redis"),)), "").outcome is Outcome.ADVICE


@pytest.mark.parametrize(("found", "said"), [
    (of_cases(redis=UNSEEN, backend=UNSEEN), "backend could not be seen"), (of_cases(redis=UP, backend=UNSEEN), "backend could not be seen"),
    (of_cases("the log was cut", redis=UNSEEN), "what belongs to no case is open too"), (SEEN[Outcome.NOT_ASSESSED], "what belongs to no case is open"),
])  # fmt: skip
def test_what_nobody_saw_is_accepted_by_no_waiver_of_something_else(found: Finding, said: str) -> None:
    after = settle(ITEM, found, Declared(waivers=(bound("redis"),)), "")
    assert (after.outcome, after.reason) == (
        Outcome.NOT_ASSESSED, f"{found.reason}; the waiver by owner covers redis only: {said}",
    )  # fmt: skip


def test_waivers_of_cases_are_taken_together() -> None:
    found = of_cases(redis=DOWN, backend=DOWN, db=UP)
    both = Declared(waivers=(bound("redis"), bound("backend", by="security"), bound("db", by="nobody")))
    after = settle(ITEM, found, both, "")
    assert after.reason == f"waived by owner for redis; waived by security for backend ({found.reason})"
    assert after.outcome is Outcome.WAIVED
    more = settle(ITEM, of_cases(redis=DOWN, backend=DOWN, proxy=DOWN), both, "")
    assert more.lapsed == (
        "the waiver by owner covers redis only and the waiver by security covers backend only"
        " and the waiver by nobody covers db only: proxy fails too"
    )
    whole = settle(ITEM, of_cases(redis=DOWN, proxy=DOWN), Declared(waivers=(bound("redis"), LATER)), "")
    assert whole.reason.startswith("until May (")


def test_a_word_of_failure_is_no_case() -> None:
    after = settle(ITEM, of_cases(redis=DOWN), Declared(attestation=BAD, waivers=(bound("redis"),)), "")
    assert after.outcome is Outcome.FAILED
    assert after.lapsed == "the waiver by owner covers redis only: what belongs to no case is open too"


@pytest.mark.parametrize(("found", "waiver", "note"), [
    (of_cases(redis=UP), bound("redis"), "is needed no more: nothing fails"), (of_cases(redis=UP), LATER, "is needed no more: nothing fails"),
    (of_cases(redis=UP, backend=DOWN), bound("redis", "backend"), "is needed no more for redis"),
    (of_cases(redis=DOWN), bound("redis", "reddis"), "names reddis, which is no case now: the cases are redis"),
    (of_cases(redis=UP, backend=DOWN), bound("redis"), "is needed no more for redis"),
    (of_cases("the log was cut", redis=DOWN), bound("redis", "log"), ""), (of_cases(redis=DOWN), LATER, ""), (Finding("one", DOWN, "wrong"), bound("redis"), ""),
])  # fmt: skip
def test_what_a_waiver_names_in_vain_is_noted(found: Finding, waiver: Word, note: str) -> None:
    after = settle(ITEM, found, Declared(waivers=(waiver,)), "")
    assert after.evidence == ((f"the waiver by owner {note}",) if note else ())


@pytest.mark.parametrize(("found", "outcome", "reason"), [
    (Outcome.PASSED, Outcome.NOT_ASSESSED, "doubt"), (Outcome.FAILED, Outcome.FAILED, "is wrong"),
    (Outcome.NOT_ASSESSED, Outcome.NOT_ASSESSED, "timed out; doubt"), (Outcome.NOT_APPLICABLE, Outcome.NOT_ASSESSED, "no mail; doubt"),
])  # fmt: skip
def test_where_a_word_of_failure_may_hold_nothing_passes(found: Outcome, outcome: Outcome, reason: str) -> None:
    assert settled(SEEN[found], Declared(lapsed="doubt", doubt="doubt")) == (outcome, reason)
    if outcome is Outcome.NOT_ASSESSED:
        waived = settle(ITEM, SEEN[found], Declared(doubt="doubt", waivers=(LATER,)), "")
        assert waived.outcome is Outcome.WAIVED


def test_all_that_does_not_count_is_said_behind_the_reason() -> None:
    found = of_cases(redis=DOWN, backend=DOWN)
    after = settle(ITEM, found, Declared(waivers=(bound("redis"),), lapsed="ended in May"), "")
    assert after.reason == f"{found.reason}; {after.lapsed}"
    assert after.lapsed == "the waiver by owner covers redis only: backend fails too; ended in May"


def test_why_a_word_does_not_count_is_kept_where_it_would_have() -> None:
    for outcome, lapsed in ((UP, ""), (DOWN, "ended in May"), (UNSEEN, "ended in May")):
        assert settle(ITEM, SEEN[outcome], Declared(lapsed="ended in May"), "").lapsed == lapsed
