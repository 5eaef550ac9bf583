"""What GitHub's runner is told: commands that it documents, and a summary that it shows."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_zebu.plugin import runner
from pytest_zebu.plugin.runner import MOST, errors
from pytest_zebu.reports.report import Location
from tests.hostile_texts import DIRTY, forbidden
from tests.reports import eight_faults
from tests.reports.made_up import FIRST, ITEMS, REPORT, SECOND
from tests.reports.test_doors import told

from .conftest import Run

COMMAND = re.compile(r"::error (?P<properties>[^:]*)::(?P<message>.*)")


def unescaped(text: str) -> str:
    """As the runner reads it."""
    for escape, plain in (("%3A", ":"), ("%2C", ","), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
        text = text.replace(escape, plain)
    return text


def read(line: str) -> tuple[dict[str, str], str]:
    found = COMMAND.fullmatch(line)
    assert found is not None, line
    properties = dict(one.split("=", 1) for one in found["properties"].split(","))
    return {name: unescaped(text) for name, text in properties.items()}, unescaped(found["message"])


def test_a_failure_is_a_command() -> None:
    item = replace(
        ITEMS[1],
        reason="50 % of it: no, never",
        evidence=("a", "b: c"),
        fix="do x,\ny",
        location=Location("a,b:c.yml", 7, True),
    )
    lines = list(errors(replace(REPORT, hosts=(replace(FIRST, items=(item,)),))))
    assert lines == [
        "::error title=pre.security.failed,file=a%2Cb%3Ac.yml,line=7::50 %25 of it: no, never%0Aseen: a%0Aseen: b: c%0Afix: do x, y"
    ]
    assert read(lines[0]) == (
        {"title": item.item, "file": "a,b:c.yml", "line": "7"},
        "50 % of it: no, never\nseen: a\nseen: b: c\nfix: do x, y",
    )


@pytest.mark.parametrize(("location", "named"), [
    (None, {}), (Location("/etc/ssh/sshd_config", 7), {}), (Location(".env", 0, True), {"file": ".env"}),
])  # fmt: skip
def test_only_files_of_the_repository_are_named(location: Location | None, named: dict[str, str]) -> None:
    item = replace(ITEMS[1], location=location)
    (line,) = errors(replace(REPORT, hosts=(replace(FIRST, items=(item,)),)))
    assert read(line)[0] == {"title": item.item, **named}


@pytest.mark.parametrize(("failed", "commands"), [(0, 0), (9, 9), (10, 10), (11, 10), (30, 10)])
def test_there_are_at_most_ten_and_the_last_says_how_many_are_not_shown(failed: int, commands: int) -> None:
    items = tuple(
        replace(ITEMS[1], item=f"pre.{n}", non_negotiable=n % 2 == 1, cause="x" if n < 20 else "")
        for n in range(failed)
    )
    lines = list(errors(replace(REPORT, hosts=(replace(FIRST, items=items),))))
    assert len(lines) == commands
    if failed <= MOST:
        assert {read(line)[0]["title"] for line in lines} == {item.item for item in items}
        return
    assert read(lines[-1])[1] == f"and {failed - MOST + 1} more items failed, see the summary"
    strong = {item.item for item in items if item.non_negotiable}
    shown = [read(line)[0]["title"] for line in lines[:-1]]
    assert [name in strong for name in shown] == sorted((name in strong for name in shown), reverse=True)
    assert len(strong & set(shown)) == min(len(strong), MOST - 1)


def test_with_several_hosts_each_is_named_and_what_broke_is_told() -> None:
    lines = list(errors(REPORT))
    assert [read(line)[0]["title"] for line in lines] == ["vm: pre.security.failed", "vm: pre.database.broken"]
    assert not list(errors(replace(REPORT, hosts=(SECOND,))))


@pytest.mark.hostile("outputs")
@pytest.mark.parametrize("text", [text for text in DIRTY.values() if len(text) < 100_000])
def test_nothing_that_was_said_is_a_command_or_a_property(text: str) -> None:
    report = told(REPORT, text)
    lines = list(errors(report))
    assert len(lines) == 2
    for line in lines:
        assert not forbidden(line, "")
        properties, _ = read(line)
        assert properties.keys() <= {"title", "file", "line"}


# Whole runs


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """As in a step of a workflow."""
    path = tmp_path / "summary.md"
    path.write_text("of an earlier command")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    return path


@pytest.mark.parametrize("options", [(), ("-q", "--no-summary"), ("-n", "2")], ids=["alone", "quiet", "workers"])
def test_a_run_tells_its_runner_once(options: tuple[str, ...], run_apart: Run, github: Path) -> None:
    result, report = run_apart(*options)
    commands = [line for line in result.outlines if line.startswith("::")]
    failed = [item for item in report["hosts"][0]["items"] if item["outcome"] == "failed"]
    assert len(commands) == len([line for line in result.outlines if "::error" in line]) == min(len(failed), MOST) > 3
    assert {read(line)[0]["title"] for line in commands} <= {item["id"] for item in failed} | {"production readiness"}
    text = github.read_text()
    assert text.startswith("of an earlier command\n# Production Readiness Checklist: `lab`\n")
    assert text.count("# Production Readiness Checklist") == 1
    boxes = Counter(re.findall(r"^ *- \[(.)\] (?!\*\*[A-Z])", text, re.MULTILINE))
    assert boxes.total() == 196
    done = [item for item in report["hosts"][0]["items"] if item["outcome"] in ("passed", "attested")]
    assert boxes["x"] == len(done)


def test_without_a_runner_nothing_is_told(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "false")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "nothing.md"))
    result, _ = run("-k", "no-passwords")
    assert not [line for line in result.outlines if line.startswith("::")]
    assert not (tmp_path / "nothing.md").exists()
    assert "nothing.md" not in result.stdout.str() + result.stderr.str()


def test_only_listing_tells_nothing(run: Run, github: Path) -> None:
    result, _ = run("--collect-only", "-q")
    assert not [line for line in result.outlines if line.startswith("::error")]
    assert github.read_text() == "of an earlier command"


@pytest.mark.hostile("files")
def test_a_summary_that_is_full_or_no_file_is_left_alone(
    run: Run, github: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    github.write_text("x" * runner.SUMMARY_LIMIT)
    run("-k", "vm-resources")
    assert github.stat().st_size == runner.SUMMARY_LIMIT
    for odd in ("/dev/full", "", str(github.parent), "a" * 5000):
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", odd)
        result, report = run("-k", "vm-resources")
        assert report
        assert result.ret == 0


def test_a_summary_that_cannot_be_written_is_a_line(run: Run, github: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, text: str) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(runner, "append", full)
    result, report = run("-k", "vm-resources")
    assert report
    assert result.ret == 1
    assert f"zebu: {github} is not written: No space left on device" in result.stdout.str()


def test_a_summary_takes_what_room_there_is(run_apart: Run, github: Path) -> None:
    github.write_text("x" * (runner.SUMMARY_LIMIT - 9_000))
    result, report = run_apart()
    assert result.ret == 1
    text = github.read_text()
    assert runner.SUMMARY_LIMIT - 9_000 < len(text.encode()) <= runner.SUMMARY_LIMIT
    assert "Not all of the checklist fits here" in text
    assert json.dumps(report)


def test_the_eight_faults_are_told_by_their_causes() -> None:
    lines = list(errors(eight_faults.report()))
    assert len(lines) == MOST
    titles = [read(line)[0]["title"] for line in lines]
    by_id = eight_faults.report().hosts[0].by_id
    assert all(by_id[title].non_negotiable for title in titles[:-1])
