"""Records of incidents: written by the command, edited by people, read by the suite."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pytest_zebu.catalogue import Stage, load
from pytest_zebu.commands import incident as command
from pytest_zebu.commands.cli import main
from pytest_zebu.memory.history import Past, PastRun
from pytest_zebu.people import incidents
from pytest_zebu.people.incidents import BadRecord, parse, render, with_end, with_step
from pytest_zebu.verdict.outcome import Outcome

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
    assert "<script>" not in text


def test_what_matters_of_a_report() -> None:
    good = PastRun(NOW - timedelta(days=2), "v1.1.0", False, {"deploy.initial.ssh": Outcome.PASSED}, {})
    bad = PastRun(NOW - timedelta(days=1), "v1.2.0", False, {"deploy.initial.ssh": Outcome.FAILED}, {})
    items = [
        {"id": "deploy.initial.ssh", "outcome": "failed", "reason": "refused", "evidence": []},
        {"id": command.SERVICES, "outcome": "passed", "reason": "", "evidence": ["db: running"]},
    ]
    found = command.summarize({"items": items, "version": "v1.2.0", "trouble": ""}, Past((good, bad)))
    since = "the last good run, of 2026-11-22 22:10 UTC"
    assert found == {
        "Deployed version": (f"v1.2.0 (v1.1.0 at {since})",),
        "Services": ("db: running",),
        "Errors of the last hour": ("not seen: no such item in the report",),
        "Failing items": ("deploy.initial.ssh: refused",),
        f"Changed since {since}": ("deploy.initial.ssh: passed then, failed now",),
    }


def test_the_command_guides_from_opening_to_the_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "zebu.toml").write_text("[hosts.vm]\n")
    zebu = ["incident", "--config", str(tmp_path / "zebu.toml")]
    assert main([*zebu, "status"]) == 0
    assert main([*zebu, "close"]) == 1
    assert "open are: none" in capsys.readouterr().err
    assert main([*zebu, "open", "API answers 500!", "--no-look"]) == 0
    (path,) = (tmp_path / "incidents").iterdir()
    assert path.name.endswith("-api-answers-500.md")
    assert main([*zebu, "open", "API answers 500!", "--no-look"]) == 1
    assert "is there already" in capsys.readouterr().err
    assert main([*zebu, "status"]) == 1
    assert "due  assess.severity" in capsys.readouterr().out
    assert main([*zebu, "step", "assess.severty", "high"]) == 1
    assert "did you mean 'incident.assess.severity'?" in capsys.readouterr().err
    assert main([*zebu, "close"]) == 1
    assert "cannot be closed yet: incident.assess.severity" in capsys.readouterr().err
    for item in STEPS:
        if item.category != "post_incident":
            assert main([*zebu, "step", item.id.removeprefix("incident."), "done, as agreed"]) == 0
    assert main([*zebu, "close"]) == 0
    assert "within 7 days: review.record" in capsys.readouterr().out
    assert main([*zebu, "status"]) == 0
    (found,) = incidents.read_all(tmp_path / "incidents", load())
    assert found.closed is not None
    assert len(found.open_steps()) == 4


def test_a_record_is_there_even_when_the_machine_cannot_be_looked_at(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "zebu.toml").write_text('[hosts.vm]\naddress = "127.0.0.1"\nport = 1\n')
    zebu = ["incident", "--config", str(tmp_path / "zebu.toml")]
    assert main([*zebu, "open", "nothing answers"]) == 0
    (path,) = (tmp_path / "incidents").iterdir()
    text = path.read_text()
    assert "nothing answers on the ssh port" in text
    (found,) = incidents.read_all(tmp_path / "incidents", load())
    assert len(found.open_steps()) == 18, "what was not seen was not looked at"


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
