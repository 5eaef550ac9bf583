"""The badge: what it says of which run, as SVG and for shields.io."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest

from pytest_zebu.catalogue import SCORED, Stage
from pytest_zebu.reports import badge
from pytest_zebu.reports.badge import HEIGHT, WIDTHS, Badge, Colour, width_of
from pytest_zebu.reports.report import Access, HostReport, Report
from pytest_zebu.verdict.outcome import Outcome
from pytest_zebu.verdict.readiness import Tally
from tests.reports import eight_faults, filled
from tests.reports.made_up import FIRST, REPORT, SECOND, THIRD

SCHEMA = json.loads((Path(__file__).parents[1] / "data/schemas/shields-endpoint.schema.json").read_text())


def tally(passed: int = 10, waived: int = 0, unseen: int = 0, *, partial: bool = False) -> Tally:
    counts = dict.fromkeys(Outcome, 0) | {Outcome.PASSED: passed, Outcome.WAIVED: waived, Outcome.NOT_ASSESSED: unseen}
    return Tally(counts, 80, partial=partial)


def host(name: str = "vm", /, **found: Tally) -> HostReport:
    """A host that is ready, except for what is said."""
    stages = {stage: found.get(stage.value, tally()) for stage in SCORED}
    parts = tuple(stages.values())
    counts = {outcome: sum(part.counts[outcome] for part in parts) for outcome in Outcome}
    overall = Tally(counts, 100, partial=any(part.partial for part in parts), parts=parts)
    return HostReport(
        name, datetime(2026, 3, 29, 23, 59, tzinfo=UTC), "v1", Access(True, True, ""), stages, overall, SCORED,
        all(part.ready for part in parts), (),
    )  # fmt: skip


def said(*hosts: HostReport) -> tuple[str, Colour]:
    made = badge.badge(Report("1", 1.0, hosts))
    assert made.label == badge.LABEL
    return made.message, made.colour


READY = host()
WAIVED = host(pre_deployment=tally(9, 1))
RELAXED = replace(READY, relaxations=FIRST.relaxations)
SIMULATED = replace(RELAXED, simulated=("code forge",))
LOW = host(post_deployment=tally(5, 0, 5))
PARTIAL = host(pre_deployment=tally(0, 0, 10, partial=True), deployment_verification=tally(0, 0, 10, partial=True))
UNSEEN = host("vm", **{stage.value: tally(0, 0, 10) for stage in SCORED})


@pytest.mark.parametrize(("hosts", "message", "colour"), [
    ((READY,), "ready, 2026-03-29", Colour.GOOD), ((WAIVED,), "ready, with waivers, 2026-03-29", Colour.DECLARED),
    ((RELAXED,), "ready, relaxed, 2026-03-29", Colour.DECLARED), ((SIMULATED,), "ready, simulated, 2026-03-29", Colour.UNSURE),
    ((LOW,), "not ready, 2026-03-29", Colour.BAD), ((UNSEEN,), "no data, 2026-03-29", Colour.UNKNOWN), ((), "no data", Colour.UNKNOWN),
    ((FIRST,), "not ready, 1 non-negotiable, 2026-03-29", Colour.BAD), ((THIRD,), "not selected, 2026-03-29", Colour.UNKNOWN),
    ((PARTIAL,), "partial, 2026-03-29", Colour.UNSURE), ((replace(PARTIAL, selected_stages=(Stage.POST,), ready=True),), "partial, 2026-03-29", Colour.UNSURE),
    ((replace(PARTIAL, items=FIRST.items),), "partial, 2 failed, 2026-03-29", Colour.BAD),
    ((replace(PARTIAL, items=tuple(replace(item, non_negotiable=False) for item in FIRST.items)),), "partial, 2 failed, 2026-03-29", Colour.BAD),
    ((READY, READY), "2 of 2 hosts ready, 2026-03-29", Colour.GOOD), ((READY, SIMULATED), "2 of 2 hosts ready, simulated, 2026-03-29", Colour.UNSURE),
    ((READY, LOW), "1 of 2 hosts ready, 2026-03-29", Colour.BAD), ((READY, PARTIAL), "1 of 2 hosts ready, 2026-03-29", Colour.UNSURE),
    ((READY, replace(PARTIAL, ready=True)), "1 of 2 hosts ready, 2026-03-29", Colour.UNSURE), ((READY, UNSEEN), "1 of 2 hosts ready, 2026-03-29", Colour.UNKNOWN),
    ((UNSEEN, UNSEEN), "0 of 2 hosts ready, 2026-03-29", Colour.UNKNOWN), ((FIRST, SECOND, THIRD), "0 of 3 hosts ready, 2026-03-29", Colour.BAD),
])  # fmt: skip
def test_it_says_no_more_than_is_known(hosts: tuple[HostReport, ...], message: str, colour: Colour) -> None:
    assert said(*hosts) == (message, colour)


def test_it_is_as_old_as_the_oldest_host() -> None:
    old = replace(READY, at=datetime(2025, 12, 31, tzinfo=UTC))
    assert said(READY, old) == ("2 of 2 hosts ready, 2025-12-31", Colour.GOOD)


@pytest.mark.parametrize(
    "report", [REPORT, filled.REPORT, Report("1", 1.0, (SIMULATED,))], ids=["made up", "filled", "ready"]
)
def test_shields_takes_it(report: Report) -> None:
    document = json.loads(badge.Endpoint.render(report))
    jsonschema.validate(document, SCHEMA, jsonschema.Draft202012Validator)
    assert document["message"] == badge.badge(report).message


def test_the_drawing_holds_its_words() -> None:
    for report in (REPORT, eight_faults.report(), Report("1", 1.0, (SIMULATED, WAIVED))):
        made = badge.badge(report)
        svg = ElementTree.fromstring(badge.render(report))
        space = "{http://www.w3.org/2000/svg}"
        assert (svg.tag, svg.attrib["role"], svg.attrib["aria-label"]) == (
            f"{space}svg",
            "img",
            f"{made.label}: {made.message}",
        )
        assert svg.findtext(f"{space}title") == f"{made.label}: {made.message}"
        texts = list(svg.iter(f"{space}text"))
        assert [text.text for text in texts] == [made.label, made.message]
        whole, left, joint = svg.iter(f"{space}rect")
        assert whole.attrib["width"] == svg.attrib["width"]
        assert whole.attrib["fill"] == made.colour.value[1]
        begin = int(left.attrib["width"])
        assert int(joint.attrib["x"]) + int(joint.attrib["width"]) == begin
        for text, (start, end) in zip(texts, ((0, begin), (begin, int(whole.attrib["width"]))), strict=True):
            assert int(text.attrib["x"]) == start + badge.BESIDE
            assert int(text.attrib["textLength"]) == end - start - 2 * badge.BESIDE == width_of(text.text or "")
        assert not [element for element in svg.iter() if "id" in element.attrib]
        assert int(svg.attrib["height"]) == HEIGHT
        assert int(svg.attrib["width"]) < 500


def test_nothing_of_a_host_is_on_it() -> None:
    for report in (REPORT, filled.REPORT):
        made = badge.badge(report)
        assert set(made.label + made.message) <= WIDTHS.keys()


def luminance(colour: str) -> float:
    """As WCAG 2 reckons it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("colour", Colour)
def test_white_letters_are_read_on_every_colour(colour: Colour) -> None:
    name, shown = Badge("x", colour).colour.value
    assert 1.05 / (luminance(shown) + 0.05) >= 4.5  # WCAG 2.2, 1.4.3
    assert name
