"""Scores, thresholds, gates: at exactly, one below and one above, on a checklist small enough to count by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest

from pytest_zebu.catalogue import SCORED, Catalogue, Item, Stage
from pytest_zebu.verdict.outcome import Finding, Outcome
from pytest_zebu.verdict.readiness import NOT_RUN, Gate, Readiness, Tally, assess, percentage

SIZES = {Stage.PRE: 10, Stage.DEPLOY: 3, Stage.POST: 5, Stage.OPERATIONS: 2, Stage.INCIDENT: 2}
# Named so that no id tells its stage: post.1 is an item before deployment.
IDS = {
    stage: [f"{prefix}.{number}" for number in range(SIZES[stage])]
    for stage, prefix in zip(Stage, ("post", "ops", "deploy", "incident", "pre"), strict=True)
}
HARD = IDS[Stage.PRE][0]
CATALOGUE = Catalogue(
    tuple(
        Item(id=item, stage=stage, category="any", text=item, by=("V",), non_negotiable=item == HARD)
        for stage in Stage
        for item in IDS[stage]
    )
)
THRESHOLDS = {Stage.PRE: 90, Stage.DEPLOY: 100, Stage.POST: 80}
OPEN = (Outcome.FAILED, Outcome.NOT_ASSESSED)
EVERYTHING = [item.id for item in CATALOGUE]
SCORED_IDS = [item for stage in SCORED for item in IDS[stage]]


def tally(threshold: int = 90, blockers: tuple[str, ...] = (), partial: bool = False, **counts: int) -> Tally:
    return Tally({outcome: counts.get(outcome.value, 0) for outcome in Outcome}, threshold, blockers, partial)


def judged(other: dict[str, Outcome] | None = None, ran: list[str] = EVERYTHING, selected: list[str] | None = None,
           rest: Outcome = Outcome.PASSED, broken: str = "") -> Readiness:  # fmt: skip
    findings = [Finding(item, (other or {}).get(item, rest), broken=item == broken) for item in ran]
    return assess(CATALOGUE, findings, ran if selected is None else selected, THRESHOLDS)


@pytest.mark.parametrize(("share", "expected"), [
    (Fraction(0), 0.0), (Fraction(1), 100.0), (Fraction(9, 10), 90.0), (Fraction(8999, 10000), 89.9),
    (Fraction(899999, 1000000), 89.9), (Fraction(999999, 1000000), 99.9), (Fraction(2, 3), 66.6), (Fraction(1, 3), 33.3),
    (Fraction(1, 2000), 0.0), (Fraction(1, 1000), 0.1),
])  # fmt: skip
def test_a_percentage_is_never_rounded_up(share: Fraction, expected: float) -> None:
    assert percentage(share) == expected


@pytest.mark.parametrize(("passed", "ready"), [(8, False), (9, True), (10, True)])
def test_a_threshold_is_met_exactly(passed: int, ready: bool) -> None:
    found = tally(90, passed=passed, failed=10 - passed)
    assert (found.ready, found.total) == (ready, 10)
    assert found.why == ("threshold 90 % met" if ready else "80.0 % is below 90 %")


@pytest.mark.parametrize(("passed", "total", "threshold", "ready"), [
    (899, 1000, 90, False), (900, 1000, 90, True), (901, 1000, 90, True),
    (8999, 10000, 90, False), (9999, 10000, 100, False), (10000, 10000, 100, True), (0, 5, 0, True), (0, 5, 1, False),
])  # fmt: skip
def test_one_below_and_one_above(passed: int, total: int, threshold: int, ready: bool) -> None:
    assert tally(threshold, passed=passed, failed=total - passed).ready is ready


def test_each_outcome_counts_where_it_should() -> None:
    found = tally(passed=1, attested=2, waived=4, failed=8, not_assessed=16, not_applicable=32, advice=64)
    assert found.total == 127
    assert (found.share, found.share_with_waivers) == (Fraction(3, 31), Fraction(7, 31))
    assert (found.score, found.score_with_waivers) == (9.6, 22.5)


@pytest.mark.parametrize("found", [
    tally(0), tally(0, not_assessed=5), tally(0, not_applicable=5), tally(0, advice=5),
    tally(0, not_applicable=2, advice=3),
], ids=["empty", "unseen", "not applicable", "advice", "neither counts"])  # fmt: skip
def test_no_data_is_no_score_and_not_ready(found: Tally) -> None:
    assert (found.share, found.share_with_waivers, found.score, found.score_with_waivers) == (None,) * 4
    assert not found.ready
    assert found.why == "nothing was assessed"


@pytest.mark.parametrize(("found", "why"), [
    (tally(80, passed=4, failed=1), "threshold 80 % met"),
    (tally(80, passed=4, failed=1, partial=True), "threshold 80 % met; partial run"),
    (tally(80, passed=3, waived=2), "threshold 80 % met, 2 waived"),
    (tally(80, passed=2, failed=1, waived=0), "66.6 % is below 80 %"),
    (tally(80, ("a",), passed=5), "1 non-negotiable open: a"),
    (tally(80, ("a", "b", "c"), passed=5), "3 non-negotiable open: a, b, c"),
    (tally(80, ("a", "b", "c", "d"), passed=5), "4 non-negotiable open: a, b, c, ..."),
    (tally(80, ("a",), partial=True, passed=1, failed=1, waived=1), "66.6 % is below 80 %; 1 non-negotiable open: a; partial run"),
])  # fmt: skip
def test_the_reason_says_it_all(found: Tally, why: str) -> None:
    assert found.why == why
    assert found.ready is (why.startswith("threshold") and not found.partial)


def test_waivers_make_a_stage_ready_and_are_said() -> None:
    found = tally(100, passed=2, waived=1)
    assert (found.ready, found.score, found.score_with_waivers) == (True, 66.6, 100.0)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_only_an_open_non_negotiable_blocks(outcome: Outcome) -> None:
    found = judged({HARD: outcome})
    assert found.stages[Stage.PRE].blockers == ((HARD,) if outcome in OPEN else ())
    assert found.stages[Stage.PRE].ready is (outcome not in OPEN)
    assert found.overall.blockers == found.stages[Stage.PRE].blockers
    assert judged({IDS[Stage.PRE][1]: outcome}).stages[Stage.PRE].blockers == ()


def test_the_stage_of_an_item_is_the_catalogues() -> None:
    found = judged(ran=IDS[Stage.PRE])
    assert [finding.item for finding in found.by_stage[Stage.PRE]] == IDS[Stage.PRE]
    assert found.selected_stages == (Stage.PRE,)
    assert [finding.item for finding in found.findings] == [item.id for item in CATALOGUE]
    assert judged(ran=IDS[Stage.OPERATIONS]).selected_stages == ()


def test_what_did_not_run_is_not_assessed_and_makes_a_stage_partial() -> None:
    found = judged(ran=EVERYTHING[1:])
    assert found.findings[0] == Finding(HARD, Outcome.NOT_ASSESSED, NOT_RUN)
    assert [found.stages[stage].partial for stage in SCORED] == [True, False, False]
    assert found.overall.partial
    assert not judged().overall.partial
    assert not judged(ran=SCORED_IDS).overall.partial, "tasks and incidents are no part of the score"


def test_all_stages_together() -> None:
    found = judged({IDS[Stage.POST][0]: Outcome.FAILED})
    assert found.stages[Stage.POST].score == 80.0
    assert (found.overall.total, found.overall.counts[Outcome.PASSED], found.overall.counts[Outcome.FAILED]) == (
        18,
        17,
        1,
    )
    assert found.overall.threshold == 100
    # 94.4 % is below the highest threshold, and yet every stage has what it needs.
    assert (found.overall.score, found.overall.ready, found.ready) == (94.4, True, True)
    assert found.overall.why == "3 of 3 stages ready"
    short = judged({IDS[Stage.DEPLOY][0]: Outcome.FAILED}, ran=EVERYTHING[1:])
    assert (short.overall.ready, short.overall.why) == (False, "1 of 3 stages ready; partial run")
    assert judged(ran=[]).overall.why == "nothing was assessed"


def test_a_selection_is_ready_when_its_stages_are() -> None:
    only_post = judged(ran=IDS[Stage.POST])
    assert (only_post.selected_stages, only_post.ready, only_post.overall.ready) == ((Stage.POST,), True, False)
    assert not judged(dict.fromkeys(IDS[Stage.POST][:2], Outcome.FAILED), ran=IDS[Stage.POST]).ready
    assert not judged({IDS[Stage.DEPLOY][0]: Outcome.FAILED}).ready, "one stage of three is short"
    assert not judged(ran=[]).ready
    assert not judged(ran=IDS[Stage.OPERATIONS]).ready
    some = judged(ran=EVERYTHING, selected=[*IDS[Stage.DEPLOY][:1], *IDS[Stage.POST][:1]])
    assert some.selected_stages == (Stage.DEPLOY, Stage.POST)


def gates(found: Readiness) -> tuple[bool, bool, bool]:
    return found.opens(Gate.SCORE), found.opens(Gate.STRICT), found.opens(Gate.OFF)


@pytest.mark.parametrize(("other", "expected"), [
    ({}, (True, True, True)),
    ({IDS[Stage.POST][0]: Outcome.FAILED}, (True, False, True)),
    ({IDS[Stage.POST][0]: Outcome.NOT_ASSESSED}, (True, True, True)),
    ({IDS[Stage.POST][0]: Outcome.FAILED, IDS[Stage.POST][1]: Outcome.NOT_ASSESSED}, (False, False, True)),
    ({IDS[Stage.DEPLOY][0]: Outcome.NOT_ASSESSED}, (False, False, True)),
    ({IDS[Stage.DEPLOY][0]: Outcome.WAIVED}, (True, True, True)),
    ({HARD: Outcome.NOT_ASSESSED}, (False, False, True)),
    ({IDS[Stage.OPERATIONS][0]: Outcome.NOT_ASSESSED}, (True, True, True)),
    ({IDS[Stage.OPERATIONS][0]: Outcome.FAILED}, (True, False, True)),
    ({IDS[Stage.INCIDENT][0]: Outcome.FAILED}, (True, False, True)),
], ids=str)  # fmt: skip
def test_the_gate_of_a_whole_run(other: dict[str, Outcome], expected: tuple[bool, bool, bool]) -> None:
    assert gates(judged(other)) == expected


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("stage", list(Stage))
def test_the_gate_of_a_few_items_is_what_they_are(stage: Stage, outcome: Outcome) -> None:
    chosen = IDS[stage][1:3] if stage in SCORED else IDS[stage]
    found = judged({chosen[0]: outcome}, ran=chosen)
    assert gates(found) == (outcome not in OPEN, outcome not in OPEN, True)


def test_a_whole_stage_is_judged_by_its_verdict_and_others_by_what_was_selected() -> None:
    failed = {IDS[Stage.POST][0]: Outcome.FAILED}
    assert gates(judged(failed, ran=IDS[Stage.POST])) == (True, False, True)
    beside = [*IDS[Stage.POST], IDS[Stage.DEPLOY][0]]
    assert gates(judged(failed, ran=beside)) == (True, False, True)
    assert gates(judged({IDS[Stage.DEPLOY][0]: Outcome.NOT_ASSESSED}, ran=beside)) == (False, False, True)
    assert gates(judged(dict.fromkeys(IDS[Stage.POST][:2], Outcome.FAILED), ran=beside)) == (False, False, True)
    assert gates(judged({HARD: Outcome.FAILED}, ran=EVERYTHING[:2], selected=EVERYTHING[1:2])) == (True, True, True)


def test_tasks_count_only_where_nothing_else_was_asked_for() -> None:
    overdue = {IDS[Stage.OPERATIONS][0]: Outcome.NOT_ASSESSED}
    assert gates(judged(overdue, ran=[*IDS[Stage.OPERATIONS], IDS[Stage.DEPLOY][0]])) == (True, True, True)
    assert gates(judged(overdue, ran=IDS[Stage.OPERATIONS])) == (False, False, True)


@pytest.mark.parametrize("item", [EVERYTHING[1], IDS[Stage.OPERATIONS][0]])
def test_a_check_that_broke_shuts_every_gate_but_the_open_one(item: str) -> None:
    assert gates(judged(broken=item)) == (False, False, True)
    assert gates(judged(broken=item, selected=EVERYTHING[2:3])) == (True, True, True), "it was not selected"


def test_what_is_unknown_or_said_twice_is_refused() -> None:
    with pytest.raises(KeyError, match=r"no item 'post\.99'"):
        assess(CATALOGUE, [], ["post.99"], THRESHOLDS)
    with pytest.raises(ValueError, match=r"two findings for post\.0"):
        assess(CATALOGUE, [Finding(HARD, Outcome.PASSED), Finding(HARD, Outcome.FAILED)], [], THRESHOLDS)
