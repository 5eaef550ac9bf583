"""The calendar of recurring tasks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from pytest_zebu.reports.ical import _folded, calendar, render
from pytest_zebu.reports.report import TaskReport
from tests.reports.made_up import FIRST, HOSTILE, REPORT, SECOND

WEEKLY = TaskReport(
    "ops.weekly.logs", "Review and apply updates (OS, Docker, dependencies); all of them, and those of the kernel", "current",
    date(2026, 12, 1), 7, "last done on 2026-11-24 (operations), due on 2026-12-01",
)  # fmt: skip
YEARLY = replace(WEEKLY, id="ops.annually.audit", text=HOSTILE, cadence_days=365, summary=HOSTILE)


def test_a_calendar_that_programs_read() -> None:
    text = calendar((WEEKLY, YEARLY), "vm", datetime(2026, 11, 24, 8, tzinfo=UTC))
    assert text.count("BEGIN:VEVENT\r\n") == text.count("END:VEVENT\r\n") == 2
    assert "DTSTART;VALUE=DATE:20261201\r\n" in text
    assert "DTSTAMP:20261124T080000Z\r\n" in text
    assert "RRULE:FREQ=DAILY;INTERVAL=7\r\n" in text
    assert "updates (OS\\, Docker\\, dependencies)\\; all" in text.replace("\r\n ", "")
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75
    assert "\n" not in text.replace("\r\n", "")
    assert text.startswith("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")
    assert text.endswith("END:VCALENDAR\r\n")


def test_all_hosts_are_in_one_calendar_each_with_its_events() -> None:
    hosts = (replace(FIRST, tasks=(WEEKLY, YEARLY)), replace(SECOND, tasks=(WEEKLY,)))
    text = render(replace(REPORT, hosts=hosts))
    uids = [line for line in text.replace("\r\n ", "").split("\r\n") if line.startswith("UID:")]
    assert uids == [
        "UID:ops.weekly.logs@vm.pytest-zebu", "UID:ops.annually.audit@vm.pytest-zebu",
        "UID:ops.weekly.logs@second-----last.pytest-zebu",
    ]  # fmt: skip
    assert text.count("BEGIN:VCALENDAR") == 1
    one = render(replace(REPORT, hosts=hosts[:1]))
    assert one == calendar((WEEKLY, YEARLY), "vm", FIRST.at)


@pytest.mark.parametrize(("text", "pieces"), [
    ("x" * 75, ["x" * 75]), ("x" * 76, ["x" * 75, "x"]), ("x" * 149, ["x" * 75, "x" * 74]), ("x" * 150, ["x" * 75, "x" * 74, "x"]),
    ("x" * 74 + "é", ["x" * 74, "é"]), ("x" * 73 + "é", ["x" * 73 + "é"]), ("", [""]),
])  # fmt: skip
def test_a_line_is_folded_at_75_octets(text: str, pieces: list[str]) -> None:
    """The space that begins each further line counts."""
    assert _folded(text).split("\r\n ") == pieces
