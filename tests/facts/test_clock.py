"""Two clocks: which ages can be told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pytest_zebu.facts.answer import Missing, NotAssessed, Said
from pytest_zebu.facts.clock import APART, FUTURE, Clock, clock_of
from pytest_zebu.facts.fact import Gathered
from tests.facts.answers import AT, NOON

SECOND, HOUR, DAY, YEAR = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1), timedelta(days=365)
OPEN = None


@pytest.mark.parametrize(("ahead", "is_off"), [
    (timedelta(), False), (APART, False), (-APART, False), (APART + SECOND, True), (-APART - SECOND, True), (9 * YEAR, True),
])  # fmt: skip
def test_clocks_may_differ_by_what_kerberos_allows(ahead: timedelta, is_off: bool) -> None:
    assert Clock(NOON, ahead).is_off is is_off


@pytest.mark.parametrize(("ahead", "said"), [
    (timedelta(minutes=6), "6 minutes ahead of"), (-3 * HOUR, "3 hours behind"), (2 * YEAR, "730 days ahead of"),
    (timedelta(seconds=90), "90 seconds ahead of"), (timedelta(minutes=119), "119 minutes ahead of"),
])  # fmt: skip
def test_by_how_much_they_differ_is_said(ahead: timedelta, said: str) -> None:
    assert str(Clock(NOON, ahead)) == f"the machine's clock is {said} ours"


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize(("ahead", "age", "within"), [
    pytest.param(timedelta(), DAY, True, id="clocks alike: young enough"),
    pytest.param(timedelta(), DAY + SECOND, False, id="clocks alike: too old"),
    pytest.param(timedelta(), -FUTURE, True, id="clocks alike: another's clock is a little ahead"),
    pytest.param(timedelta(), -FUTURE - SECOND, OPEN, id="clocks alike: yet to come, the clock was set back"),
    pytest.param(timedelta(), -5 * YEAR, OPEN, id="clocks alike: years to come"),
    pytest.param(YEAR, HOUR, True, id="a year ahead: young by the clock that dated it"),
    pytest.param(YEAR, DAY + YEAR, OPEN, id="a year ahead: dated before the clock jumped"),
    pytest.param(YEAR, DAY + YEAR + SECOND, False, id="a year ahead: old by either clock"),
    pytest.param(-YEAR, HOUR, OPEN, id="a year behind: dated before the clock fell back, a year and an hour ago"),
    pytest.param(-HOUR, HOUR, True, id="an hour behind: young by either clock"),
    pytest.param(-HOUR, DAY, OPEN, id="an hour behind: young by one clock only"),
    pytest.param(-YEAR, DAY + SECOND, False, id="a year behind: old by either clock"),
    pytest.param(-YEAR, HOUR - YEAR, OPEN, id="a year behind: dated before the clock fell back"),
])  # fmt: skip
def test_an_age_on_a_clock_that_lies(ahead: timedelta, age: timedelta, within: bool | None) -> None:
    clock = Clock(NOON, ahead)
    assert clock.is_surely_within(NOON - age, DAY) is (within is True)
    if within is OPEN:
        with pytest.raises(NotAssessed, match=r"yet to come|how long ago"):
            clock.is_within(NOON - age, DAY)
    else:
        assert clock.is_within(NOON - age, DAY) is within


def test_dates_of_both_are_not_compared_where_the_clocks_differ() -> None:
    Clock(NOON, APART).need_alike()
    with pytest.raises(NotAssessed, match="2 hours behind"):
        Clock(NOON, -2 * HOUR).need_alike()


@pytest.mark.parametrize(("ours", "ahead"), [(AT, 0), (AT - 60.4, 60), (AT + 7200, -7200), (0.0, 0)])
def test_the_clock_is_told_by_the_batch(ours: float, ahead: int) -> None:
    found = clock_of(Gathered({"zebu.host": Said(0, f"time={AT}\n")}, {}, ours))
    assert found == Clock(NOON, timedelta(seconds=ahead))


def test_without_the_batch_there_is_no_clock() -> None:
    with pytest.raises(Missing):
        clock_of(Gathered({}, {}, AT))
