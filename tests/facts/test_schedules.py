"""How often something comes: what Debian's cron (3.0pl1-162) did with each of these was tried."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile

import pytest
from cronsim import CronSim

from pytest_zebu.facts.schedules import (
    END,
    LONG,
    START,
    STEPS,
    TOLD,
    Schedule,
    cron,
    interval,
    longest_gap,
    span,
    together,
)

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.mark.parametrize(("text", "gap"), [
    ("0 3 * * *", DAY), ("0 3 * * 0", 7 * DAY), ("0 3 * * 7", 7 * DAY), ("0 3 * * SUN", 7 * DAY), ("0 3 * * 1-5", 3 * DAY), ("0 3 * * mon-fri", 3 * DAY), ("0 3 * * 5-7,1-4", DAY), ("0 3 * jan-dec *", DAY),
    ("0 */6 * * *", 6 * HOUR), ("0 1-23/2 * * *", 2 * HOUR), ("30 2,14 * * *", 12 * HOUR), ("*/5 * * * *", timedelta(minutes=5)), ("*/90 * * * *", HOUR), ("0-30,31-59 * * * *", timedelta(minutes=1)),
    ("@hourly", HOUR), ("@daily", DAY), ("@midnight", DAY), ("@weekly", 7 * DAY), ("@monthly", 31 * DAY), ("@yearly", 366 * DAY), ("@annually", 366 * DAY),
    # Debian's rule: either of two days, unless one of them starts with a star
    ("0 3 1 * 1", 7 * DAY), ("0 3 */2 * 1", 21 * DAY), ("0 3 1,15 * *", 17 * DAY),
    # It comes often, and then not for days
    ("*/5 * * * 1", 6 * DAY + timedelta(minutes=5)), ("* * * 1 *", 335 * DAY),
    # It comes on Sundays that are the 29th of February
    ("0 0 29 2 */7", 10227 * DAY),
])  # fmt: skip
def test_what_cron_takes(text: str, gap: timedelta) -> None:
    assert cron(text).gap == gap


@pytest.mark.parametrize("text", [
    "* * * * *", "0 0 * * *", "59 23 * * *", "*/7 1-3 * * *", "0 0 * * 4", "0 3 * * 1-5", "30 2 * * 0,7", "5 4 1 * *", "0 0 1,31 * *", "0 3 1 * 1", "0 3 */2 * 1", "0 12 29 2 *", "*/5 0 * 1,12 mon",
    "1 1 28-31 feb *", "0 0 31 */2 *", "*/20 9-17 * * 1-5", "0 0 1-31/3 1-12 *", "30 7-23 * * *",
])  # fmt: skip
def test_runs_follow_each_other_as_cronsim_has_them(text: str) -> None:
    runs = tuple(takewhile(lambda run: run < END, islice(CronSim(text, START), STEPS)))
    known, gap = cron(text), longest_gap(runs)
    assert known.coming == runs[:TOLD]
    assert known.gap is not None
    assert gap is not None
    assert known.gap == gap or (known.gap > gap and runs[-1] - START < LONG)


@pytest.mark.parametrize("text", [
    "61 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 13 *", "* * * * 8", "*/0 * * * *", "0/5 * * * *", "*, * * * *", "? * * * *", "* * * * 1L", "* * * * Monday", "* * L * *", "-1 * * * *", "* * * *",
    "* * * * * *", "@every 5m", "@Hourly", "@every_minute", "mon * * * *", "1- * * * *", "\u0663 * * * *", "9999999999 * * * *", "",
])  # fmt: skip
def test_what_cron_refuses(text: str) -> None:
    assert cron(text).refused
    assert cron(text).gap is None


@pytest.mark.parametrize("text", ["10-5 * * * *", "0 3 * * sat-sun", "0 3 * * mon-sun", "0 3 31 2 *", "0 3 30 2 *"])
def test_what_never_comes(text: str) -> None:
    assert cron(text) == Schedule(never=True)


@pytest.mark.parametrize("text", ["* * * * mon#1", "0~59 * * * *"])
def test_what_crons_read_differently_is_not_known(text: str) -> None:
    assert cron(text) == Schedule()


def test_at_boot_is_no_schedule() -> None:
    assert cron("@reboot") == Schedule(once=True)


@pytest.mark.parametrize(("text", "gap"), [
    ("@every 1h", HOUR), ("@every 1h30m", 1.5 * HOUR), ("@every 0s", None), ("@every soon", None), ("0 0 3 * * *", DAY), ("0 3 * * *", DAY), ("@daily", DAY), ("x y z a b c", None),
    ("TZ=Europe/Berlin 0 3 * * *", DAY), ("CRON_TZ=UTC 0 0 3 * * *", DAY), ("0 0 3 ? * *", DAY), ("0 3 * * ?", DAY), ("0 0/12 * * *", 12 * HOUR), ("0 0 3 * * * *", DAY), ("0 0 3 * * * 2027", None), ("TZ=UTC", None), ("0 25 * * *", None),
])  # fmt: skip
def test_schedulers_of_containers(text: str, gap: timedelta | None) -> None:
    assert interval(text).gap == gap


@pytest.mark.parametrize(("text", "length"), [
    ("1d", DAY), ("1w 2d", 9 * DAY), ("1h 30min", 1.5 * HOUR), ("90s", timedelta(seconds=90)), ("500ms", timedelta(seconds=0.5)), ("", None), ("often", None), ("1d often", None), ("9" * 400 + "y", None),
])  # fmt: skip
def test_spans_of_systemd(text: str, length: timedelta | None) -> None:
    assert span(text) == length


def test_gaps() -> None:
    at = [datetime(2026, 1, day, tzinfo=UTC) for day in range(1, 10)]
    assert longest_gap([at[0]]) is None
    assert longest_gap([at[4], at[0], at[1]]) == 3 * DAY
    assert together([tuple(at[0::2]), tuple(at[1::2])]) == DAY
    assert together([tuple(at), ()]) == DAY
    assert together([]) is None
    assert together([(at[0], at[1]), (at[7], at[8])]) is None
