"""How long the API takes."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_zebu.facts import ALL, browser, latency
from pytest_zebu.facts.answer import Reason, Unknown
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.facts.latency import Latency
from pytest_zebu.settings.sections import Domains
from pytest_zebu.settings.target import Target
from tests.facts.answers import read, why
from tests_prod.deployment_verification import test_performance


def test_the_percentile_is_a_sample_that_enough_others_do_not_exceed() -> None:
    found = Latency("", "", tuple(float(n) for n in range(1, 41)), frozenset({401}))
    assert [found.percentile(share) for share in (0.5, 0.95, 1.0)] == [20.0, 38.0, 40.0]
    assert Latency("", "", (7.0,), frozenset()).percentile(0.95) == 7.0


def test_times_of_the_api(target: Target) -> None:
    (asked,) = ALL["latency"].looks(target)
    seen = {"trouble": "", "taken": [3, 1.5], "statuses": [401, 401], "trip": 1, "fresh": 2, "before": "broke off"}
    assert read("latency", {}, target, {asked.key: seen}) == Latency(
        "https://api.zebu.test/api/v1/portfolios", "", (3.0, 1.5), frozenset({401}), 1.0, 2, "broke off"
    )
    for wrong in ({"taken": ["x"]}, {"taken": None}, {"statuses": 1}, {"trip": float("nan")}, {"fresh": None}):
        assert why("latency", {}, target, {asked.key: {**seen, **wrong}}) is Reason.GARBLED
    # Who counts requests answers at once: that is no work of the API's
    told = read("latency", {}, target, {asked.key: {**seen, "taken": [9, 1, 8], "statuses": [401, 429, 401]}})
    assert (told.taken, told.statuses, told.limited) == ((9.0, 8.0), frozenset({401}), 1)
    assert why("latency", {}, target, {asked.key: {**seen, "statuses": [401]}}) is Reason.GARBLED
    assert why("latency", {}, target) is Reason.NOT_GATHERED
    bare = target.model_copy(update={"settings": target.settings.model_copy(update={"domains": Domains()})})
    assert why("latency", {}, bare) is Reason.NOT_CONFIGURED
    assert ALL["latency"].looks(bare) == ALL["latency"].alone(Gathered(), bare) == ()


def timed(*taken: float, **otherwise: Any) -> dict[str, Any]:
    """What was measured while the batch ran, as a look tells it."""
    plain = {"trouble": "", "trip": 1, "fresh": 0, "before": "", "beside": True}
    return {**plain, "taken": list(taken), "statuses": [401] * len(taken), **otherwise}


FAST = timed(*[9.0] * 40)
UNSETTLED = {
    "slow": timed(*[9.0] * 37, *[600.0] * 3),
    "slow but for a way that is long beside other work": timed(*[9.0] * 37, *[600.0] * 3, trip=500),
    "fast but for connections that were made anew": {**FAST, "fresh": 1},
    "broken off": {**FAST, "trouble": "ConnectionError"},
    "slow now and then": {**FAST, "before": "3 of 40 took 500 ms or more"},
    "counted": {**FAST, "statuses": [401] * 39 + [429]},
    "an error": {**FAST, "statuses": [401] * 39 + [500]},
    "few": timed(*[9.0] * 19),
}


def test_what_is_fast_beside_other_work_is_not_measured_again(target: Target) -> None:
    """What else we do can only make it slower."""
    (asked,) = ALL["latency"].looks(target)
    gathered = Gathered({}, {asked.key: FAST})
    assert asked.beside
    assert asked.calm
    assert ALL["latency"].alone(gathered, target) == ()
    found = read("latency", {}, target, {asked.key: FAST})
    assert (found.is_beside, found.beside, found.percentile(0.95)) == (True, None, 9.0)


@pytest.mark.parametrize("seen", UNSETTLED.values(), ids=UNSETTLED)
def test_what_else_was_measured_beside_other_work_counts_only_alone(seen: dict[str, Any], target: Target) -> None:
    """It fails nobody, and passes nobody: neither where it was not measured alone in the end."""
    (asked,) = ALL["latency"].looks(target)
    (again,) = ALL["latency"].alone(Gathered({}, {asked.key: seen}), target)
    assert again.key != asked.key
    assert not again.beside
    assert again.arguments == asked.arguments, "it is the same that is measured"
    assert why("latency", {}, target, {asked.key: seen}) is Reason.NOT_GATHERED
    late = Unknown(Reason.TIMED_OUT, "no time")
    assert why("latency", {}, target, {asked.key: seen, again.key: late}) is Reason.TIMED_OUT
    alone = timed(*[700.0] * 40, beside=False)
    found = read("latency", {}, target, {asked.key: seen, again.key: alone})
    assert (found.is_beside, found.percentile(0.95)) == (False, 700.0)
    assert found.beside is not None


def test_the_thresholds_are_the_checklists() -> None:
    """What settles a measurement is what an item allows."""
    assert (latency.SLOW, latency.ENOUGH) == (test_performance.API_MILLISECONDS, test_performance.ENOUGH_ANSWERS)
    assert browser.SLOW == test_performance.PAGE_MILLISECONDS


def test_what_was_never_measured_beside_other_work_counts(target: Target) -> None:
    """As in the evidence of older runs."""
    (asked,) = ALL["latency"].looks(target)
    seen = timed(*[700.0] * 40)
    del seen["beside"]
    assert read("latency", {}, target, {asked.key: seen}).percentile(0.95) == 700.0
    assert ALL["latency"].alone(Gathered({}, {asked.key: seen}), target) == ()
    assert ALL["latency"].alone(Gathered({}, {asked.key: {"beside": True}}), target) == ()
    assert ALL["latency"].alone(Gathered(), target) == ()
