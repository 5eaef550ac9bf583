"""How long the API takes."""

from __future__ import annotations

from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Reason
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.facts.latency import Latency
from pytest_zebu.settings.sections import Domains
from pytest_zebu.settings.target import Target
from tests.facts.answers import read, why


def test_the_percentile_is_a_sample_that_enough_others_do_not_exceed() -> None:
    latency = Latency("", "", tuple(float(n) for n in range(1, 41)), frozenset({401}))
    assert [latency.percentile(share) for share in (0.5, 0.95, 1.0)] == [20.0, 38.0, 40.0]
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
