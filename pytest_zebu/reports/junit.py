"""JUnit XML of the whole report: a suite per stage, a case per item that this run was to judge.

The form is that of Jenkins's schema (junit-10.xsd) with one thing more, as pytest writes it and as JUnit's readers take it:
properties inside a case.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from pytest_zebu.catalogue import Stage
from pytest_zebu.reports.report import HostReport, ItemReport, Report
from pytest_zebu.shown import clean, clean_line, some
from pytest_zebu.verdict.outcome import Finding, Outcome

SUCCEEDED = (Outcome.PASSED, Outcome.ATTESTED)
MOST_PROPERTIES = 50
"""Of pieces of evidence, each a property of its own."""
SHORT = 300
"""Characters of a text that is kept, cleaned, for the next host of which it is said."""


def properties(found: Finding | ItemReport) -> list[tuple[str, str]]:
    """What JUnit's readers are told of an item beside its message: pairs of a name and a value."""
    pairs = [("outcome", found.outcome.value), ("reason", found.reason), ("fix", found.fix)]
    evidence = some(found.evidence[:MOST_PROPERTIES])
    if len(found.evidence) > MOST_PROPERTIES:
        evidence[-1] = f"and {len(found.evidence) - MOST_PROPERTIES + 1} more"
    pairs += [("evidence", text) for text in evidence]
    return [(name, _cleaned(value) if len(value) <= SHORT else clean_line(value)) for name, value in pairs if value]


@lru_cache(maxsize=4096)
def _cleaned(text: str) -> str:
    """Of many hosts much the same is said."""
    return clean_line(text)


def _properties(parent: Element, pairs: Iterable[tuple[str, str]]) -> None:
    made = SubElement(parent, "properties")
    for name, value in pairs:
        SubElement(made, "property", name=name, value=clean_line(value))


def _message(item: ItemReport) -> str:
    lines = [item.reason, *(f"seen: {text}" for text in some(item.evidence)), f"fix: {item.fix}" if item.fix else ""]
    return clean("\n".join(clean_line(line) for line in lines if line))


def _case(suite: Element, item: ItemReport, prefix: str) -> str:
    """Add an item's case.

    Returns:
        Which of the suite's counts it belongs to, if to any.
    """
    place = f"{prefix}{item.stage.value}.{item.category}"
    case = SubElement(suite, "testcase", classname=clean_line(place, 300), name=clean_line(item.item, 300), time="0")
    also = [("id", item.item), ("text", item.text), ("stage", item.stage.value), ("category", item.category)]
    _properties(case, [*also, *properties(item)])
    if item.broken:
        kind, label = "error", "the check broke"
    elif item.outcome is Outcome.FAILED:
        kind, label = "failure", item.outcome.label
    elif item.outcome in SUCCEEDED:
        return ""
    else:
        kind, label = "skipped", item.outcome.label
    shown = SubElement(case, kind, type=item.outcome.value, message=clean_line(f"{label}: {item.reason}"))
    shown.text = _message(item)
    return kind


def _suite(suites: Element, host: HostReport, stage: Stage, prefix: str) -> None:
    items = [item for item in host.selected if item.stage is stage]
    if not items:
        return
    suite = SubElement(
        suites, "testsuite", name=clean_line(f"{host.name}: {stage.label}", 300), package=stage.value,
        hostname=clean_line(host.name, 300), timestamp=f"{host.at:%Y-%m-%dT%H:%M:%S}", time="0",
    )  # fmt: skip
    about = [("host", host.name), ("version", host.version), ("simulated", ", ".join(host.simulated))]
    if tally := host.stages.get(stage):
        score = "" if tally.score_with_waivers is None else str(tally.score_with_waivers)
        about += [("ready", str(tally.ready).lower()), ("score", score), ("threshold", str(tally.threshold))]
        about += [
            ("partial", str(tally.partial).lower()),
            ("verdict", f"{host.verdict_of(stage).value}: {host.why(stage)}"),
        ]
    about += [("relaxed", f"{one.key} = {one.declared} (checklist: {one.checklist})") for one in host.relaxations]
    _properties(suite, [(name, value) for name, value in about if value])
    kinds = [_case(suite, item, prefix) for item in items]
    counts = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    suite.attrib |= {"tests": str(len(items)), **{name: str(kinds.count(kind)) for name, kind in counts.items()}}


def render(report: Report) -> str:
    """The document."""
    suites = Element("testsuites", name="pytest-zebu")
    for host in report.hosts:
        prefix = f"{host.name}." if len(report.hosts) > 1 else ""
        for stage in Stage:
            _suite(suites, host, stage, prefix)
    for name in ("tests", "failures", "errors"):
        suites.set(name, str(sum(int(suite.attrib[name]) for suite in suites)))
    ElementTree.indent(suites)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ElementTree.tostring(suites, encoding="unicode")}\n'
