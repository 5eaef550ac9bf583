"""A file that cannot be written is one line and a failure; the other reports are written all the same."""

from __future__ import annotations

import pytest

from .conftest import Run

PASSING = ("-k", "no-passwords")


def lines(result: pytest.RunResult) -> list[str]:
    text = [*result.outlines, *result.errlines]
    assert not [line for line in text if "Traceback" in line or "INTERNALERROR" in line]
    return [line for line in text if line.startswith("zebu: ")]


def test_nothing_is_said_where_all_is_written(run: Run) -> None:
    result, report = run(*PASSING, "--html=report.html")
    assert (result.ret, lines(result), report["ready"]) == (0, [], False)


@pytest.mark.parametrize("summary", [(), ("--no-summary",)], ids=["with a summary", "without"])
@pytest.mark.hostile("files")
def test_each_is_a_line_and_keeps_no_other_back(run: Run, project: pytest.Pytester, summary: tuple[str, ...]) -> None:
    """What can only be known when it is written: a device has no room left."""
    result, report = run(
        *PASSING, *summary, "--html=/dev/full", "--zebu-report=json:/dev/full",
        "--zebu-report=terminal:report.txt", "--junit-xml=report.xml",
    )  # fmt: skip
    assert result.ret == 1
    assert sorted(lines(result)) == [
        "zebu: /dev/full is not written: No space left on device",
        "zebu: /dev/full is not written: No space left on device",
    ]
    assert report["hosts"][0]["stages"]["pre_deployment"]["passed"] == 1
    assert (project.path / "report.txt").read_text().startswith("==== readiness of lab, version v1.2.0 ====\n")
    assert "no-passwords" in (project.path / "report.xml").read_text()


NO_FILES = {
    "--html=zebu.toml/report.html": "--html cannot be written: zebu.toml/report.html: zebu.toml is no folder",
    "--html=.": "--html cannot be written: .: Is a directory",
    "--zebu-report=junit:folder": "--zebu-report=junit cannot be written: folder: Is a directory",
    "--zebu-json=zebu.toml/deep/report.json": "--zebu-report=json cannot be written: zebu.toml/deep/report.json: ",
    "--zebu-save=zebu.toml/run.json": "--zebu-save cannot be written: zebu.toml/run.json: zebu.toml is no folder",
    "--zebu-save=/dev/null": "--zebu-save cannot be written: /dev/null: is no regular file",
    "--junit-xml=zebu.toml/x": "--junit-xml cannot be written: zebu.toml/x: zebu.toml is no folder",
    f"--html={'x' * 300}": "File name too long",
}


@pytest.mark.hostile("files")
@pytest.mark.parametrize("option", NO_FILES, ids=lambda option: option[:30])
def test_what_cannot_be_written_is_refused_before_the_run(project: pytest.Pytester, option: str) -> None:
    """One line, which says what helps; nothing is judged, and nothing is left behind or cut short."""
    (project.path / "folder").mkdir()
    (project.path / "page.html").write_text("an older one")
    before = sorted(project.path.rglob("*"))
    result = project.runpytest_inprocess("--zebu-replay=snapshot.json", "--zebu-report=html:page.html", option)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    (line,) = [line for line in result.errlines if line.strip()]
    assert line.startswith("ERROR: zebu: ")
    assert NO_FILES[option] in line
    assert line.endswith("; name another file")
    assert sorted(project.path.rglob("*")) == before
    assert (project.path / "page.html").read_text() == "an older one"
    assert "readiness of" not in result.stdout.str()


@pytest.mark.hostile("files")
def test_a_history_that_cannot_be_kept_is_refused_before_the_run(project: pytest.Pytester) -> None:
    settings = project.path / "zebu.toml"
    settings.write_text(settings.read_text() + '\n[evidence]\nhistory = "snapshot.json/history.sqlite3"\n')
    result = project.runpytest_inprocess("--zebu-host=lab2", "-k", "no-passwords")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["ERROR: zebu: what runs remember cannot be written: *; evidence.history in zebu.toml names another file"]
    )
    assert project.runpytest_inprocess("--zebu-replay=snapshot.json", *PASSING).ret == 0


def test_collecting_writes_nothing_and_refuses_nothing(project: pytest.Pytester) -> None:
    result = project.runpytest_inprocess("--zebu-replay=snapshot.json", "--co", "-q", "--zebu-json=zebu.toml/x")
    assert result.ret == 0


@pytest.mark.hostile("files")
def test_another_plugins_file_is_named_as_its(run: Run, project: pytest.Pytester) -> None:
    result, report = run(*PASSING, "--junit-xml=/dev/full")
    assert lines(result) == ["zebu: /dev/full is not written: No space left on device"]
    assert (result.ret, bool(report)) == (1, True)


def test_why_and_see_reach_the_reports(run: Run, project: pytest.Pytester) -> None:
    _, report = run(*PASSING, "--html=report.html")
    (item,) = [item for item in report["hosts"][0]["items"] if item["selected"]]
    assert item["id"] == "pre.security.ssh.no-passwords"
    page = (project.path / "report.html").read_text()
    for name in ("why", "see"):
        words = item[name].split("`")[0].split("'")[0]
        assert len(words) > 10
        assert words in page


def test_a_format_that_is_not_there_is_a_usage_error(project: pytest.Pytester) -> None:
    result = project.runpytest_inprocess("--zebu-replay=snapshot.json", "--zebu-report=docx:report.docx")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["*zebu: --zebu-report=docx:report.docx: there is no type of report 'docx'; types: badge, *"]
    )
