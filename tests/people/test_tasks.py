"""Recurring tasks: when they are due, and the calendar that says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from pytest_zebu.catalogue import Stage, load
from pytest_zebu.memory.history import Past, PastRun
from pytest_zebu.people.attestations import Attestation, Records, Standing, UrlEvidence
from pytest_zebu.people.tasks import State, _folded, calendar, task, tasks
from pytest_zebu.verdict.outcome import Outcome

TODAY = date(2026, 11, 24)
LOGS = "ops.weekly.logs"


def done(item_id: str, days_ago: int, trouble: str = "", result: str = "passed") -> Records:
    on = TODAY - timedelta(days=days_ago)
    record = Attestation.model_validate({
        "id": item_id, "statement": "done", "by": "operations", "on": on, "result": result,
        "evidence": (UrlEvidence(url="https://x.example"),),
    })  # fmt: skip
    return Records({item_id: Standing(record, on + timedelta(days=7), trouble)})


@pytest.mark.parametrize(("days_ago", "state"), [
    (0, State.CURRENT), (5, State.CURRENT), (6, State.DUE_SOON), (7, State.OVERDUE), (8, State.OVERDUE), (-1, State.OVERDUE),
])  # fmt: skip
def test_a_weekly_task(days_ago: int, state: State) -> None:
    """Due soon in the last fifth of seven days, overdue after them; one that is dated tomorrow was not done."""
    assert task(load()[LOGS], done(LOGS, days_ago), Past(()), TODAY).state is state


def test_never_done_is_overdue() -> None:
    found = task(load()[LOGS], Records(), Past(()), TODAY)
    assert (found.state, found.summary) == (State.OVERDUE, "no completion is on record")


def test_what_is_void_or_failed_is_no_completion() -> None:
    assert task(load()[LOGS], done(LOGS, 1, trouble="changed"), Past(()), TODAY).done is None
    assert task(load()[LOGS], done(LOGS, 1, result="failed"), Past(()), TODAY).done is None


def test_what_was_done_for_something_else_is_no_completion() -> None:
    """Where a run sees what it is about; `zebu due` sees nothing, and says what it is about."""
    found = done(LOGS, 1).attestations[LOGS]
    about = replace(found, record=found.record.model_copy(update={"about": ("host vm",)}), doubt="not looked at")
    records = Records({LOGS: about}, candidates={LOGS: (about,)})
    assert task(load()[LOGS], records, Past(()), TODAY).done is None
    said = task(load()[LOGS], records.at_their_word(), Past(()), TODAY)
    assert "(operations, about host vm)" in said.summary


def test_what_a_run_saw_counts() -> None:
    at = datetime(2026, 11, 23, 12, tzinfo=UTC)
    past = Past((PastRun(at, "", True, {LOGS: Outcome.PASSED}, {}),))
    found = task(load()[LOGS], done(LOGS, 5), past, TODAY)
    assert (found.done, found.by) == (at.date(), "seen by a run")


def test_all_tasks_the_most_urgent_first() -> None:
    found = tasks(load(), done(LOGS, 0), Past(()), TODAY)
    assert len(found) == len(load().stage(Stage.OPERATIONS)) == 21
    assert [one.state for one in found].count(State.OVERDUE) == 20
    assert found[-1].item.id == LOGS


def test_a_calendar_that_programs_read() -> None:
    text = calendar(tasks(load(), done(LOGS, 0), Past(()), TODAY), "vm", datetime(2026, 11, 24, 8, tzinfo=UTC))
    assert text.count("BEGIN:VEVENT\r\n") == text.count("END:VEVENT\r\n") == 21
    assert "DTSTART;VALUE=DATE:20261201\r\n" in text
    assert "RRULE:FREQ=DAILY;INTERVAL=7\r\n" in text
    assert "updates (OS\\, Docker\\, dependencies)" in text.replace("\r\n ", "")
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75
    assert "\n" not in text.replace("\r\n", "")


@pytest.mark.parametrize(("text", "pieces"), [
    ("x" * 75, ["x" * 75]), ("x" * 76, ["x" * 75, "x"]), ("x" * 149, ["x" * 75, "x" * 74]), ("x" * 150, ["x" * 75, "x" * 74, "x"]),
    ("x" * 74 + "é", ["x" * 74, "é"]), ("x" * 73 + "é", ["x" * 73 + "é"]), ("", [""]),
])  # fmt: skip
def test_a_line_is_folded_at_75_octets(text: str, pieces: list[str]) -> None:
    """The space that begins each further line counts."""
    assert _folded(text).split("\r\n ") == pieces
