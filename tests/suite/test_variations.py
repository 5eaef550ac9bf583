"""The healthy machine with one thing otherwise: what its item makes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from lab import recordings
from lab.recordings import Case
from pytest_zebu.facts.answer import Said
from pytest_zebu.verdict.outcome import Finding, Outcome

FAILED, PASSED, OPEN = Outcome.FAILED, Outcome.PASSED, Outcome.NOT_ASSESSED


@dataclass(frozen=True, slots=True)
class Variation:
    """What is otherwise in one answer.

    Attributes:
        was, now: a piece of the answer, and what stands there instead.
        reason: a piece of what is said about it.
    """

    item: str
    answer: str
    was: str
    now: str
    outcome: Outcome
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.item}: {self.answer}: {self.was!r} is {self.now!r}"[:140]


@pytest.fixture(scope="module")
def healthy() -> Case:
    return recordings.read_healthy()


Judge = Callable[..., Finding]


@pytest.fixture
def judge(healthy: Case, tmp_path: Path) -> Judge:
    def judged(item: str, answers: Mapping[str, Any]) -> Finding:
        case = replace(healthy, answers={**healthy.answers, **answers})
        return recordings.evidence(case, tmp_path).judge(item)

    return judged


DATABASE = "pre.database.configuration.production-mode"
VARIATIONS = (
    Variation(DATABASE, "postgres.state", '"fsync" : "on"', '"fsync" : "off"', FAILED, "fsync"),
    Variation(DATABASE, "postgres.state", '"synchronous_commit" : "on"', '"synchronous_commit" : "local"', PASSED),
    Variation(DATABASE, "postgres.state", '"version" : 150020', '"version" : 120022', FAILED, "no longer supported"),
    Variation(DATABASE, "postgres.state", '"version" : 150020', '"version" : 990001', PASSED),
    Variation(DATABASE, "postgres.state", '"address" : "all", "netmask" : "", "method" : "scram-sha-256"', '"address" : "all", "netmask" : "", "method" : "trust"', FAILED, "without a password"),
    *(
        Variation(item, "zebu.environment", f"{where}\tALPHA_VANTAGE_API_KEY\t16\t10\tA0\town\t4", f"{where}\tALPHA_VANTAGE_API_KEY\t{now}", outcome, reason)
        for item in ("pre.application.environment.alpha-vantage",)
        for where, now, outcome, reason in (
            ("container:backend", "16\t10\tA0\town\t99", FAILED, "another key"),
            (".env", "16\t10\tA0\tplaceholder\t4", FAILED, "placeholder"),
            (".env", "7\t7\tA0\town\t4", FAILED, "does not look like a key"),
            (".env", "8\t7\tA0\town\t4", PASSED, ""),
            (".env", "40\t7\tA0\town\t4", PASSED, ""),
            (".env", "41\t7\tA0\town\t4", FAILED, "does not look like a key"),
            (".env", "16\t10\tA0!\town\t4", FAILED, "does not look like a key"),
            (".env", "0\t0\t-\town\t4", FAILED, "does not set"),
            ("container:backend", "0\t0\t-\town\t4", FAILED, "has no"),
        )
    ),
)


@pytest.mark.parametrize("one", VARIATIONS, ids=str)
def test_one_thing_is_otherwise(one: Variation, healthy: Case, judge: Judge) -> None:
    said = healthy.answers[one.answer]
    assert isinstance(said, Said)
    assert one.was in said.out, "the healthy machine says something else"
    found = judge(one.item, {one.answer: replace(said, out=said.out.replace(one.was, one.now))})
    assert found.outcome is one.outcome, found.reason
    assert one.reason in found.reason
