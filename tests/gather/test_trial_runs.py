"""How trials are held: nothing is sent without a key, what breaks is unknown, the attack comes last."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import pytest

from pytest_zebu.facts.answer import Reason, Said, Unknown
from pytest_zebu.facts.fact import Fact, Probe, Trial
from pytest_zebu.facts.trials import AttackTrial, RestoreTrial, UseTrial
from pytest_zebu.gather import gathering
from pytest_zebu.gather.ssh import Connection
from pytest_zebu.gather.trial_runs import hold
from pytest_zebu.settings import Settings
from pytest_zebu.settings.sections import Host
from pytest_zebu.settings.target import Target

NOWHERE = "https://127.0.0.1:1"
PROBE = Probe("drill", "true")


@pytest.mark.parametrize("trial", [UseTrial(NOWHERE), UseTrial(NOWHERE, is_staging=True), AttackTrial(NOWHERE)])
def test_nothing_is_sent_without_a_key(trial: Trial) -> None:
    answer = hold(trial, Settings(), None)
    assert isinstance(answer, Unknown)
    assert answer.reason is Reason.NOT_CONFIGURED
    assert "api_key_file" in answer.detail


@pytest.mark.parametrize("trial", [UseTrial(NOWHERE), AttackTrial(NOWHERE)])
def test_an_application_that_is_not_there_is_unknown(trial: Trial, declared: Callable[..., Settings]) -> None:
    answer = hold(trial, declared(probes={"api_key_file": "secret"}), None)
    assert isinstance(answer, Unknown)
    assert answer.reason is Reason.UNREACHABLE


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"drill": Said(0, "@dump", "x\x1b[31m")}, {"status": 0, "out": "@dump", "complaint": "x"}),
        ({"drill": Unknown(Reason.TIMED_OUT, "drill")}, Unknown(Reason.TIMED_OUT, "drill")),
        ({}, Unknown(Reason.GARBLED, "the drill's answer was cut short")),
    ],
)
def test_a_drill_is_one_probe_of_its_own(said: Mapping[str, Said | Unknown], expected: Any) -> None:
    asked: list[tuple[list[str], float]] = []

    def ask(probes: Sequence[Probe], seconds: float) -> Mapping[str, Said | Unknown]:
        asked.append(([probe.name for probe in probes], seconds))
        return said

    assert hold(RestoreTrial(PROBE), Settings(), ask) == expected
    assert asked == [(["drill"], 180.0)]
    assert isinstance(hold(RestoreTrial(PROBE), Settings(), None), Unknown)


def test_a_trial_that_breaks_is_unknown() -> None:
    def ask(probes: Sequence[Probe], seconds: float) -> Mapping[str, Said | Unknown]:
        raise ValueError("broke \x1b[31mhere")

    answer = hold(RestoreTrial(PROBE), Settings(), ask)
    assert answer == Unknown(Reason.UNDECIDABLE, "RestoreTrial: broke here")
    assert isinstance(hold(Trial(), Settings(), None), Unknown)


def test_trials_are_held_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """The attack is last, and what is not held says why."""
    held: list[Trial] = []

    def keep(trial: Trial, settings: Settings, ask: Any) -> str:
        held.append(trial)
        return type(trial).__name__

    monkeypatch.setattr(gathering, "hold", keep)
    why = Unknown(Reason.NOT_CONFIGURED, "not named")

    def planned(name: str, plan: Trial | Unknown) -> Fact[None]:
        return Fact(name, lambda gathered, target: None, trial=lambda target: plan)

    plans: dict[str, Trial | Unknown] = {
        "a": AttackTrial(NOWHERE),
        "b": RestoreTrial(PROBE),
        "c": why,
        "d": UseTrial(NOWHERE),
    }
    facts = [planned(name, plan) for name, plan in plans.items()]
    target = Target(name="here", host=Host(), settings=Settings())

    class Nobody:
        ask = None

    lines: list[str] = []
    found = gathering.hold_trials(target, facts, cast(Connection, Nobody()), lines.append)
    assert held == [plans["d"], plans["b"], plans["a"]]
    assert found == {"a": "AttackTrial", "b": "RestoreTrial", "c": why, "d": "UseTrial"}
    assert len(lines) == 3
