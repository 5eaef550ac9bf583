"""`zebu due`: what is listed where, and for whom."""

from __future__ import annotations

import argparse
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pytest_zebu.catalogue import Stage, load
from pytest_zebu.commands import due
from pytest_zebu.commands.cli import main
from pytest_zebu.memory import history
from pytest_zebu.memory.history import PastRun
from pytest_zebu.verdict.outcome import Outcome
from tests.hostile_texts import DIRTY, forbidden

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


def test_what_is_due_soon_is_no_failure(zebu: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All was done on the same day: six days later what is weekly is due soon, the rest is current, in this order."""
    given = "statement = 'done'\nby = 'operations'\non = 2026-11-18\nevidence = [{ commit = '0123abcd' }]\n"
    items = load().stage(Stage.OPERATIONS)
    (tmp_path / "attestations.toml").write_text(
        "".join(f"[[attestation]]\nid = '{item.id}'\n{given}" for item in items)
    )
    options = argparse.Namespace(config=zebu[-1], host=None, ical=None)
    assert due.run(options, datetime(2026, 11, 24, 8, tzinfo=UTC)) == 0
    lines = capsys.readouterr().out.splitlines()
    weekly = [item for item in items if item.cadence_days == 7]
    assert lines[:2] == ["overdue: 0", f"due soon: {len(weekly)}"]
    assert lines[2 + len(weekly)] == f"current: {len(items) - len(weekly)}"
    (logs,) = [line for line in lines if LOGS in line]
    assert lines.index(logs) < 2 + len(weekly)
    assert (
        logs
        == f"  2026-11-25  {LOGS}: {load()[LOGS].text}; last done on 2026-11-18 (operations), due soon, on 2026-11-25"
    )
    assert due.run(options, datetime(2026, 11, 25, 0, tzinfo=UTC)) == 1
    assert f"overdue: {len(weekly)}\n" in capsys.readouterr().out


def test_attestations_that_cannot_be_read_are_a_line_and_no_list(
    zebu: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "attestations.toml").write_text(f"[[attestation]]\nid = '{LOGS}s'\n")
    assert main([*zebu, "--ical", "-"]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("zebu: ")
    assert "attestations.toml: attestation.0.statement is missing" in shown.err


def test_a_host_that_no_run_knows_is_as_one_without_runs(zebu: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*zebu, "--host", "othr'; DROP TABLE runs; --"]) == 1
    assert "overdue: 21\n" in capsys.readouterr().out
    assert main([*zebu, "--host", "other"]) == 1
    assert "overdue: 20\n" in capsys.readouterr().out


def test_without_a_host_a_calendar_is_of_zebu(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "zebu.toml").write_text("")
    assert main(["due", "--config", str(tmp_path / "zebu.toml"), "--ical", str(tmp_path / "deep/tasks.ics")]) == 1
    assert "overdue: 21\n" in capsys.readouterr().out
    text = (tmp_path / "deep/tasks.ics").read_bytes().decode()
    assert text.count(".pytest-zebu\r\n") == text.count("@zebu.pytest-zebu\r\n") == 21


def test_a_host_that_is_no_text_has_no_runs(zebu: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*zebu, "--host", "vm\udcff"]) == 1
    shown = capsys.readouterr()
    assert (shown.out.splitlines()[0], shown.err) == ("overdue: 21", "")


@pytest.mark.hostile("outputs")
@pytest.mark.parametrize(
    "name",
    [
        "calendar",
        "newline",
        "clears the screen",
        "link",
        "right to left",
        "command of GitHub",
        "line separator",
        "form feed",
        "nul",
    ],
)
def test_a_strangers_word_steers_neither_terminal_nor_calendar(
    name: str, zebu: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    who = json.dumps(f"operations {DIRTY[name]}")
    record = f'[[attestation]]\nid = "{LOGS}"\nstatement = "seen"\non = {datetime.now(UTC):%Y-%m-%d}\nevidence = [{{ commit = "0123abcd" }}]\nby = {who}\n'
    (tmp_path / "attestations.toml").write_text(record)
    assert main([*zebu, "--host", f"vm {DIRTY[name]}", "--ical", str(tmp_path / "t.ics")]) == 1
    shown = capsys.readouterr()
    assert not forbidden(shown.out + shown.err)
    assert len(shown.out.splitlines()) == 3 + 21
    calendar = (tmp_path / "t.ics").read_bytes().decode()
    lines = calendar.replace("\r\n ", "").split("\r\n")
    assert len(lines) == 3 + 21 * 9 + 2
    assert {line.partition(":")[0].partition(";")[0] for line in lines} == {
        "BEGIN", "VERSION", "PRODID", "UID", "DTSTAMP", "DTSTART", "RRULE", "SUMMARY", "DESCRIPTION", "TRANSP", "END", "",
    }  # fmt: skip
    assert not forbidden(calendar, "\r\n")


@pytest.mark.hostile("files")
@pytest.mark.parametrize("name", ["/dev/full", "folder", "zebu.toml/x.ics", "a\0b", "x" * 300, "pipe"])
def test_a_calendar_that_cannot_be_is_a_line(
    name: str, zebu: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    os.mkfifo("pipe")
    assert main([*zebu, "--ical", name]) == 1
    assert " cannot be written (" in capsys.readouterr().err
