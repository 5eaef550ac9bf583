"""The visitors of the application."""

from __future__ import annotations

from benchmarks.visitors import Visit, during


def test_only_visits_that_were_due_meanwhile_count() -> None:
    visits = [Visit(at, 0.01, 200) for at in (0.9, 1.0, 1.5, 2.0, 2.1, 3.5)]
    assert [visit.at for visit in during(visits, [(1.0, 2.0), (3.0, 4.0)])] == [1.0, 1.5, 2.0, 3.5]
    assert during(visits, []) == []
