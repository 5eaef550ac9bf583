"""Something of ours breaks in the middle of a run: one line that says what is missing, and all else is there."""

from __future__ import annotations

import errno
import json
import os
import tempfile
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from msgspec.structs import replace

from pytest_zebu.facts.answer import Said
from pytest_zebu.gather import snapshot as snapshots
from pytest_zebu.memory.history import HistoryBroken
from pytest_zebu.plugin import judging, setup
from pytest_zebu.plugin import run as runs
from pytest_zebu.plugin.judge import Evidence
from pytest_zebu.reports import html
from pytest_zebu.reports import json as json_format
from tests import recorded

ITEM = "pre.security.ssh.no-passwords"
NODE = f"pre_deployment/test_security_ssh.py::test_no_session_without_a_key[{ITEM}]"
WRITTEN = ("r.json", "r.txt", "r.html", "r.xml")
FAULT = "a fault of pytest-zebu's own: KeyError: 'within'"


def fails(*_: object, **__: object) -> Any:
    raise KeyError("within")


def full(*_: object, **__: object) -> Any:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/somewhere/file")


def broken(*_: object, **__: object) -> Any:
    raise HistoryBroken("history.sqlite3: database disk image is malformed")


def judged(project: pytest.Pytester, *options: str) -> tuple[pytest.RunResult, list[str]]:
    """Judge one item of what was gathered, with every report; the lines that say what did not succeed."""
    result = project.runpytest_inprocess(
        "-k", "no-passwords", "--zebu-json=r.json", "--zebu-report=terminal:r.txt",
        "--html=r.html", "--junit-xml=r.xml", "--zebu-save=kept.json", *options,
    )  # fmt: skip
    lines = [*result.outlines, *result.errlines]
    assert not [line for line in lines if "Traceback" in line or "INTERNALERROR" in line], "\n".join(lines)
    return result, [line for line in lines if line.startswith("zebu: ")]


def whole(project: pytest.Pytester, *without: str) -> None:
    """That each report is there, and is what its readers can read."""
    assert [name for name in WRITTEN if (project.path / name).exists()] == [
        name for name in WRITTEN if name not in without
    ]
    if "r.json" not in without:
        (host,) = json.loads((project.path / "r.json").read_text())["hosts"]
        assert [item["outcome"] for item in host["items"] if item["id"] == ITEM] == ["passed"]
    if "r.xml" not in without:
        assert len(list(ElementTree.parse(project.path / "r.xml").iter("testcase"))) == 1
    if "r.html" not in without:
        assert ITEM in (project.path / "r.html").read_text()


@pytest.mark.hostile("files")
@pytest.mark.parametrize(("place", "name", "how", "says"), [
    (runs.Run, "changes", fails, f"what changed on lab is not told: {FAULT}"),
    (runs.Run, "deployed_version", fails, f"the version on lab is not told: {FAULT}"),
    (runs.Run, "save", fails, f"no snapshot is kept: {FAULT}"),
    (snapshots, "write", full, "kept.json is not written: No space left on device"),
    (runs.Run, "keep_drill", fails, f"the drill is not attested: {FAULT}"),
    (runs.Run, "keep_drill", full, "the drill is not attested: /somewhere/file: No space left on device"),
    (runs.Run, "remember", broken, "this run is not remembered: history.sqlite3: database disk image is malformed"),
    (runs.Run, "close", fails, f"what the run opened is not all closed: {FAULT}"),
    (html, "body", fails, f"the page has no report: {FAULT}"),
    (html, "title", fails, f"the page has no title: {FAULT}"),
    (html, "row", fails, f"the row of {NODE} is not all there: {FAULT}"),
    (judging, "guard_page", full, "the page does not say what it may do: /somewhere/file: No space left on device"),
], ids=lambda value: value if isinstance(value, str) and value.isidentifier() else "")  # fmt: skip
def test_a_step_that_breaks_is_a_line_and_keeps_nothing_back(
    place: object, name: str, how: Any, says: str, project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, name, how)
    result, lines = judged(project, "--zebu-replay=snapshot.json")
    assert lines == [f"zebu: {says}"]
    assert result.ret == (1 if name != "close" else 0)
    whole(project)


@pytest.mark.hostile("files")
def test_a_format_that_breaks_keeps_no_other_back(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_format, "render", fails)
    result, lines = judged(project, "--zebu-replay=snapshot.json")
    assert (result.ret, lines) == (1, ["zebu: r.json: the format json broke: KeyError: 'within'"])
    whole(project, "r.json")


@pytest.mark.hostile("files")
@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), ValueError("embedded null byte")], ids=["full", "name"]
)
def test_xml_that_cannot_be_written_at_the_end_keeps_no_page_back(
    error: Exception, project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise error

    monkeypatch.setattr("_pytest.junitxml.LogXML._get_global_properties_node", refused)
    result, lines = judged(project, "--zebu-replay=snapshot.json")
    assert (result.ret, len(lines)) == (1, 1)
    assert "r.xml is not written: " in lines[0]
    (project.path / "r.xml").unlink()
    whole(project, "r.xml")


@pytest.mark.hostile("files")
@pytest.mark.parametrize("name", ["zebu.toml/r.xml", "x" * 300])
def test_xml_that_never_could_be_written_ends_it_before_anything_is_judged(name: str, project: pytest.Pytester) -> None:
    result = project.runpytest("--zebu-replay=snapshot.json", f"--junit-xml={name}")
    assert result.ret is pytest.ExitCode.USAGE_ERROR
    assert "readiness of" not in result.stdout.str()
    result.stderr.fnmatch_lines(["ERROR: zebu: *"])


@pytest.mark.hostile("files")
def test_xml_in_a_place_of_no_name_is_said_and_the_rest_is_there(project: pytest.Pytester) -> None:
    result, lines = judged(project, "--zebu-replay=snapshot.json", "--junit-xml=a\udcffb/../zebu.toml/x")
    assert (result.ret, len(lines)) == (1, 1)
    assert " is not written: " in lines[0]
    whole(project, "r.xml")


@pytest.mark.hostile("files")
def test_an_item_that_is_not_judged_costs_no_other(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Evidence.declared

    def sometimes(evidence: Evidence, item_id: str) -> Any:
        if "root" in item_id:
            raise KeyError("within")
        return real(evidence, item_id)

    monkeypatch.setattr(Evidence, "declared", sometimes)
    result, lines = judged(project, "--zebu-replay=snapshot.json", "-k", "no-passwords or root-restricted")
    assert result.ret == 1
    assert FAULT in lines[0]
    (host,) = json.loads((project.path / "r.json").read_text())["hosts"]
    outcomes = {item["id"]: item["outcome"] for item in host["items"] if item["selected"]}
    assert outcomes == {ITEM: "passed", "pre.security.ssh.root-restricted": "not_assessed"}


@pytest.mark.hostile("files")
@pytest.mark.parametrize(("how", "says"), [
    (fails, f"nothing was gathered: {FAULT}"), (full, "nothing was gathered: /somewhere/file: No space left on device"),
])  # fmt: skip
def test_gathering_that_breaks_leaves_all_not_assessed(
    how: Any, says: str, project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def breaks(*given: object) -> None:
        asked.append(given)
        how()

    monkeypatch.setattr(runs, "gather", breaks)
    result, lines = judged(project, "--zebu-host=vm", "-k", "ssh")
    assert result.ret == 1
    assert [line for line in lines if line.startswith(f"zebu: {says}")] == lines
    assert len(lines) == len(asked) == 1
    (host,) = json.loads((project.path / "r.json").read_text())["hosts"]
    assert {item["outcome"] for item in host["items"] if item["selected"]} == {"not_assessed", "advice"}
    assert not host["reachable"]
    assert not (project.path / "kept.json").exists()
    assert not (project.path / ".zebu/history.sqlite3").exists()


@pytest.mark.hostile("files")
def test_what_was_gathered_is_judged_where_it_cannot_be_shared(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with workers: one process alone shares nothing."""
    real = snapshots.write

    def refuses(path: Path, found: Any) -> None:
        if path.name == runs.SHARED:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(path, found)

    monkeypatch.setattr(snapshots, "write", refuses)
    monkeypatch.setattr(runs, "gather", lambda *_: snapshots.read(recorded.SNAPSHOT)["lab"])
    result, lines = judged(project, "--zebu-host=vm")
    assert (result.ret, lines) == (0, [])
    monkeypatch.setattr(setup, "Run", partial(runs.Run, folder=project.path, owns_folder=False))
    result, lines = judged(project, "--zebu-host=vm")
    assert result.ret == 1
    assert [line.endswith("gathered.json is not written: No space left on device") for line in lines] == [True]
    (host,) = json.loads((project.path / "r.json").read_text())["hosts"]
    assert [item["outcome"] for item in host["items"] if item["selected"]] == ["passed"]


@pytest.mark.hostile("files")
@pytest.mark.parametrize(("place", "name", "how", "says"), [
    (tempfile, "mkdtemp", full, "ERROR: zebu: /somewhere/file: No space left on device"),
    (setup, "_run", fails, f"ERROR: zebu: nothing is judged: {FAULT} (--full-trace)"),
])  # fmt: skip
def test_a_run_that_cannot_begin_says_so_in_a_line(
    place: object, name: str, how: Any, says: str, project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, name, how)
    result = project.runpytest_inprocess("--zebu-replay=snapshot.json", "-k", "no-passwords")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert [line for line in result.errlines if line.startswith("ERROR")] == [says]
    assert not [line for line in (*result.outlines, *result.errlines) if "Traceback" in line]


@pytest.mark.hostile("files")
def test_staging_beside_production_is_a_question_and_no_fault(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two projects with a `backend`: which one is meant is the settings' to say."""
    found = snapshots.read(recorded.SNAPSHOT)["lab"]
    answers = dict(found.gathered.answers)
    host, containers = answers["zebu.host"], answers["zebu.containers"]
    assert isinstance(host, Said)
    assert isinstance(containers, Said)
    answers["zebu.host"] = replace(host, out=host.out.replace("project=zebu", "project="))
    mine = json.loads(containers.out)
    theirs = json.loads(
        containers.out.replace('"com.docker.compose.project":"zebu"', '"com.docker.compose.project":"staging"')
    )
    answers["zebu.containers"] = replace(containers, out=json.dumps(mine + theirs))
    beside = replace(found, gathered=replace(found.gathered, answers=answers))
    monkeypatch.setattr(runs, "gather", lambda *_: beside)
    result, lines = judged(project, "--zebu-host=vm", "-k", "no-passwords or services-healthy", "--zebu-gate=off")
    assert (lines, result.ret) == ([], 0)
    (host_report,) = json.loads((project.path / "r.json").read_text())["hosts"]
    reasons = {item["id"]: item["reason"] for item in host_report["items"] if item["selected"]}
    assert (
        "which compose project is it? staging, zebu are on the machine: set hosts.NAME.project"
        in reasons["deploy.initial.services-healthy"]
    )
    assert (project.path / ".zebu/history.sqlite3").exists()
