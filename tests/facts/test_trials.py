"""Active probes: who asks for them, and what they tell."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Reason, Unknown, need
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.facts.trials import amount, use_look
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


def drill(target: Target, out: str, status: int = 0) -> Any:
    (asked,) = ALL["drill"].active(Gathered(), target)
    return ALL["drill"].read(
        Gathered(looks={asked.key: {"status": status, "out": out, "complaint": "no image"}}), target
    )


DRILLED = "@dump 1795570391 zebu a.dump\n@status 0 7\n@data public.t\n@complaint a warning\n@restored public.t 5\n@live public.t 6\n"


def test_a_dump_that_was_restored(target: Target) -> None:
    found = need(drill(target, DRILLED))
    assert (found.dump, found.status, found.seconds, found.complaint) == ("zebu a.dump", 0, 7, "a warning")
    assert (found.restored, found.live, found.data) == ({"public.t": 5}, {"public.t": 6}, {"public.t"})


@pytest.mark.parametrize(("out", "status", "reason"), [
    (DRILLED, 5, Reason.UNDECIDABLE), (DRILLED.replace("@status 0 7\n", ""), 0, Reason.UNDECIDABLE), (DRILLED.replace("@live", "@restored"), 0, Reason.UNDECIDABLE),
    (DRILLED.replace("@live public.t 6", "@live public.t many"), 0, Reason.GARBLED), (DRILLED + "panic\n", 0, Reason.GARBLED),
])  # fmt: skip
def test_a_drill_that_could_not_compare_is_no_verdict(out: str, status: int, reason: Reason, target: Target) -> None:
    found = drill(target, out, status)
    assert isinstance(found, Unknown)
    assert found.reason is reason


def test_the_answers_to_each_step(target: Target) -> None:
    (asked,) = ALL["use"].active(Gathered(), target)
    seen = {
        "price": {"status": 200, "said": {"price": "1"}},
        "buy": {"status": 500, "said": "x"},
        "broken": "sell",
        "named": "p",
        "left": 1,
        "odd": {},
    }
    use = need(ALL["use"].read(Gathered(looks={asked.key: seen}), target))
    assert (use.said("price"), use.said("buy"), use.said("sell")) == ({"price": "1"}, {}, {})
    assert (use.status("buy"), use.status("sell"), use.broken, use.name, use.left) == (500, 0, "sell", "p", 1)
    assert use.steps.keys() == {"price", "buy"}


def test_what_an_attack_did(target: Target) -> None:
    (asked,) = ALL["attack"].active(Gathered(), target)
    seen = {"total": 2, "injected": [{"status": 400}], "refused": [401], "burst": 50, "limited": 30}
    found = need(ALL["attack"].read(Gathered(looks={asked.key: seen}), target))
    assert (found.total, found.injected, found.refused, found.burst, found.limited) == (
        2,
        ({"status": 400},),
        (401,),
        50,
        30,
    )
    answer = ALL["attack"].read(Gathered(looks={asked.key: {**seen, "burst": "x"}}), target)
    assert isinstance(answer, Unknown)
    assert answer.reason is Reason.GARBLED


@pytest.mark.parametrize(("value", "expected"), [("10.50", Decimal("10.50")), (3, Decimal(3)), ("-1", Decimal(-1))])
def test_amounts(value: object, expected: Decimal) -> None:
    assert amount(value) == expected


@pytest.mark.parametrize(("staging", "refused"), [(None, "domains.staging is not set"), ("staging.zebu.test", None)])
def test_staging_is_tried_where_it_is_declared(staging: str | None, refused: str | None, target: Target) -> None:
    domains = target.settings.domains.model_copy(update={"staging": staging})
    found = use_look(
        target.model_copy(update={"settings": target.settings.model_copy(update={"domains": domains})}), "staging"
    )
    assert (found.arguments["refused"], found.arguments["is_staging"]) == (refused, True)
    assert not use_look(target, "production").arguments["is_staging"]
