"""`zebu report`: of a snapshot, of a JSON report, of standard input, and of what is neither."""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pytest_zebu.catalogue import load
from pytest_zebu.commands import due
from pytest_zebu.commands.cli import main
from pytest_zebu.gather import snapshot
from pytest_zebu.memory import history
from pytest_zebu.memory.history import PastRun
from pytest_zebu.reports import formats, reading
from pytest_zebu.reports import json as json_format
from pytest_zebu.reports.report import Report
from pytest_zebu.verdict.outcome import Outcome
from tests import recorded
from tests.reports import eight_faults, filled
from tests.reports.made_up import Undemanding


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the lab's settings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ZEBU_CONFIG", raising=False)
    Path("zebu.toml").write_text(recorded.settings())
    return tmp_path


@pytest.fixture
def written(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A JSON report."""
    path = place / "report.json"
    path.write_text(json_format.render(filled.REPORT))
    monkeypatch.setattr(reading, "load", lambda: Undemanding(tuple(load())))  # the report has a few items only
    return path


def without_time(document: dict[str, Any]) -> dict[str, Any]:
    return document | {"seconds": 0, "at": None}


def test_a_snapshot_is_judged_as_pytest_judges_it(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Path("attestations.toml").write_text(recorded.DECLARED)
    done = subprocess.run(
        [
            sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--zebu-replay={recorded.SNAPSHOT}",
            "--zebu-json=by-pytest.json",
        ],
        capture_output=True, check=False, timeout=500,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout.decode()
    capfd.readouterr()
    assert main(["report", "json", str(recorded.SNAPSHOT)]) == 0
    shown = capfd.readouterr()
    assert shown.err == ""
    by_pytest, by_us = json.loads(Path("by-pytest.json").read_text()), json.loads(shown.out)
    assert without_time(by_us) == without_time(by_pytest)
    outcomes = {item["outcome"] for item in by_us["hosts"][0]["items"]}
    assert {"passed", "failed", "attested", "waived", "not_assessed"} <= outcomes
    assert {"state": "overdue"}.items() <= by_us["hosts"][0]["tasks"][0].items()
    assert sorted(path.name for path in place.iterdir()) == ["attestations.toml", "by-pytest.json", "zebu.toml"]


def test_the_calendar_is_that_of_the_tasks_that_are_due(
    place: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """What this run saw to be done is done, as it is for `zebu due` once the run is remembered."""
    assert main(["report", "json", str(recorded.SNAPSHOT), "-o", "report.json"]) == 0
    (host,) = json.loads(Path("report.json").read_text())["hosts"]
    at = datetime.fromisoformat(host["at"])
    outcomes = {item["id"]: Outcome(item["outcome"]) for item in host["items"]}
    assert [item for item, outcome in outcomes.items() if item.startswith("ops.") and outcome is Outcome.PASSED]
    history.record(place / ".zebu/history.sqlite3", "lab", PastRun(at, "", False, outcomes, {}))
    due.run(argparse.Namespace(config=None, host="lab", ical="due.ics"), at + timedelta(seconds=1))
    capsysbinary.readouterr()
    assert main(["report", "ical", "report.json"]) == 0
    stamps = re.compile(rb"DTSTAMP:.*")
    made, known = capsysbinary.readouterr().out, Path("due.ics").read_bytes()
    assert stamps.sub(b"", made) == stamps.sub(b"", known)
    assert made.count(b"BEGIN:VEVENT") == 21


@pytest.mark.parametrize(
    "name", sorted({"badge", "badge-json", "ctrf", "ical", "json", "junit", "markdown", "terminal"})
)
def test_each_type_is_the_same_from_a_json_report(
    name: str, written: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["report", name, str(written)]) == 0
    said = capsysbinary.readouterr()
    assert said.err == b""
    # What is hostile in it was cleaned when it was written, and is the same when it is cleaned again.
    assert said.out.decode() == formats.text_of(filled.REPORT, name)


def test_a_file_is_written_whole_and_nothing_is_said(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "markdown", str(written), "-o", "new/report.md"]) == 0
    assert Path("new/report.md").read_text() == formats.text_of(filled.REPORT, "markdown")
    assert main(["report", "json", str(written), "--output", str(written)]) == 0
    assert written.read_text() == json_format.render(filled.REPORT)
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "")


class Given:
    """Standard input of these bytes."""

    def __init__(self, data: bytes) -> None:
        self.buffer = io.BytesIO(data)


def test_standard_input_is_a_source(
    written: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", Given(written.read_bytes()))
    assert main(["report", "badge-json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["message"].startswith("0 of 2 hosts ready")
    monkeypatch.setattr(sys, "stdin", Given(recorded.SNAPSHOT.read_bytes()))
    assert main(["report", "badge-json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["message"].startswith("not ready, ")
    monkeypatch.setattr(sys, "stdin", Given(b"{}"))
    assert main(["report", "json", "-"]) == 1
    assert capsys.readouterr().err.startswith(
        "zebu: standard input: neither a snapshot (--zebu-save) nor a JSON report"
    )


def test_hosts_may_be_chosen(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "json", str(written), "--host", 'second "&" last']) == 0
    assert [host["name"] for host in json.loads(capsys.readouterr().out)["hosts"]] == ['second "&" last']
    assert main(["report", "json", str(written), "--host", "vm,db"]) == 1
    assert capsys.readouterr().err == f"zebu: {written}: has no host 'db'; it has: second \"&\" last, vm\n"
    assert main(["report", "json", str(recorded.SNAPSHOT), "--host", "db"]) == 1
    assert capsys.readouterr().err == f"zebu: {recorded.SNAPSHOT}: has no host 'db'; it has: lab\n"


@pytest.mark.usefixtures("written")
def test_an_old_report_makes_new_ones(capsys: pytest.CaptureFixture[str]) -> None:
    old = Path(__file__).parents[1] / "reports/golden/report-1.json"
    assert main(["report", "markdown", str(old)]) == 0
    assert "- [x] Somebody looked" in capsys.readouterr().out


@pytest.mark.parametrize(("argv", "said"), [
    (("docx", "report.json"), "zebu: there is no type of report 'docx'; types: badge, "), (("jsn", "report.json"), "did you mean 'json'?"),
    (("json", "nothing.json"), "zebu: nothing.json: no such file"), (("json", "."), "zebu: .: is no regular file"),
    (("json", "zebu.toml"), "zebu: zebu.toml: neither a snapshot nor a JSON report (it is no JSON)"), (("json", "a\0b"), "zebu: a"),
    (("json", "report.json", "-o", "."), "zebu: . is not written: Is a directory"), (("json", "report.json", "-o", "zebu.toml/x"), "is no folder"),
    (("json", "report.json", "-o", "/dev/full"), "zebu: /dev/full is not written: No space left on device"),
    (("json", str(recorded.SNAPSHOT), "--config", "no.toml"), "zebu: no.toml: no such file"),
])  # fmt: skip
@pytest.mark.hostile("files")
def test_what_cannot_be_is_a_line(
    argv: tuple[str, ...], said: str, written: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert written.exists()
    assert main(["report", *argv]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert said in shown.err
    assert shown.err.count("\n") == 1


@pytest.mark.hostile("files")
@pytest.mark.parametrize(("data", "said"), [
    (b"", "neither a snapshot nor a JSON report"), (b"\xff\xfe", "is no text in UTF-8"), (b"\x1f\x8bx", "is packed with gzip"), (b"[1]", "neither a snapshot (--zebu-save)"),
    (b'{"zebu_snapshot": 9}', "snapshot of version 9"), (b'{"schema": 9}', "its schema is '9'"), (b"[" * 3_000_001, "more values than any snapshot"),
    (b'{"zebu_snapshot": 1, "hosts": {"a b": {}}}', "is no name of a host"), (b'{"zebu_snapshot": 1, "schema": 2}', "the snapshot is damaged"),
], ids=["nothing", "bytes", "packed", "a list", "version", "schema", "many", "a name", "both"])  # fmt: skip
def test_a_source_that_is_none_is_a_line(data: bytes, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("odd").write_bytes(data)
    assert main(["report", "json", "odd"]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert said in shown.err
    assert shown.err.startswith("zebu: odd: ")
    assert shown.err.count("\n") == 1


@pytest.mark.hostile("files")
def test_a_pipe_is_not_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo("pipe")
    assert main(["report", "json", "pipe"]) == 1
    assert capsys.readouterr().err == "zebu: pipe: is no regular file\n"


def test_a_source_beyond_all_bounds_is_not_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(snapshot, "MOST_BYTES", 1000)
    Path("large").write_bytes(b" " * 1001)
    assert main(["report", "json", "large"]) == 1
    assert "is larger than" in capsys.readouterr().err
    monkeypatch.setattr(sys, "stdin", Given(b" " * 1001))
    assert main(["report", "json", "-"]) == 1
    assert capsys.readouterr().err == "zebu: standard input: is larger than any snapshot\n"


def test_what_did_not_succeed_beside_the_report_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from pytest_zebu.plugin.run import Run

    def broken(self: Run, name: str) -> str:
        raise KeyError(name)

    monkeypatch.setattr(Run, "clock", broken)
    assert main(["report", "badge-json", str(recorded.SNAPSHOT), "-o", "badge.json"]) == 1
    assert json.loads(Path("badge.json").read_text())["schemaVersion"] == 1
    assert capsys.readouterr().err.startswith(
        "zebu: the clock of lab is not told: a fault of pytest-zebu's own: KeyError"
    )


def test_a_format_that_breaks_is_a_line(
    written: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(report: Report) -> str:
        raise ValueError(report.hosts[0].name)

    monkeypatch.setattr(json_format, "render", broken)
    assert main(["report", "json", str(written), "-o", "new.json"]) == 1
    assert capsys.readouterr().err == "zebu: the format json broke: ValueError: vm\n"
    assert not Path("new.json").exists()


def test_the_output_is_utf8_whatever_the_terminal_has(place: Path) -> None:
    (host,) = eight_faults.report().hosts
    report = replace(eight_faults.report(), hosts=(replace(host, version="v1.2.0 “fünf”"),))
    (written := place / "report.json").write_text(json_format.render(report))
    program = "import sys; from pytest_zebu.commands.cli import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", program, "report", "markdown", str(written)],
        capture_output=True, check=True, env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )  # fmt: skip
    assert done.stdout.decode() == formats.text_of(report, "markdown")
    assert "fünf" in done.stdout.decode()
