"""A file that cannot be written is one line and a failure; the other reports are written all the same."""

from __future__ import annotations

import pytest

from .conftest import QUIET, Run

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
    result, report = run(
        *PASSING, *summary, "--html=/dev/full", "--zebu-report=json:/dev/full", "--zebu-report=json:.",
        "--zebu-save=zebu.toml/snapshot", "--zebu-report=terminal:report.txt", "--junit-xml=report.xml",
    )  # fmt: skip
    assert result.ret == 1
    assert sorted(lines(result)) == [
        "zebu: . is not written: Is a directory",
        "zebu: /dev/full is not written: No space left on device",
        "zebu: /dev/full is not written: No space left on device",
        "zebu: zebu.toml/snapshot is not written: zebu.toml is no folder",
    ]
    assert report["hosts"][0]["stages"]["pre_deployment"]["passed"] == 1
    assert (project.path / "report.txt").read_text().startswith("==== readiness of lab, version v1.2.0 ====\n")
    assert "no-passwords" in (project.path / "report.xml").read_text()


@pytest.mark.hostile("files")
def test_a_page_that_never_could_be_written_is_said_at_the_end(run: Run) -> None:
    result, report = run(*PASSING, "--html=zebu.toml/report.html")
    assert lines(result) == ["zebu: zebu.toml/report.html is not written: zebu.toml is no folder"]
    assert result.ret == 1
    assert report["hosts"][0]["stages"]["pre_deployment"]["passed"] == 1


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
    result = project.runpytest_inprocess(*QUIET, "--zebu-replay=snapshot.json", "--zebu-report=docx:report.docx")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["*zebu: --zebu-report=docx:report.docx: there is no type of report 'docx'; types: badge, *"]
    )
