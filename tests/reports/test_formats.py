"""Formats are found, named and written, each on its own."""

from __future__ import annotations

import importlib.metadata
import tomllib
from dataclasses import replace
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest

from pytest_zebu.files import check_writable, write_whole
from pytest_zebu.plugin.options import OPTIONS
from pytest_zebu.reports import formats, html, markdown, terminal
from pytest_zebu.reports.formats import Destination
from pytest_zebu.reports.report import Report
from pytest_zebu.settings.errors import UsageProblem
from tests.reports import filled
from tests.reports.made_up import FIRST, REPORT


class Broken:
    """A format of somebody else's."""

    @staticmethod
    def render(report: Report) -> str:
        raise KeyError(report.hosts[0].name)


class Surrogate:
    """A format that gives what no file can hold."""

    @staticmethod
    def render(report: Report) -> str:
        return report.hosts[0].name + "\udc80"


@pytest.fixture
def others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Formats that other packages bring, beside ours."""
    ours = importlib.metadata.entry_points(group=formats.GROUP)
    theirs = [EntryPoint(name, f"{__name__}:{name.title()}", formats.GROUP) for name in ("broken", "surrogate")]
    found = EntryPoints([*ours, *theirs])
    monkeypatch.setattr(formats, "entry_points", lambda **wanted: found.select(**wanted))


OURS = {"badge", "badge-json", "ctrf", "html", "ical", "json", "json-full", "junit", "markdown", "terminal"}
PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"


def test_ours_are_found_as_others_are() -> None:
    declared = tomllib.loads(PYPROJECT.read_text())["project"]["entry-points"][formats.GROUP]
    assert declared.keys() >= OURS
    assert set(formats.names()) == declared.keys(), "the package is to be installed anew: pip install -e ."


def test_the_options_help_and_the_documents_name_every_type() -> None:
    (option,) = [option for option in OPTIONS if option.name == "report"]
    document = (PYPROJECT.parent / "docs/reports.md").read_text()
    for name in formats.names():
        assert f" {name}," in option.help
    for name in OURS:
        assert f"| `{name}` |" in document


@pytest.mark.parametrize("name", formats.names())
def test_each_of_ours_makes_text_of_any_report(name: str) -> None:
    for report in (REPORT, filled.REPORT, replace(REPORT, hosts=REPORT.hosts[2:])):
        assert formats.text_of(report, name).strip()


def test_a_destination_is_a_type_and_a_file() -> None:
    assert Destination.parse("json:out/a:b.json") == Destination("json", Path("out/a:b.json"))


@pytest.mark.parametrize("text", ["json", "json:", "", ":", "file.json"])
def test_a_destination_without_a_file_is_refused(text: str) -> None:
    with pytest.raises(UsageProblem, match=r"^--zebu-report=.*: write TYPE:FILE; types: badge, .*json, .*terminal$"):
        Destination.parse(text)


def test_standard_output_is_a_file_as_others() -> None:
    with pytest.raises(
        UsageProblem, match=r"^--here=json:-: write TYPE:FILE \(/dev/stdout is standard output\); types: "
    ):
        Destination.parse("json:-", "--here")


@pytest.mark.parametrize("text", ["xml:report.xml", ":report", "JSON:report", "report.json:json"])
def test_an_unknown_type_lists_those_that_there_are(text: str) -> None:
    with pytest.raises(
        UsageProblem, match=r"^--zebu-report=.*: there is no type of report .*; types: badge, .*terminal$"
    ):
        Destination.parse(text)
    assert formats.known("json") == "json"
    with pytest.raises(
        UsageProblem, match=r"^there is no type of report 'markdwn'; types: .*; did you mean 'markdown'\?$"
    ):
        formats.known("markdwn")


def test_the_option_for_json_is_the_same_as_the_type() -> None:
    assert formats.destinations(["terminal:a"], "b") == (
        Destination("terminal", Path("a")),
        Destination("json", Path("b")),
    )
    with pytest.raises(UsageProblem, match=r"^--zebu-json=json:a: a is named for the type terminal already$"):
        formats.destinations(["terminal:a"], "a")


def test_two_formats_in_one_file_are_refused() -> None:
    assert formats.destinations(["json:a", "terminal:b", "json:a"]) == (
        Destination("json", Path("a")),
        Destination("terminal", Path("b")),
    )
    with pytest.raises(UsageProblem, match="a is named for the type json already"):
        formats.destinations(["json:a", "terminal:./a"])


@pytest.mark.usefixtures("others")
@pytest.mark.hostile("files")
def test_a_report_that_fails_keeps_no_other_from_being_written(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    wanted = [
        ("broken", "broken"), ("surrogate", "surrogate"), ("json", "folder"), ("json", "file/report.json"),
        ("json", "report.json"), ("terminal", "new/report.txt"),
    ]  # fmt: skip
    troubles = formats.write(REPORT, [Destination(name, tmp_path / path) for name, path in wanted])
    assert troubles == (
        f"{tmp_path}/broken: the format broken broke: KeyError: 'vm'",
        f"{tmp_path}/surrogate is not written: 'utf-8' codec can't encode character '\\udc80' in position 2: surrogates not allowed",
        f"{tmp_path}/folder is not written: Is a directory",
        f"{tmp_path}/file/report.json is not written: {tmp_path}/file is no folder",
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder", "new", "report.json"]
    assert (tmp_path / "new/report.txt").read_text() == formats.load("terminal").render(REPORT)


@pytest.mark.hostile("files")
def test_a_full_disk_is_a_line_and_a_device_is_never_replaced() -> None:
    before = Path("/dev/full").stat()
    assert formats.write(REPORT, [Destination("json", Path("/dev/full"))]) == (
        "/dev/full is not written: No space left on device",
    )
    assert Path("/dev/full").stat().st_rdev == before.st_rdev != 0


def test_whether_a_file_can_be_written_is_found_out_without_a_trace(tmp_path: Path) -> None:
    write_whole(tmp_path / "old", "text")
    for path in (tmp_path / "old", tmp_path / "new/file", Path("/dev/null")):
        check_writable(path)
    assert (tmp_path / "old").read_text() == "text"
    assert list((tmp_path / "new").iterdir()) == []
    for path in (tmp_path, tmp_path / "old/file"):
        with pytest.raises(OSError, match=r"Is a directory|File exists|Not a directory"):
            check_writable(path)


def test_a_run_without_a_file_that_found_nothing_says_what_to_write_into_one() -> None:
    """Whoever may see the least needs the most help."""
    host = replace(FIRST, discovered=(), suggested=("[domains]", 'site = "zebu.example.org"  # opens 30 items: x'))
    (no_file,) = [line.text for line in terminal.summary(host) if "there is no zebu.toml" in line.text]
    assert "nothing that it would say was discovered" in no_file
    report = replace(REPORT, hosts=(host,))
    assert "**No zebu.toml**: nothing discovered" in markdown.render(report)
    page = html.render(report)
    assert "<b>No zebu.toml:</b> nothing that it would say was discovered" in page
    assert "site = &#34;zebu.example.org&#34;" in page
