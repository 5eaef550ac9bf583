"""The arrangement with the real project's habits, judged again: without root, lab or network."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab import recordings
from lab.real import truth
from lab.recordings import RENEW, Case
from pytest_zebu.facts.fact import OWN_ANSWERS

AGAIN = f"zebu lab up --like real && {RENEW}"


@pytest.fixture(scope="module")
def real() -> Case:
    return recordings.read_real()


def test_it_answers_what_is_asked_today(real: Case, tmp_path: Path) -> None:
    asked = recordings.questions()
    otherwise = [name for name in real.answers if name not in asked or real.fits.get(name) != asked[name]]
    assert otherwise == [], f"asked otherwise now: {AGAIN}"
    missing = {*asked, *OWN_ANSWERS} - {*real.answers}
    assert missing == set(), f"not recorded yet: {AGAIN}"
    evidence = recordings.evidence(real, tmp_path)
    looks = recordings.looks_of(evidence)
    assert looks.keys() == real.looks.keys(), f"others are looked at now: {AGAIN}"
    seen = [key for key in real.looks if real.fits.get(key) != recordings.question_of_look(looks[key], tmp_path)]
    assert seen == [], f"looked at otherwise now: {AGAIN}"
    for key, now in recordings.fits_of_trials(real, evidence.target, tmp_path).items():
        assert real.fits.get(key) == now, f"{key} is another one now: {AGAIN}"


def test_every_item_is_what_it_is(real: Case, tmp_path: Path) -> None:
    evidence = recordings.evidence(real, tmp_path)
    found = {item_id: evidence.judge(item_id) for item_id in truth.read()}
    wrong = {
        item_id: f"{found[item_id].outcome} ({found[item_id].reason}), and not {right.outcome}: {right.why}"
        for item_id, right in truth.read().items()
        if found[item_id].outcome is not right.outcome
    }
    assert not wrong, "\n".join(f"{item_id}: {text}" for item_id, text in wrong.items())
    assert not [item_id for item_id, finding in found.items() if finding.broken]
