"""Each format on a made-up report, compared with what it is known to make of it. To renew: python -m tests.reports.test_golden"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_zebu.catalogue import SCORED
from pytest_zebu.reports import badge, ctrf, html, ical, junit, markdown, terminal
from pytest_zebu.reports import json as json_format
from pytest_zebu.verdict.outcome import Outcome
from tests.reports import filled
from tests.reports.made_up import FIRST, ITEMS, REPORT, SECOND

GOLDEN = Path(__file__).parent / "golden"


def page() -> str:
    """What pytest-html is given, without the script."""
    beside = (
        html.Beside("test_own.py::test_<own>", "E   AssertionError: <script>alert(2)</script>"),
        html.Beside("test_ours.py::test_it[pre.database.broken]", "E   KeyError: 'x'", is_check=True),
    )
    cells = ["<td>Failed</td>", "<td>test_own.py::test_<own></td>", "<td>1 ms</td>", "<td></td>"]
    parts = [
        html.title(host.name for host in REPORT.hosts),
        html.body(REPORT, beside).partition(html.END)[0],
        *html.HEADER,
        *html.row(cells, "test_own.py::test_<own>"),
        *html.row(cells, "test_it[post.monitoring.advice]", Outcome.ADVICE),
        html.log("vm", "post.monitoring.advice"),
    ]
    return "\n".join(parts) + "\n"


FORMATS: dict[str, Callable[[], str]] = {
    "report.json": lambda: json_format.render(REPORT),
    "report-full.json": lambda: json_format.Full.render(replace(REPORT, hosts=REPORT.hosts[:1])),
    "report.txt": lambda: terminal.render(REPORT),
    "report.md": lambda: markdown.render(filled.REPORT),
    "junit.xml": lambda: junit.render(filled.REPORT),
    "ctrf.json": lambda: ctrf.render(filled.REPORT),
    "badge.svg": lambda: badge.render(replace(REPORT, hosts=(FIRST,))),
    "badge.json": lambda: badge.Endpoint.render(REPORT),
    "tasks.ics": lambda: ical.render(filled.REPORT),
    "page.html": page,
}


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_makes_what_it_made(name: str) -> None:
    known = (GOLDEN / name).read_bytes().decode()  # a calendar has ends of lines of its own
    assert FORMATS[name]() == known, f"if this is meant, renew {name}: python -m tests.reports.test_golden"


def test_the_made_up_report_has_every_outcome_and_adds_up() -> None:
    assert {item.outcome for item in ITEMS} == set(Outcome)
    for host in (FIRST, SECOND):
        for stage in SCORED:
            found = Counter(item.outcome for item in host.items if item.stage is stage)
            assert {outcome: found[outcome] for outcome in Outcome} == host.stages[stage].counts


def test_no_escape_reaches_a_terminal_and_no_line_is_forged() -> None:
    text = terminal.render(REPORT)
    assert not [character for character in text if character != "\n" and not character.isprintable()]
    assert not [line for line in text.splitlines() if line.startswith("READY")]


@pytest.mark.parametrize("more", [0, 1])
def test_what_is_left_out_of_evidence_is_counted_and_only_that(more: int) -> None:
    item = replace(ITEMS[1], evidence=ITEMS[1].evidence[: terminal.SHOWN_EVIDENCE + more])
    assert [line for line in terminal.finding_lines(item) if "more" in line] == ["    seen: and 1 more"] * more


def test_no_markup_reaches_the_page() -> None:
    text = page()
    assert "&lt;script&gt;alert(&#34;1&#34;)" in text
    assert "<script>alert" not in text
    assert "test_&lt;own&gt;" in text
    assert "\x1b" not in text


if __name__ == "__main__":
    for file, render in FORMATS.items():
        (GOLDEN / file).write_bytes(render().encode())
