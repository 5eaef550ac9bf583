"""Every proof of the lab, and what other machines said, judged again: without root, lab or network."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import pytest

from lab import recordings
from lab.blindfolds import BLINDFOLDS
from lab.elsewhere import DEBIAN, SCRIPTS, SHARED, UBUNTU
from lab.proofs import load_faults, outcomes_of
from lab.recordings import RENEW, Case, Healthy
from pytest_zebu.catalogue import SCORED, THRESHOLDS, load
from pytest_zebu.facts.fact import OWN_ANSWERS
from pytest_zebu.plugin.judge import Evidence
from pytest_zebu.verdict.outcome import Finding, Outcome
from pytest_zebu.verdict.readiness import assess

ELSEWHERE = ("field/",)
"""Folders of what other machines said."""
CASES = {str(path.relative_to(recordings.JUDGED).with_suffix("")): path for path in recordings.case_files()}
COUNTED_AS_PASSED = (Outcome.PASSED, Outcome.ATTESTED, Outcome.WAIVED)
OUT_OF_THE_TOTAL = (Outcome.NOT_APPLICABLE, Outcome.ADVICE)


class WrongVerdict(AssertionError):
    """Something else came of a recording than what is right."""


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Healthy:
    return Healthy(recordings.read_healthy(), tmp_path_factory.mktemp("healthy"))


def judged(evidence: Evidence, items: Iterable[str] | None = None) -> dict[str, Finding]:
    """All items, or those that a recording is about."""
    return {item_id: evidence.judge(item_id) for item_id in items or [item.id for item in load()]}


def renewal(case_id: str) -> str:
    """How a recording is made anew."""
    if not case_id.startswith(ELSEWHERE):
        return f"{RENEW} {'' if case_id == recordings.HEALTHY else case_id}".rstrip()
    suite, _, state = case_id.partition("/")[2].partition("-")
    if suite in (*DEBIAN, *UBUNTU):
        return f"python -m lab.elsewhere {suite} {state}"
    return "let the machine that it came from say it again, or delete it"


def expect_fit(case: Case) -> None:
    """What was recorded is an answer to what is asked today."""
    asked = recordings.questions()
    renew = renewal(case.id)
    for name in case.answers:
        assert name in asked, f"{case.id}: nothing asks for {name} any more: {renew}"
        assert case.fits.get(name) == asked[name], f"{case.id}: {name} is asked otherwise now: {renew}"


def expect_looks_fit(case: Case, evidence: Evidence, folder: Path) -> None:
    """What was seen is what would be looked at today."""
    if not case.looks:
        return
    looks = recordings.looks_of(evidence)
    for key in case.looks:
        if key in looks and case.looks[key] is not None:
            now = recordings.question_of_look(looks[key], folder)
            assert case.fits.get(key) == now, f"{case.id}: {key} is looked at otherwise now: {renewal(case.id)}"


def expect_trials_fit(case: Case, evidence: Evidence, folder: Path) -> None:
    """What came of active probes came of those that would be held today."""
    for key, now in recordings.fits_of_trials(case, evidence.target, folder).items():
        assert case.fits.get(key) == now, f"{case.id}: {key} is another one now: {RENEW} {case.id}"


def test_the_healthy_lab_fits(healthy: Healthy, tmp_path: Path) -> None:
    evidence = recordings.evidence(healthy.case, tmp_path)
    expect_fit(healthy.case)
    expect_looks_fit(healthy.case, evidence, tmp_path)
    expect_trials_fit(healthy.case, evidence, tmp_path)
    assert {*recordings.questions()} - {*healthy.case.answers} == set(), f"not recorded yet: {RENEW}"
    looks = recordings.looks_of(evidence)
    assert looks.keys() == healthy.case.looks.keys(), f"others are looked at now: {RENEW}"
    assert set(OWN_ANSWERS) <= healthy.case.answers.keys()


def test_the_healthy_lab_is_ready(healthy: Healthy, tmp_path: Path) -> None:
    found = judged(recordings.evidence(healthy.case, tmp_path))
    assert {item_id: finding.outcome for item_id, finding in found.items()} == healthy.outcomes(healthy.case.active)
    readiness = assess(load(), found.values(), found)
    assert [stage for stage in SCORED if readiness.stages[stage].ready] == list(SCORED)
    assert readiness.overall.partial is False


@pytest.mark.parametrize("case_id", CASES)
def test_judged(case_id: str, healthy: Healthy, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Exactly what must come of it: outcomes, and what follows for the stages."""
    case = recordings.read(CASES[case_id], healthy.case)
    if case.wrong_today:
        request.applymarker(pytest.mark.xfail(raises=WrongVerdict, strict=True, reason=case.wrong_today))
    expect_fit(case)
    evidence = recordings.evidence(recordings.over(healthy.case, case), tmp_path)
    expect_looks_fit(case, evidence, tmp_path)
    expect_trials_fit(case, evidence, tmp_path)
    expected = healthy.expected(case)
    found = judged(evidence, None if case.is_whole else expected)
    wrong = {
        item_id: f"{found[item_id].outcome}: {found[item_id].reason}, and not {' or '.join(outcomes)}"
        for item_id, outcomes in expected.items()
        if found[item_id].outcome not in outcomes
    }
    if wrong:
        raise WrongVerdict(wrong)
    assert not [finding for finding in found.values() if finding.broken]
    assert all(found[item_id].reason for item_id in expected if found[item_id].outcome is not Outcome.PASSED)
    if case.is_whole:
        expect_readiness(found, {item_id: outcome for item_id, (outcome,) in expected.items()})


def expect_readiness(found: dict[str, Finding], expected: dict[str, Outcome]) -> None:
    readiness = assess(load(), found.values(), found)
    for stage in SCORED:
        items = load().stage(stage)
        counted = [item for item in items if expected[item.id] not in OUT_OF_THE_TOTAL]
        passed = [item for item in counted if expected[item.id] in COUNTED_AS_PASSED]
        blockers = [
            item.id
            for item in items
            if item.non_negotiable and expected[item.id] in (Outcome.FAILED, Outcome.NOT_ASSESSED)
        ]
        tally = readiness.stages[stage]
        enough = Fraction(len(passed), len(counted)) >= Fraction(THRESHOLDS[stage], 100)
        assert tally.ready is (enough and not blockers), stage
        assert list(tally.blockers) == blockers


def declared() -> dict[str, dict[str, Outcome]]:
    """By case of the lab, what is declared to come of it."""
    return {one.id: one.outcomes for one in BLINDFOLDS.values()} | {
        fault.id: outcomes_of(fault) for fault in load_faults()
    }


def test_every_proof_is_recorded() -> None:
    """What is declared is kept, and nothing is kept that is not declared any more."""
    kept = {case_id for case_id in CASES if not case_id.startswith(ELSEWHERE)}
    missing = declared().keys() - kept
    assert not missing, f"not recorded yet: {RENEW} {min(missing)}"
    assert kept - declared().keys() == set(), "nothing declares these: delete them"


@pytest.mark.parametrize("case_id", declared())
def test_a_recording_says_what_is_declared(case_id: str, healthy: Healthy) -> None:
    """It cannot be bent to what the code says: what is declared of the fault is what must come of it."""
    case = recordings.read(CASES[case_id], healthy.case)
    ordinary = healthy.outcomes(case.active)
    differing = {item_id: (word,) for item_id, word in declared()[case_id].items() if ordinary[item_id] is not word}
    assert case.outcomes == differing


def test_the_states_of_other_systems_can_be_made() -> None:
    """Each has its script, and each script its recordings."""
    names = [case_id.partition("/")[2].partition("-") for case_id in CASES if case_id.startswith(ELSEWHERE)]
    shared = {"prepare.sh", *(name for names in SHARED.values() for name in names)}
    assert {f"{state}.sh" for suite, _, state in names if suite in (*DEBIAN, *UBUNTU)} | shared == {
        path.name for path in SCRIPTS.glob("*.sh")
    }
