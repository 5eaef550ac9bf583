"""Active probes: who asks for them, and what they tell."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Unknown
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.facts.trials import amount
from pytest_zebu.settings.target import Target


@pytest.mark.parametrize("value", ["1e400000000", "NaN", "Infinity", None, {}, "12,5"])
def test_what_is_no_amount(value: object) -> None:
    found = amount(value)
    assert found is None or found.is_finite()
    if value != "1e400000000":
        assert found is None


def test_no_active_probe_without_being_asked(bookworm: Gathered, target: Target) -> None:
    idle = target.model_copy(update={"active": frozenset()})
    for name in ("use", "staged_use", "drill", "attack"):
        assert ALL[name].active(bookworm, idle) == ()
        answer = ALL[name].read(replace(bookworm, looks={}), idle)
        assert isinstance(answer, Unknown)
        assert "--zebu-active=" in answer.detail


def test_production_is_not_written_to_unless_it_is_named(bookworm: Gathered, target: Target) -> None:
    probes = target.settings.probes.model_copy(update={"production": "api.elsewhere.test"})
    unnamed = target.model_copy(update={"settings": target.settings.model_copy(update={"probes": probes})})
    for name in ("use", "attack"):
        (look,) = ALL[name].active(bookworm, unnamed)
        assert "unless probes.production names it" in look.arguments["refused"]
        (look,) = ALL[name].active(bookworm, target)
        assert look.arguments["refused"] is None
