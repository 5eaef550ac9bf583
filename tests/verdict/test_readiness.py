"""The arithmetic of scores and verdicts, on plain values."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_zebu.catalogue import SCORED, Stage, UnknownItem, load
from pytest_zebu.verdict.outcome import Finding, Outcome
from pytest_zebu.verdict.readiness import Gate, Readiness, assess, percentage

CATALOGUE = load()
SCORED_IDS = [item.id for item in CATALOGUE if item.stage in SCORED]


def of(outcomes: dict[str, Outcome], selected: list[str] | None = None) -> Readiness:
    findings = [Finding(item_id, outcome) for item_id, outcome in outcomes.items()]
    return assess(CATALOGUE, findings, selected if selected is not None else list(outcomes))


def everything(outcome: Outcome = Outcome.PASSED) -> dict[str, Outcome]:
    return dict.fromkeys(SCORED_IDS, outcome)


def test_all_passed_is_ready() -> None:
    readiness = of(everything())
    assert [readiness.stages[stage].score for stage in SCORED] == [100.0, 100.0, 100.0]
    assert readiness.ready
    assert readiness.opens(Gate.SCORE)


def test_what_was_not_run_stays_in_the_total() -> None:
    readiness = of({"deploy.initial.ssh": Outcome.PASSED})
    tally = readiness.stages[Stage.DEPLOY]
    assert tally.total == 33
    assert tally.score == percentage(Fraction(1, 33)) == 3.0
    assert tally.partial
    assert not tally.ready


def test_nothing_assessed_is_no_data() -> None:
    readiness = of(everything(Outcome.NOT_ASSESSED))
    assert readiness.stages[Stage.PRE].score is None
    assert readiness.stages[Stage.PRE].why == "nothing was assessed"
    assert not readiness.ready


def test_not_applicable_and_advice_leave_the_total() -> None:
    outcomes = everything() | {
        "deploy.backend.docs": Outcome.NOT_APPLICABLE,
        "pre.security.ssh.port-changed": Outcome.ADVICE,
    }
    readiness = of(outcomes)
    assert readiness.stages[Stage.DEPLOY].score == 100.0
    assert sum(readiness.stages[Stage.DEPLOY].counts.values()) == 33


def test_attested_counts_but_not_as_passed() -> None:
    readiness = of(everything() | {"post.maintenance.capacity.costs": Outcome.ATTESTED})
    tally = readiness.stages[Stage.POST]
    assert (tally.counts[Outcome.PASSED], tally.counts[Outcome.ATTESTED], tally.score) == (50, 1, 100.0)


def test_the_score_is_given_with_and_without_waivers() -> None:
    tally = of(everything() | {"deploy.frontend.mobile": Outcome.WAIVED}).stages[Stage.DEPLOY]
    assert (tally.score, tally.score_with_waivers, tally.ready) == (96.9, 100.0, True)


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.NOT_ASSESSED])
def test_a_non_negotiable_blocks_whatever_the_score(outcome: Outcome) -> None:
    readiness = of(everything() | {"pre.security.firewall.enabled": outcome})
    assert readiness.stages[Stage.PRE].score == 98.6
    assert not readiness.stages[Stage.PRE].ready
    assert not readiness.opens(Gate.SCORE)


def test_percentages_are_never_rounded_up() -> None:
    assert percentage(Fraction(8999, 10000)) == 89.9
    assert percentage(Fraction(2, 3)) == 66.6


def test_the_gate_by_score_forgives_a_failure_that_the_score_does() -> None:
    readiness = of(everything() | {"post.maintenance.capacity.costs": Outcome.FAILED})
    assert readiness.opens(Gate.SCORE)
    assert not readiness.opens(Gate.STRICT)
    assert readiness.opens(Gate.OFF)


@pytest.mark.parametrize(
    ("outcome", "opens"),
    [(Outcome.PASSED, True), (Outcome.WAIVED, True), (Outcome.FAILED, False), (Outcome.NOT_ASSESSED, False)],
)
def test_a_partial_selection_fails_on_what_it_selected(outcome: Outcome, opens: bool) -> None:
    readiness = of({"deploy.initial.ssh": Outcome.PASSED, "deploy.backend.api": outcome})
    assert readiness.opens(Gate.SCORE) is opens


def test_a_broken_check_shuts_the_gate() -> None:
    findings = [Finding(item_id, Outcome.PASSED) for item_id in SCORED_IDS[1:]]
    findings.append(Finding(SCORED_IDS[0], Outcome.NOT_ASSESSED, "broke", broken=True))
    assert not assess(CATALOGUE, findings, SCORED_IDS).opens(Gate.STRICT)


def test_unexpected_findings_are_refused() -> None:
    with pytest.raises(UnknownItem):
        assess(CATALOGUE, [Finding("pre.nothing", Outcome.PASSED)], [])
    with pytest.raises(ValueError, match="two findings"):
        assess(CATALOGUE, [Finding(SCORED_IDS[0], Outcome.PASSED)] * 2, [])


@given(st.dictionaries(st.sampled_from(SCORED_IDS), st.sampled_from(list(Outcome))), st.data())
def test_leaving_items_out_never_raises_a_score(outcomes: dict[str, Outcome], data: st.DataObject) -> None:
    """Only what is not applicable or advice may leave the total, and a machine or a person said so."""
    fewer = {item_id: outcome for item_id, outcome in outcomes.items() if data.draw(st.booleans(), item_id)}
    kept = {
        item_id: outcome for item_id, outcome in outcomes.items() if outcome in (Outcome.NOT_APPLICABLE, Outcome.ADVICE)
    }
    before, after = of(outcomes), of(fewer | kept)
    for stage in SCORED:
        share, smaller = before.stages[stage].share, after.stages[stage].share
        assert (smaller or 0) <= (share or 0)
        assert before.stages[stage].total == after.stages[stage].total
