"""`zebu due`: what is listed where, and for whom."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pytest_zebu.catalogue import Stage, load
from pytest_zebu.commands.cli import main
from pytest_zebu.memory import history
from pytest_zebu.memory.history import PastRun
from pytest_zebu.verdict.outcome import Outcome

LOGS = "ops.weekly.logs"


@pytest.fixture
def zebu(tmp_path: Path) -> list[str]:
    (tmp_path / "zebu.toml").write_text("[hosts.vm]\n[hosts.other]\n")
    run = PastRun(datetime.now(UTC) - timedelta(hours=1), "", False, {LOGS: Outcome.PASSED}, {})
    history.record(tmp_path / ".zebu/history.sqlite3", "other", run)
    return ["due", "--config", str(tmp_path / "zebu.toml")]


@pytest.mark.parametrize(("host", "current"), [([], 0), (["--host", "vm"], 0), (["--host", "other"], 1)])
def test_runs_over_the_named_host_count_else_over_the_first(
    host: list[str], current: int, zebu: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*zebu, *host]) == 1
    assert f"current: {current}\n" in capsys.readouterr().out


def test_a_calendar_on_standard_output_is_nothing_else(zebu: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*zebu, "--ical", "-"]) == 1
    shown = capsys.readouterr()
    assert shown.out.startswith("BEGIN:VCALENDAR\r\n")
    assert shown.out.endswith("END:VCALENDAR\r\n")
    assert f"UID:{LOGS}@vm.pytest-zebu\r\n" in shown.out
    assert "overdue: 21\n" in shown.err


def test_a_calendar_that_cannot_be_written(zebu: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*zebu, "--ical", str(tmp_path)]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_a_history_that_cannot_be_read(zebu: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / ".zebu/history.sqlite3").write_bytes(b"no database at all, and longer than a header" * 30)
    assert main(zebu) == 1
    assert "history.sqlite3" in capsys.readouterr().err


def test_what_is_attested_is_due_no_more(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "zebu.toml").write_text("[hosts.vm]\n")
    config = ["--config", str(tmp_path / "zebu.toml")]
    assert main(["due", *config, "--ical", str(tmp_path / "tasks.ics")]) == 1
    assert "overdue: 21" in capsys.readouterr().out
    assert (tmp_path / "tasks.ics").read_text().startswith("BEGIN:VCALENDAR")
    for item in load().stage(Stage.OPERATIONS):
        given = ["--statement", "done", "--by", "operations", "--url", "https://wiki.example.org"]
        assert main(["attest", item.id, *config, *given]) == 0
    assert main(["due", *config]) == 0
    assert "current: 21" in capsys.readouterr().out
