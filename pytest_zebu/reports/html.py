"""The parts of the HTML report that are ours: the panel on top, and the rows. Everything is escaped by the template engine."""

from __future__ import annotations

import time
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import escape

from pytest_zebu.catalogue import SCORED
from pytest_zebu.plugin.run import Run
from pytest_zebu.verdict.outcome import Finding, Outcome
from pytest_zebu.verdict.readiness import Tally, percentage

_TEMPLATES = Environment(
    loader=PackageLoader("pytest_zebu", "reports"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
HEADER = [
    '<th class="sortable" data-column-type="result" hidden>Result</th>',
    '<th class="sortable" data-column-type="outcome">Outcome</th>',
    '<th class="sortable" data-column-type="item">Item</th>',
    '<th class="sortable" data-column-type="stage">Stage</th>',
    '<th class="sortable" data-column-type="category">Category</th>',
    "<th>What was found, and how to mend it</th>",
]
RESULTS = {Outcome.PASSED: "Passed", Outcome.ATTESTED: "Passed", Outcome.FAILED: "Failed"}
"""What pytest-html's script calls an outcome; whatever else is "Skipped". It leaves out rows whose result is no word of
its own, so that word stands in a hidden cell, and ours in the next."""


def panel(run: Run, name: str) -> str:
    """Stages, categories, verdict, host, time, duration, deployed version."""
    readiness = run.readiness(name)
    snapshot = run.known_snapshots().get(name)
    categories: dict[tuple[str, str], dict[str, int]] = {}
    for item, finding in zip(run.catalogue, readiness.findings, strict=True):
        if item.stage in SCORED:
            row = categories.setdefault(
                (item.stage.label, item.category.replace("_", " ")), {outcome.value: 0 for outcome in Outcome}
            )
            row[finding.outcome.value] += 1
    since, changes = run.changes(name)
    return _TEMPLATES.get_template("panel.html").render(
        since=f"{since:%Y-%m-%d %H:%M} UTC" if since else "",
        changes=changes,
        host=name,
        ready=readiness.ready,
        version=run.deployed_version(name) or "unknown",
        time=time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(snapshot.gathered.time if snapshot else run.started)),
        seconds=time.time() - run.started,
        trouble=snapshot.trouble if snapshot else "",
        stages=[(stage.label, readiness.stages[stage], _width(readiness.stages[stage])) for stage in SCORED],
        categories=[(stage, category, row, sum(row.values())) for (stage, category), row in categories.items()],
        outcomes=list(Outcome),
        relaxations=run.targets[name].settings.relaxations,
        simulated=run.targets[name].settings.simulated,
        selected=len(readiness.selected),
        total=len(run.catalogue),
    )


def _width(tally: Tally) -> float:
    return percentage(tally.share_with_waivers) if tally.share_with_waivers is not None else 0.0


def filters() -> str:
    """What chooses the rows that are shown, by our outcomes; pytest-html's own filters know only its own."""
    return _TEMPLATES.get_template("filters.html").render(outcomes=list(Outcome))


def row(run: Run, finding: Finding) -> list[str]:
    """The cells of an item."""
    item = run.catalogue[finding.item]
    in_cases = {f"{case.name}: {part}" for case in finding.cases for part in case.seen}
    besides = [seen for seen in finding.evidence if seen not in in_cases]
    body = _TEMPLATES.get_template("finding.html").render(item=item, finding=finding, seen_besides=besides)
    result = "Failed" if finding.broken else RESULTS.get(finding.outcome, "Skipped")
    cells: list[Any] = [
        f'<td class="col-result" hidden>{result}</td>',
        f'<td class="col-outcome outcome {finding.outcome.value}" data-outcome="{finding.outcome.value}"{" data-broken" if finding.broken else ""}>{escape(finding.outcome.label)}</td>',
        f'<td class="col-item">{escape(item.id)}</td>',
        f'<td class="col-stage">{escape(item.stage.label)}</td>',
        f'<td class="col-category">{escape(item.category.replace("_", " "))}</td>',
        f'<td class="col-what">{body}</td>',
    ]
    return cells


def foreign_row(node_id: str, outcome: str) -> list[str]:
    """The cells of a test that is not the checklist's."""
    return [
        f'<td class="col-result" hidden>{escape(outcome.capitalize())}</td>',
        f'<td class="col-outcome outcome" data-outcome="other">{escape(outcome)}</td>',
        f'<td class="col-item" colspan="4">{escape(node_id)}</td>',
    ]
