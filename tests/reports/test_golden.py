"""Each format on a made-up report, compared with what it is known to make of it. To renew: python -m tests.reports.test_golden"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pytest_zebu import reports
from pytest_zebu.catalogue import SCORED
from pytest_zebu.reports import html, terminal
from pytest_zebu.reports import json as json_format
from pytest_zebu.verdict.outcome import Outcome
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
    "report.txt": lambda: terminal.render(REPORT),
    "page.html": page,
}


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_makes_what_it_made(name: str) -> None:
    known = (GOLDEN / name).read_text(encoding="utf-8")
    assert FORMATS[name]() == known, f"if this is meant, renew {name}: python -m tests.reports.test_golden"


def test_the_made_up_report_has_every_outcome_and_adds_up() -> None:
    assert {item.outcome for item in ITEMS} == set(Outcome)
    for host in (FIRST, SECOND):
        for stage in SCORED:
            found = Counter(item.outcome for item in host.items if item.stage is stage)
            assert {outcome: found[outcome] for outcome in Outcome} == host.stages[stage].counts


def test_the_json_fits_its_schema() -> None:
    schema: dict[str, Any] = json.loads(Path(reports.__path__[0], "report.schema.json").read_text())
    of_hosts = schema["properties"]["hosts"]["items"]["properties"]
    assert (of_hosts["items"].pop("minItems"), of_hosts["items"].pop("maxItems")) == (196, 196)
    document = json.loads(json_format.render(REPORT))
    jsonschema.validate(document, schema, jsonschema.Draft202012Validator)
    known = {name: set(part["properties"]) for name, part in (
        ("document", schema), ("host", schema["properties"]["hosts"]["items"]), ("item", of_hosts["items"]["items"]),
        ("tally", schema["$defs"]["tally"]),
    )}  # fmt: skip
    host = document["hosts"][0]
    found = {"document": document, "host": host, "item": host["items"][0], "tally": host["overall"]}
    assert {name: set(part) for name, part in found.items()} == known, "the schema describes all that is written"


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
        (GOLDEN / file).write_text(render(), encoding="utf-8")
