"""Proxmox's calendar events."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pytest_zebu.facts.calendar_events import coming
from pytest_zebu.facts.schedules import longest_gap

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(("text", "gap"), [
    ("02:00", 24), ("2:0", 24), ("daily", 24), ("21:00:30", 24), ("*-*-* 22:30", 24), ("*-* 22:30", 24), ("mon..sun 03:00", 24), ("mon,tue,wed,thu,fri,sat,sun 03:00", 24),
    ("Monday..Sunday 3:00", 24), ("mon..fri 02:00", 72), ("sat..mon 02:00", 120), ("mon-fri 02:00", 72), ("sat 18:15", 168), ("weekly", 168), ("2,14:30", 12), ("hourly", 1), ("*/30", 0.5), ("0/15", 0.25),
    ("*:0/15 UTC", 0.25), ("8..17/45", 1), ("mon..fri 8..17,22:0/15", 57.25), ("*-*-1..7 02:00", 25 * 24), ("sat *-1..7 15:00", 35 * 24), ("monthly", 31 * 24), ("quarterly", 92 * 24),
    ("yearly", 365 * 24), ("mon..fri *:*", 48 + 1 / 60), ("2026-*-* 02:00", 24),
])  # fmt: skip
def test_how_often_it_comes(text: str, gap: float) -> None:
    assert longest_gap(coming(text)) == gap * HOUR


@pytest.mark.parametrize(
    "text",
    ["", " ", "every day", "25:00", "02:60", "2:0:0:0", "02:00 daily", "*-13-01", "*-*-*-* 02:00", "mon..xyz 02:00", "*/0", "5..2:00", "02:00 03:00", "~1"],
)  # fmt: skip
def test_what_is_not_understood_has_no_runs(text: str) -> None:
    assert coming(text) == ()
