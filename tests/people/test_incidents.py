"""Records of incidents: written by the command, edited by people, read by the suite."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from pytest_zebu.catalogue import Stage, load
from pytest_zebu.people import incidents
from pytest_zebu.people.incidents import BadRecord, parse, render, with_end, with_step

NOW = datetime(2026, 11, 24, 22, 10, tzinfo=UTC)
STEPS = load().stage(Stage.INCIDENT)
RECORD = render("API answers 500", "vm", NOW, load(), {"Services": ("backend: running",)})


def test_a_new_record_has_all_steps_open() -> None:
    found = parse("x", RECORD, load())
    assert (found.title, found.host, found.opened, found.closed) == ("API answers 500", "vm", NOW, None)
    assert list(found.steps) == [item.id for item in STEPS]
    assert len(found.open_steps()) == 18


def test_a_step_is_ticked_where_it_stands_and_the_rest_stays() -> None:
    by_hand = RECORD.replace("## Log", "Prose of people, with - [ ] boxes.\n\n## Log")
    once = with_step(by_hand, "incident.assess.severity", "high:\n nobody can trade", "operations", NOW)
    twice = with_step(once, "incident.assess.severity", "medium now", "operations", NOW + timedelta(hours=1))
    step = parse("x", twice, load()).steps["incident.assess.severity"]
    assert step.notes == (
        "2026-11-24 22:10 UTC, operations: high: nobody can trade",
        "2026-11-24 23:10 UTC, operations: medium now",
    )
    assert step.is_done
    assert len(parse("x", twice, load()).open_steps()) == 17
    assert [line for line in by_hand.splitlines() if line not in twice.splitlines()] == [
        "- [ ] `incident.assess.severity` Determine severity (critical, high, medium, low)"
    ]


def test_every_step_can_be_ticked() -> None:
    text = RECORD
    for item in STEPS:
        text = with_step(text, item.id, "done", "operations", NOW)
    assert parse("x", text, load()).open_steps() == ()
    assert parse("x", with_end(text, NOW), load()).closed == NOW


def test_a_tick_without_a_word_is_not_done() -> None:
    ticked = RECORD.replace("- [ ] `incident.assess.severity`", "- [x] `incident.assess.severity`")
    assert not parse("x", ticked, load()).steps["incident.assess.severity"].is_done


@pytest.mark.parametrize(("closed_days_ago", "due"), [(None, 3), (0, 14), (6, 14), (7, 18)])
def test_what_is_due_by_the_phase(closed_days_ago: int | None, due: int) -> None:
    text = RECORD if closed_days_ago is None else with_end(RECORD, NOW)
    found = parse("x", text, load())
    now = NOW + timedelta(days=closed_days_ago or 0)
    assert sum(found.is_due(item, now) for item in STEPS) == due
    assert found.matters(now)
    assert found.matters(NOW + timedelta(days=92)) is (closed_days_ago is None)


@pytest.mark.parametrize(("old", "new", "reason"), [
    ("# Incident:", "# Something:", "# Incident"), ("- Opened: 2026-11-24 22:10 UTC\n", "", "- Opened"),
    ("2026-11-24 22:10 UTC", "yesterday", "is no moment"), ("`incident.act.fix`", "`incident.act.gone`", "incident.act.fix is missing"),
])  # fmt: skip
def test_a_file_that_is_no_record(old: str, new: str, reason: str) -> None:
    with pytest.raises(BadRecord, match=reason):
        parse("x", RECORD.replace(old, new), load())


def test_what_a_target_says_stays_text() -> None:
    hostile = "# Incident: owned\n- [x] `incident.act.fix` done \x1b[31m<script>"
    text = render("quiet\n# loud", "vm", NOW, load(), {"Services": (hostile,)})
    found = parse("x", text, load())
    assert (found.title, len(found.open_steps())) == ("quiet # loud", 18)
    assert "\x1b" not in text
    assert "\n# Incident: owned" not in text
    assert "<script>" not in MarkdownIt().render(text)


def test_a_record_may_be_a_mebibyte(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(RECORD + "x" * (incidents.SIZE_LIMIT - len(RECORD.encode())))
    assert len(incidents.read_all(tmp_path, load())) == 1
    path.write_text(path.read_text() + "x")
    with pytest.raises(BadRecord, match="larger"):
        incidents.read_all(tmp_path, load())
    assert incidents.read_all(tmp_path / "gone", load()) == ()


def test_a_ticked_step_stays_in_its_list() -> None:
    text = with_step(RECORD, STEPS[0].id, "done", "operations", NOW)
    before, after = (len(found.split("## Immediate")[0].split("\n\n")) for found in (RECORD, text))
    assert before == after
