"""What stages, hosts and runs are called: once, and by every format alike."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest

from pytest_zebu.catalogue import SCORED, Stage
from pytest_zebu.reports import badge, html, junit, markdown, terminal
from pytest_zebu.reports.report import HostReport, ItemReport, Report, Verdict
from pytest_zebu.verdict.outcome import Outcome
from pytest_zebu.verdict.readiness import NOT_RUN, Tally
from tests.reports.made_up import FIRST, SECOND, THIRD

PASSED, FAILED, UNSEEN = Outcome.PASSED, Outcome.FAILED, Outcome.NOT_ASSESSED
LEFT_OUT = None
Found = tuple[Outcome | None, bool]
"""How an item came out, if it was selected, and whether it is non-negotiable."""


def items(stage: Stage, *found: Found) -> tuple[ItemReport, ...]:
    return tuple(
        ItemReport(
            f"{stage.value}.item-{number}", "x", stage, "security", outcome or UNSEEN, "seen" if outcome else NOT_RUN,
            non_negotiable=is_grave, is_selected=outcome is not None,
        )
        for number, (outcome, is_grave) in enumerate(found)
    )  # fmt: skip


def host(threshold: int = 80, **found: Sequence[Found]) -> HostReport:
    """A host of which just these items are in the checklist."""
    stages: dict[Stage, Tally] = {}
    every: list[ItemReport] = []
    for stage in SCORED:
        mine = items(stage, *found.get(stage.value, [(LEFT_OUT, False)]))
        every += mine
        blockers = tuple(one.item for one in mine if one.non_negotiable and one.outcome in (FAILED, UNSEEN))
        counts = {outcome: sum(one.outcome is outcome for one in mine) for outcome in Outcome}
        stages[stage] = Tally(counts, threshold, blockers, any(not one.is_selected for one in mine))
    parts = tuple(stages.values())
    overall = Tally(
        {outcome: sum(part.counts[outcome] for part in parts) for outcome in Outcome}, threshold,
        tuple(name for part in parts for name in part.blockers), any(part.partial for part in parts), parts,
    )  # fmt: skip
    selected = tuple(stage for stage in SCORED if any(one.is_selected for one in every if one.stage is stage))
    return replace(
        FIRST, stages=stages, overall=overall, selected_stages=selected, items=tuple(every), categories=(), plan=(),
        ready=bool(selected) and all(stages[stage].ready for stage in selected), causes=(), openings=(), trend=(),
        changes=(), ready_at=None, changes_since_ready=(), relaxations=(), simulated=(),
    )  # fmt: skip


def pre(*found: Found, threshold: int = 80) -> HostReport:
    return host(threshold, pre_deployment=list(found))


OUT, OUT_GRAVE = (LEFT_OUT, False), (LEFT_OUT, True)


@pytest.mark.parametrize(("one", "verdict"), [
    (pre((PASSED, True), (PASSED, False)), Verdict.READY), (pre((PASSED, False), (FAILED, False)), Verdict.NOT_READY),
    (pre((UNSEEN, True)), Verdict.NO_DATA), (pre(OUT, OUT_GRAVE), Verdict.NOT_SELECTED),
    (pre((PASSED, True), OUT), Verdict.PARTIAL), (pre((PASSED, True), OUT, threshold=50), Verdict.PARTIAL),
    (pre((PASSED, True), OUT_GRAVE, threshold=50), Verdict.PARTIAL), (pre((FAILED, True), OUT_GRAVE), Verdict.PARTIAL),
    (pre((PASSED, False), (UNSEEN, True), OUT), Verdict.PARTIAL), (pre((FAILED, False), OUT, OUT, OUT), Verdict.PARTIAL),
    (pre((FAILED, False), OUT, OUT, OUT, OUT), Verdict.PARTIAL),  # 80 % can be reached, and are needed
    (pre((UNSEEN, False), OUT, OUT, OUT), Verdict.NO_DATA), (pre((FAILED, False), (UNSEEN, False), OUT, OUT, OUT), Verdict.PARTIAL),
])  # fmt: skip
def test_a_stage_is_called_what_is_known_of_it(one: HostReport, verdict: Verdict) -> None:
    assert one.verdict_of(Stage.PRE) is verdict


def test_a_part_names_only_what_was_judged() -> None:
    one = pre((FAILED, True), OUT_GRAVE, OUT_GRAVE)
    assert one.stages[Stage.PRE].blockers != one.blockers(Stage.PRE) == ("pre_deployment.item-0",)
    assert one.why(Stage.PRE) == (
        "1 of 3 items judged; 1 non-negotiable open: pre_deployment.item-0; at most 66.6 % of 80 % can be reached; partial run"
    )
    stopped = replace(one.items[0], outcome=UNSEEN, reason=NOT_RUN)
    assert replace(one, items=(stopped, *one.items[1:])).blockers(Stage.PRE) == ()


GOOD, BAD = [(PASSED, False)], [(FAILED, False)]
WHOLE = host(pre_deployment=GOOD, deployment_verification=GOOD, post_deployment=GOOD)


@pytest.mark.parametrize(("one", "verdict"), [
    (WHOLE, Verdict.READY), (host(), Verdict.NOT_SELECTED), (host(post_deployment=GOOD), Verdict.PARTIAL),
    (host(pre_deployment=GOOD, post_deployment=BAD), Verdict.NOT_READY), (host(post_deployment=[(UNSEEN, True)]), Verdict.NO_DATA),
    (host(pre_deployment=GOOD, post_deployment=[(UNSEEN, False)]), Verdict.NOT_READY), (SECOND, Verdict.PARTIAL), (THIRD, Verdict.NOT_SELECTED),
])  # fmt: skip
def test_a_host_is_ready_only_as_a_whole(one: HostReport, verdict: Verdict) -> None:
    assert one.verdict is verdict


@pytest.mark.parametrize(("hosts", "verdict"), [
    ((), Verdict.NO_DATA), ((WHOLE, WHOLE), Verdict.READY), ((WHOLE, THIRD), Verdict.PARTIAL),
    ((WHOLE, SECOND, host(pre_deployment=BAD)), Verdict.NOT_READY),
])  # fmt: skip
def test_a_run_is_ready_where_every_host_is(hosts: tuple[HostReport, ...], verdict: Verdict) -> None:
    assert Report("1", 1.0, hosts).verdict is verdict


EACH = [
    WHOLE, pre((FAILED, True), (PASSED, True)), pre((PASSED, True), OUT_GRAVE), pre((UNSEEN, True), OUT),
]  # fmt: skip


@pytest.mark.parametrize("one", EACH, ids=[one.verdict.name for one in EACH])
def test_every_format_says_the_same(one: HostReport) -> None:
    report, stage, word = Report("1", 1.0, (one,)), one.verdict_of(Stage.PRE), one.verdict.value
    text = markdown.render(report)
    assert f"**{word}**" in text
    assert f"| **{stage.value}**: " in text
    page = html.render(report)
    assert re.findall(r'<span class="verdict \w+">([A-Z ]+)</span>', page) == [word]
    assert re.findall(r'<span class="word \w+">([A-Z ]+)</span>', page)[0] == stage.value
    assert badge.badge(report).message.startswith(word.lower())
    line = next(line for line in terminal.render(report).splitlines() if line.startswith("Pre deployment"))
    assert re.findall(r"[A-Z]{2,}(?: [A-Z]{2,})?", line) == [stage.value]
    assert f'name="verdict" value="{stage.value}: ' in junit.render(report)
    if stage is not Verdict.NOT_READY:
        assert "non-negotiable open" not in text + page
    else:
        assert "1 non-negotiable open" in text
        assert "2 non-negotiable open" not in text + page
