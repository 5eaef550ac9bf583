"""How long the API takes."""

from __future__ import annotations

from pytest_zebu.facts.latency import Latency


def test_the_percentile_is_a_sample_that_enough_others_do_not_exceed() -> None:
    latency = Latency("", "", tuple(float(n) for n in range(1, 41)), frozenset({401}))
    assert [latency.percentile(share) for share in (0.5, 0.95, 1.0)] == [20.0, 38.0, 40.0]
    assert Latency("", "", (7.0,), frozenset()).percentile(0.95) == 7.0
