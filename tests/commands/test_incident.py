"""`zebu incident`: what it guides through, what it shows, and what it refuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pytest_zebu.catalogue import Stage, load
from pytest_zebu.commands import incident
from pytest_zebu.commands.cli import main
from pytest_zebu.memory.history import Past, PastRun
from pytest_zebu.people import incidents
from pytest_zebu.verdict.outcome import Outcome

NOW = datetime(2026, 11, 24, 22, 10, tzinfo=UTC)
STEPS = load().stage(Stage.INCIDENT)


def test_what_matters_of_a_report() -> None:
    good = PastRun(NOW - timedelta(days=2), "v1.1.0", False, {"deploy.initial.ssh": Outcome.PASSED}, {})
    bad = PastRun(NOW - timedelta(days=1), "v1.2.0", False, {"deploy.initial.ssh": Outcome.FAILED}, {})
    items = [
        {"id": "deploy.initial.ssh", "outcome": "failed", "reason": "refused", "evidence": []},
        {"id": incident.SERVICES, "outcome": "passed", "reason": "", "evidence": ["db: running"]},
    ]
    found = incident.summarize({"items": items, "version": "v1.2.0", "trouble": ""}, Past((good, bad)))
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
