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


def test_a_trial_that_breaks_is_unknown() -> None:
    class Broken:
        def ask(self, probes: Sequence[Probe], seconds: float | None = None) -> Mapping[str, Said | Unknown]:
            raise ValueError("broke \x1b[31mhere")

    answer = hold(RestoreTrial(), Settings(), cast(Connection, Broken()))
    assert answer == Unknown(Reason.UNDECIDABLE, "RestoreTrial: broke here")
    assert isinstance(hold(Trial(), Settings(), None), Unknown)


def test_trials_are_held_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """The attack is last, and what is not held says why."""
    held: list[Trial] = []

    def keep(trial: Trial, settings: Settings, machine: Any) -> str:
        held.append(trial)
        return type(trial).__name__

    monkeypatch.setattr(gathering, "hold", keep)
    why = Unknown(Reason.NOT_CONFIGURED, "not named")

    def planned(name: str, plan: Trial | Unknown) -> Fact[None]:
        return Fact(name, lambda gathered, target: None, trial=lambda target: plan)

    plans: dict[str, Trial | Unknown] = {
        "a": AttackTrial(NOWHERE),
        "b": RestoreTrial(),
        "c": why,
        "d": UseTrial(NOWHERE),
    }
    facts = [planned(name, plan) for name, plan in plans.items()]
    target = Target(name="here", host=Host(), settings=Settings())
    lines: list[str] = []
    found = gathering.hold_trials(target, facts, cast(Connection, None), lines.append)
    assert held == [plans["d"], plans["b"], plans["a"]]
    assert found == {"a": "AttackTrial", "b": "RestoreTrial", "c": why, "d": "UseTrial"}
    assert len(lines) == 3
