"""The JSON report: its schemas, and what they promise."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pytest_zebu import reports
from pytest_zebu.reports import json as json_format
from pytest_zebu.reports.report import Report, Seen
from tests.reports import eight_faults, filled
from tests.reports.made_up import FIRST, ITEMS, PICTURE, REPORT

FOLDER = Path(reports.__path__[0])
GOLDEN = Path(__file__).parent / "golden"


def schema(name: str, *, is_whole: bool) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / name).read_text())
    items = found["properties"]["hosts"]["items"]["properties"]["items"]
    assert (items["minItems"], items["maxItems"]) == (196, 196)
    if not is_whole:
        del items["minItems"], items["maxItems"]
    return found


def fits(document: Any, name: str = "report.schema.json", *, is_whole: bool = False) -> None:
    made = schema(name, is_whole=is_whole)
    jsonschema.Draft202012Validator.check_schema(made)
    jsonschema.validate(
        document, made, jsonschema.Draft202012Validator, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )


@pytest.mark.parametrize("report", [REPORT, filled.REPORT], ids=["made up", "filled"])
def test_the_document_fits_its_schema(report: Report) -> None:
    fits(json.loads(json_format.render(report)))
    fits(json.loads(json_format.Full.render(report)))


def test_a_judged_report_fits_its_schema_and_stays_small() -> None:
    text = json_format.render(eight_faults.report())
    fits(json.loads(text), is_whole=True)
    assert len(text) < 600_000


def test_what_was_written_in_schema_1_fits_its_schema() -> None:
    fits(json.loads((GOLDEN / "report-1.json").read_text()), "report.schema-1.json")


@pytest.mark.parametrize(("place", "value"), [
    (("schema",), 1), (("ready",), "yes"), (("hosts",), []), (("more",), 1), (("hosts", 0, "at"), None),
    (("hosts", 0, "stages", "operations"), {}), (("hosts", 0, "overall", "failed"), -1), (("hosts", 0, "items", 0, "outcome"), "skipped"),
    (("hosts", 0, "items", 0, "evidence", 0), "a text"), (("hosts", 0, "tasks", 0, "due"), "soon"),
    (("hosts", 0, "plan", 0, "kind"), "hope"), (("hosts", 0, "trend", 0, "scores", "incident"), 1.0),
])  # fmt: skip
def test_the_schema_refuses_what_is_no_report(place: tuple[str | int, ...], value: Any) -> None:
    document = json.loads(json_format.render(filled.REPORT))
    at = document
    for name in place[:-1]:
        at = at[name]
    at[place[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        fits(document)


def _described(made: Any, defs: dict[str, Any]) -> Any:
    while "$ref" in made:
        made = defs[made["$ref"].removeprefix("#/$defs/")]
    for one in made.get("anyOf", ()):
        if one.get("type") != "null":
            return _described(one, defs)
    return made


def _unsaid(value: Any, made: Any, defs: dict[str, Any], place: str = "") -> list[str]:
    """The keys of a schema that a document has nowhere."""
    made = _described(made, defs)
    if isinstance(value, dict) and "properties" in made:
        found = [f"{place}.{name}" for name in made["properties"] if name not in value]
        return found + [
            key
            for name, held in value.items()
            for key in _unsaid(held, made["properties"][name], defs, f"{place}.{name}")
        ]
    if isinstance(value, list) and "items" in made:
        each = [set(_unsaid(held, made["items"], defs, place)) for held in value]
        return sorted(set.intersection(*each)) if each else [place]
    return []


def test_the_schema_describes_no_more_than_is_written() -> None:
    made = schema("report.schema.json", is_whole=False)
    document = json.loads(json_format.Full.render(filled.REPORT))
    unsaid = _unsaid(document, made, made["$defs"])
    # Where evidence reads as its parts do, it is not written twice; the others are empty lists here.
    assert set(unsaid) <= {
        ".hosts.items.lines", ".hosts.simulated", ".hosts.relaxed", ".hosts.changes.items",
        *(f".hosts.stages.{stage}.blockers" for stage in ("deployment_verification", "post_deployment")),
    }  # fmt: skip


def test_lines_that_are_the_parts_are_not_written_twice() -> None:
    items = json.loads(json_format.render(filled.REPORT))["hosts"][0]["items"]
    assert "lines" not in items[0]
    odd = replace(filled.ITEM, evidence=("another line",))
    document = json.loads(json_format.render(replace(REPORT, hosts=(replace(FIRST, items=(odd,)),))))
    (item,) = document["hosts"][0]["items"]
    assert item["lines"] == ["another line"]
    assert [part["text"] for part in item["evidence"]] == ["key", "port 22"]


def test_evidence_that_has_no_parts_is_split_by_its_cases() -> None:
    assert json_format.parts(replace(ITEMS[0], seen=())) == (Seen("key", "root"), Seen("port 22"))
    assert json_format.parts(replace(ITEMS[0], seen=(Seen("x"),))) == (Seen("x"),)
    assert json_format.parts(replace(ITEMS[0], seen=(), evidence=())) == ()


def test_pictures_are_in_the_full_document_only() -> None:
    assert PICTURE not in json_format.render(filled.REPORT)
    item = replace(ITEMS[1], pictures=(("right", PICTURE), ('" onerror="', "<svg>"), ("long", "A" * 4_000_001)))
    report = replace(REPORT, hosts=(replace(FIRST, items=(ITEMS[0], item)),))
    first, second = json.loads(json_format.Full.render(report))["hosts"][0]["items"]
    assert "pictures" not in first
    assert second["pictures"] == [{"caption": "right", "jpeg": PICTURE}]


def test_times_have_their_zone() -> None:
    document = json.loads(json_format.render(replace(REPORT, at=FIRST.at)))
    assert document["at"] == "2026-03-29T01:59:00+00:00" == document["hosts"][0]["at"]
    assert json.loads(json_format.render(replace(REPORT, at=None)))["at"] is None
