"""What is ours of the page that pytest-html writes: the panels on top, and the rows. The template engine escapes it all."""

from __future__ import annotations

import re
from collections.abc import Iterable

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from pytest_zebu.reports.report import CLOCK, HostReport, ItemReport, Report
from pytest_zebu.shown import MOST_ENTRIES, clean, clean_line, some
from pytest_zebu.verdict.outcome import Outcome

BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
PICTURE_LIMIT = 4_000_000
"""Of characters; a picture of a page has a tenth of it."""
MOST_PICTURES = 40
SAFE = (
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'unsafe-inline'; "
    "style-src 'unsafe-inline'; img-src data:; media-src data:; base-uri 'none'; form-action 'none'\">"
)
"""What the page may do: it asks for nothing, wherever it is shown. pytest-html's scripts and styles stand in it."""
HEAD = '<meta charset="utf-8"/>'


def guarded(page: str) -> str:
    """A page of pytest-html that says what it may do; one that begins in another way stays as it is."""
    return page if SAFE in page else page.replace(HEAD, HEAD + SAFE, 1)


def _plain(value: object) -> object:
    """Clean text; what a template made itself stays as it is."""
    return clean(value) if type(value) is str else value


_TEMPLATES = Environment(
    loader=PackageLoader("pytest_zebu", "reports"),
    autoescape=True,
    finalize=_plain,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.globals |= {"some": some, "most": MOST_ENTRIES}
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


def title(names: Iterable[str]) -> str:
    """The page's title."""
    return clean_line(f"Production readiness: {', '.join(names)}", 300)


def panels(report: Report) -> list[str]:
    """What stands above the rows: a panel for each host, and what chooses the rows that are shown."""
    return [*(_panel(host, report.seconds) for host in report.hosts), _filters()]


def _panel(host: HostReport, seconds: float) -> str:
    """Verdict, host, time, duration, deployed version, stages, categories, changes, what was relaxed or simulated."""
    return _TEMPLATES.get_template("panel.html").render(host=host, clock=CLOCK, seconds=seconds, outcomes=list(Outcome))


def _filters() -> str:
    """By our outcomes; pytest-html's own filters know only its own."""
    return _TEMPLATES.get_template("filters.html").render(outcomes=list(Outcome))


def row(item: ItemReport) -> list[str]:
    """The cells of an item."""
    result = "Failed" if item.broken else RESULTS.get(item.outcome, "Skipped")
    pictures = [
        (caption, Markup(picture))  # noqa: S704 (it is letters and digits)
        for caption, picture in item.pictures[:MOST_PICTURES]
        if len(picture) <= PICTURE_LIMIT and BASE64.fullmatch(picture)
    ]
    what = _TEMPLATES.get_template("finding.html").render(item=item, pictures=pictures)
    mark = f'data-outcome="{item.outcome.value}"{" data-broken" if item.broken else ""}'
    return [
        f'<td class="col-result" hidden>{result}</td>',
        f'<td class="col-outcome outcome {item.outcome.value}" {mark}>{escape(item.outcome.label)}</td>',
        f'<td class="col-item">{escape(item.item)}</td>',
        f'<td class="col-stage">{escape(item.stage.label)}</td>',
        f'<td class="col-category">{escape(item.category_label)}</td>',
        f'<td class="col-what">{what}</td>',
    ]


def foreign_row(node_id: str, outcome: str) -> list[str]:
    """The cells of a test that is not the checklist's."""
    return [
        f'<td class="col-result" hidden>{escape(outcome.capitalize())}</td>',
        f'<td class="col-outcome outcome" data-outcome="other">{escape(outcome)}</td>',
        f'<td class="col-item" colspan="4">{escape(clean_line(node_id))}</td>',
    ]
