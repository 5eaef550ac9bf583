"""`zebu history`: the runs that are remembered, and what came of an item over time."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pytest_zebu.catalogue import load
from pytest_zebu.commands.cli import main
from pytest_zebu.commands.history import spans
from pytest_zebu.memory import history
from pytest_zebu.memory.evidence import Kept
from pytest_zebu.memory.history import PastRun, Remembered
from pytest_zebu.plugin.remembered import REASONS
from pytest_zebu.verdict.outcome import Outcome
from tests.hostile_texts import DIRTY, forbidden

ITEM, OTHER = "pre.security.ssh.no-passwords", "deploy.initial.ssh"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
PASSED, FAILED = Outcome.PASSED, Outcome.FAILED


def run_of(day: int, outcomes: Mapping[str, Outcome], version: str = "v1.2.0") -> PastRun:
    return PastRun(NOW + timedelta(days=day), version, len(outcomes) < len(load()), outcomes, {})


@pytest.fixture
def zebu(tmp_path: Path) -> list[str]:
    (tmp_path / "zebu.toml").write_text("[hosts.vm]\n[hosts.other]\n")
    path = tmp_path / ".zebu/history.sqlite3"
    history.record(path, "vm", run_of(0, {item.id: PASSED for item in load()}))
    history.record(path, "vm", run_of(1, {ITEM: PASSED}))
    kept = Kept("1.0.0", "0123456789abcdef", {REASONS: f'{{"{ITEM}": "deploy may log in"}}'})
    history.record(path, "vm", run_of(2, {ITEM: FAILED, OTHER: PASSED}), kept)
    history.record(path, "other", run_of(0, {OTHER: FAILED}, ""))
    return ["--config", str(tmp_path / "zebu.toml")]


def test_the_runs_over_a_host(zebu: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", *zebu]) == 0
    title, *lines = capsys.readouterr().out.splitlines()
    assert title.startswith(f"vm: 3 runs in {tmp_path / '.zebu/history.sqlite3'}")
    assert [line.split()[:4] for line in lines[:3]] == [
        [str(n + 1), f"2026-11-{24 + n}", "12:00", "v1.2.0"] for n in range(3)
    ]
    assert lines[0].endswith(
        "Pre deployment READY 100.0 %; Deployment verification READY 100.0 %; Post deployment READY 100.0 %  no evidence"
    )
    assert (
        "Pre deployment part of it 1.3 %; Deployment verification no data; Post deployment no data  partial  no evidence"
        in lines[1]
    )
    assert lines[2].endswith("partial  suite 01234567  evidence 1 KiB")
    assert lines[3] == "runs over others are remembered, too: other (--host)"


def test_another_host(zebu: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", *zebu, "--host", "other"]) == 0
    _, line, more = capsys.readouterr().out.splitlines()
    assert line.split()[:5] == ["4", "2026-11-24", "12:00", "no", "version"]
    assert more == "runs over others are remembered, too: vm (--host)"


def test_an_item_over_time(zebu: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", ITEM, *zebu]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{ITEM}: {load()[ITEM].text}",
        "  2026-11-24 12:00 to 2026-11-25 12:00  runs 1 to 2: passed",
        "  2026-11-26 12:00  run 3: failed (deploy may log in)",
    ]


def test_an_item_that_no_run_judged(zebu: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", ITEM, *zebu, "--host", "other"]) == 0
    assert capsys.readouterr().out.endswith("  no run over other has judged it\n")


def test_spans_pass_over_runs_that_did_not_judge_it() -> None:
    runs = [
        Remembered(n, run_of(n, {ITEM: word} if word else {}))
        for n, word in enumerate((None, PASSED, None, PASSED, FAILED, None, PASSED))
    ]
    assert [(span.outcome, [one.number for one in span.runs]) for span in spans(ITEM, runs)] == [
        (PASSED, [1, 3]), (FAILED, [4]), (PASSED, [6]),
    ]  # fmt: skip


def test_nothing_is_remembered_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert main(["history"]) == 0
    assert capsys.readouterr().out == f"{tmp_path}/state/pytest-zebu/history.sqlite3: no run is remembered yet\n"


def test_without_settings_the_only_host_is_meant_and_of_several_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    path = tmp_path / "state/pytest-zebu/history.sqlite3"
    history.record(path, "alias", run_of(0, {ITEM: PASSED}))
    assert main(["history"]) == 0
    assert capsys.readouterr().out.startswith("alias: 1 runs in")
    history.record(path, "second", run_of(0, {ITEM: PASSED}))
    assert main(["history"]) == 1
    assert "remembers runs over alias, second: name one with --host" in capsys.readouterr().err


@pytest.mark.parametrize(("item", "words"), [("pre.security.ssh.no-password", "no-passwords"), ("x", "x")])
def test_an_item_that_there_is_not(item: str, words: str, zebu: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", item, *zebu]) == 1
    assert words in capsys.readouterr().err


def test_a_history_that_cannot_be_read(zebu: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / ".zebu/history.sqlite3").write_bytes(b"no database at all, and longer than a header" * 30)
    assert main(["history", *zebu]) == 1
    assert "is no database" in capsys.readouterr().err


@pytest.mark.hostile("outputs")
@pytest.mark.parametrize(
    "name", ["newline", "clears the screen", "link", "right to left", "command of GitHub", "line separator", "nul"]
)
def test_a_strangers_file_steers_no_terminal(
    name: str, zebu: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / ".zebu/history.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("UPDATE run SET version = ?", (DIRTY[name],))
        database.execute("UPDATE run SET host = ? WHERE host = 'other'", (DIRTY[name],))
        database.execute("UPDATE kept SET suite = ?", (DIRTY[name],))
        database.execute("INSERT INTO outcome VALUES (1, ?, 'passed')", (DIRTY[name],))
    assert main(["history", *zebu]) == 0
    shown = capsys.readouterr().out
    assert not forbidden(shown)
    assert len(shown.splitlines()) == 5
