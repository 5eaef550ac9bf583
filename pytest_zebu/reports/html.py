"""The report as a page: one file that asks for nothing beside itself. The template engine escapes all that it says.

pytest-html writes the page of `--html`: what is ours stands in it by its hooks, and `composed` puts that first.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from msgspec import Struct
from msgspec.structs import replace

from pytest_zebu.catalogue import Source, Stage
from pytest_zebu.reports.chapters import STAGES, chapters
from pytest_zebu.reports.pictures import sound
from pytest_zebu.reports.report import CLOCK, Change, ItemReport, PastReport, Report, Seen, Verdict
from pytest_zebu.shown import MOST_ENTRIES, clean, clean_line, clean_lines, some
from pytest_zebu.verdict.outcome import Case, Outcome

MOST_BESIDE = 200
"""Of tests beside the checklist that are shown with their text; pytest-html's own table has them all."""
SHOWN_STEPS = 10
"""Of the plan, before the fold."""
SHOWN_BLOCKERS = 5
"""Of a stage, before the fold."""
SHOWN_CHANGES = 10
"""Of one comparison, before the fold."""
SHOWN_PASSED = 4
"""Of the passed cases of an item that is open, before the fold."""
ORDER = (
    Outcome.FAILED,
    Outcome.NOT_ASSESSED,
    Outcome.WAIVED,
    Outcome.ADVICE,
    Outcome.ATTESTED,
    Outcome.PASSED,
    Outcome.NOT_APPLICABLE,
)
"""How outcomes are told: what is open first."""
TONES = {
    Verdict.READY: "good",
    Verdict.NOT_READY: "bad",
    Verdict.PARTIAL: "none",
    Verdict.NO_DATA: "bad",
    Verdict.NOT_SELECTED: "none",
}
"""How verdicts are coloured: the classes of the style."""
KINDS: dict[Source, str] = {
    "V": "the machine, by ssh",
    "O": "outside",
    "P": "Proxmox",
    "N": "the reverse proxy",
    "B": "a browser",
    "R": "the checkout",
    "G": "the code forge",
    "A": "people",
    "X": "an active probe",
}
"""Where evidence comes from, for people."""
POLICY = (
    "default-src 'none'; script-src {script}; style-src {style}; img-src data:; media-src data:; base-uri 'none'; "
    "form-action 'none'"
)
"""What the page may do: it asks for nothing, wherever it is shown."""
INLINE = "'unsafe-inline'"
"""pytest-html's scripts and styles, and those of its other guests, stand in the page."""
HEAD = '<meta charset="utf-8"/>'
BEGIN, END = '<div id="zebu-report">', '<hr id="zebu-end" hidden></div>'
"""Between them stands what is ours; whatever a target says cannot make a tag."""
STYLE = "/* pytest-zebu */"
"""How our style begins: pytest-html's stands before it, other people's behind."""
LINK = re.compile(r"https?://[^\s<>\"'`\\;,]+[^\s<>\"'`\\;,.)]")
NO_NAME = re.compile(r"[^\w.-]", re.ASCII)


class Beside(Struct, frozen=True):
    """A test whose failure the checklist's items do not say: somebody's own that failed, or a check that broke.

    Attributes:
        name: as pytest calls it.
        text: what pytest shows of it.
        is_check: whether it is one of ours.
    """

    name: str
    text: str
    is_check: bool = False


class Line(Struct, frozen=True):
    """A stage's scores over the remembered runs, as a drawing: x from 0 to 100, y from 0 (above) to 30.

    Attributes:
        points: of the whole runs, for a line.
        dots: of the partial ones, whose scores say less.
        last: this run's.
        threshold: how far down the score lies that is needed.
        first_score: the first of the line, in per cent.
        last_score: the last of it.
    """

    points: str
    dots: tuple[tuple[float, float], ...]
    last: tuple[float, float]
    threshold: float
    first_score: float
    last_score: float


def _plain(value: object) -> object:
    """Clean text; what a template made itself stays as it is."""
    return clean(value) if type(value) is str else value


def prose(text: str) -> Markup:
    """Text of ours: what stands in backticks is code."""
    parts = clean(text).split("`")
    if len(parts) % 2 == 0:  # the last one closes nothing
        parts[-2:] = ["`".join(parts[-2:])]
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part) for place, part in enumerate(parts)
    )


def unsaid(commands: Iterable[str], text: str) -> list[str]:
    """The commands that do not stand in a text already."""
    return [one for one in commands if f"`{one}`" not in text]


def linked(text: str) -> Markup:
    """Text in which addresses can be followed."""
    shown, made, end = clean(text), Markup(""), 0
    for found in LINK.finditer(shown):
        made += escape(shown[end : found.start()])
        made += Markup('<a href="{0}" rel="noopener noreferrer">{0}</a>').format(found[0])
        end = found.end()
    return made + escape(shown[end:])


def anchor(kind: str, *names: str) -> str:
    """The name of a place on the page, such as an item's: no two have the same."""
    return "-".join([kind, *(NO_NAME.sub(lambda odd: f"~{ord(odd[0]):x}~", clean_line(name, 300)) for name in names)])


def drawn(trend: Sequence[PastReport], stage: Stage, threshold: int) -> Line | None:
    """The line of a stage; nothing where fewer than two whole runs are remembered."""
    found = [(place, past.scores.get(stage), past.is_partial) for place, past in enumerate(trend)]
    scores = [score for _, score, _ in found if score is not None]
    whole = [(place, score) for place, score, is_partial in found if score is not None and not is_partial]
    if len(whole) < 2:
        return None
    low = max(0.0, min(*scores, float(threshold)) - 4)

    def at(place: int, score: float) -> tuple[float, float]:
        return round(2 + 96 * place / (len(trend) - 1), 1), round(28 - 26 * (score - low) / (100 - low), 1)

    return Line(
        points=" ".join(f"{x},{y}" for x, y in (at(*one) for one in whole)),
        dots=tuple(at(place, score) for place, score, is_partial in found if score is not None and is_partial),
        last=at(*whole[-1]),
        threshold=at(0, threshold)[1],
        first_score=whole[0][1],
        last_score=whole[-1][1],
    )


def seen_of(item: ItemReport) -> tuple[Seen, ...]:
    """What was seen; where nobody told it in parts, by the cases."""
    if item.seen:
        return item.seen
    of_cases = (Seen(text, case.name) for case in item.cases for text in case.seen)
    return (*of_cases, *(Seen(text) for text in item.evidence_besides))


class Shown(Struct, frozen=True):
    """An item as it is laid out.

    Attributes:
        reason: why it came out so, unless its cases say just that.
        cases: those that are open first, each with what was seen of it.
        seen: what was seen that belongs to no case.
        more: of the cases, how many are not shown.
        more_seen: of what was seen, the same.
    """

    item: ItemReport
    is_open: bool
    reason: str
    cases: tuple[tuple[Case, tuple[Seen, ...]], ...]
    passed: tuple[tuple[Case, tuple[Seen, ...]], ...]
    seen: tuple[Seen, ...]
    more: int
    more_seen: int
    pictures: tuple[tuple[str, Markup], ...]


def shown(item: ItemReport) -> Shown:
    """How an item is laid out."""
    # Two cases may have one name: what was seen of them stands at the first.
    of_case: dict[str, list[Seen]] = {}
    besides = []
    names = {case.name for case in item.cases}
    parts = seen_of(item)
    for one in some(parts):
        if one.case in names:
            of_case.setdefault(one.case, []).append(one)
        else:
            besides.append(one)
    cases = [(case, tuple(of_case.pop(case.name, ()))) for case in some(item.cases)]
    is_open = item.outcome in (Outcome.FAILED, Outcome.NOT_ASSESSED)
    said = "; ".join(f"{case.name}: {case.reason}" for case in item.cases if case.outcome is item.outcome)
    passed = [one for one in cases if one[0].outcome is Outcome.PASSED] if is_open else []
    passed = passed if len(passed) > SHOWN_PASSED else []
    return Shown(
        item=item,
        is_open=item.is_selected and (is_open or item.broken),
        reason="" if said and said == item.reason else item.reason,
        cases=tuple(sorted((one for one in cases if one not in passed), key=_is_calm if is_open else _as_it_is)),
        passed=tuple(passed),
        seen=tuple(besides),
        more=max(0, len(item.cases) - MOST_ENTRIES),
        more_seen=max(0, len(parts) - MOST_ENTRIES),
        pictures=tuple(
            (caption, Markup(picture))  # noqa: S704 (it is letters and digits)
            for caption, picture in sound(item.pictures)
        ),
    )


def _is_calm(one: tuple[Case, object]) -> int:
    return int(one[0].outcome is Outcome.PASSED)


def _as_it_is(_: object) -> int:
    return 0


def _worse_first(changes: Iterable[Change]) -> list[Change]:
    return sorted(some(tuple(changes)), key=lambda change: not change.is_worse)


def _text(name: str) -> Markup:
    """A file of ours, for the page."""
    return Markup(resources.files("pytest_zebu.reports").joinpath(name).read_text(encoding="utf-8"))  # noqa: S704


def _script() -> Markup:
    return Markup("<script>{}</script>").format(_text("report.js"))


def _hashed(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


_TEMPLATES = Environment(
    loader=PackageLoader("pytest_zebu", "reports"),
    autoescape=True,
    finalize=_plain,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    extensions=["jinja2.ext.do"],
)
_TEMPLATES.filters |= {
    "prose": prose,
    "linked": linked,
    "line": clean_line,
    "unsaid": unsaid,
    "worse_first": _worse_first,
}
_TEMPLATES.globals |= {
    "anchor": anchor,
    "chapters": chapters,
    "clock": CLOCK,
    "drawn": drawn,
    "kinds": KINDS,
    "most": MOST_ENTRIES,
    "tone": TONES.__getitem__,
    "order": ORDER,
    "shown": shown,
    "shown_changes": SHOWN_CHANGES,
    "shown_blockers": SHOWN_BLOCKERS,
    "shown_steps": SHOWN_STEPS,
    "some": some,
    "stage_titles": STAGES,
}


def title(names: Iterable[str]) -> str:
    """The page's title."""
    return clean_line(f"Production readiness: {', '.join(names)}", 300)


def render(report: Report) -> str:
    """The whole page."""
    style, script = _text("report.css"), _text("report.js")
    return _TEMPLATES.get_template("page.html").render(
        title=title(host.name for host in report.hosts),
        policy=Markup(POLICY.format(script=_hashed(script), style=_hashed(style))),  # noqa: S704 (letters of base64)
        style=style,
        script=script,
        body=_body(report),
    )


def body(report: Report, beside: Sequence[Beside] = ()) -> str:
    """What pytest-html's page is given: all of ours, with its script.

    Args:
        report: what is told.
        beside: failures of the run that no item tells.
    """
    return f"{BEGIN}{_body(report, beside)}{END}{_script()}"


def _body(report: Report, beside: Sequence[Beside] = ()) -> Markup:
    cleaned = [
        replace(one, name=clean_line(one.name, 1000), text=clean_lines(one.text)) for one in beside[:MOST_BESIDE]
    ]
    return Markup(  # noqa: S704 (the template escapes what it says)
        _TEMPLATES.get_template("body.html").render(
            report=report,
            by_host=[(host, chapters(host)) for host in report.hosts],
            beside=cleaned,
            failed_beside=sum(not one.is_check for one in beside),
            broken_checks=sum(one.is_check for one in beside),
            more_beside=max(0, len(beside) - MOST_BESIDE),
        )
    )


def guarded(page: str) -> str:
    """A page of pytest-html that says what it may do; one that begins in another way stays as it is."""
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY.format(script=INLINE, style=INLINE)}">'
    return page if policy in page else page.replace(HEAD, HEAD + policy, 1)


def composed(page: str) -> str:
    """A page of pytest-html with ours first, and its own behind a fold; where ours is not in it, it is only guarded.

    Args:
        page: as pytest-html wrote it: its head, what hooks gave it in a summary, its rows as data, and its script.
    """
    head, _, rest = page.partition("<body>")
    above, begin, rest = rest.partition(BEGIN)
    ours, end, below = rest.partition(END)
    below = below.replace(_script(), "", 1)
    name = re.search(r"<title[^>]*>(.*?)</title>", head, re.DOTALL)
    style = re.search(r"<style[^>]*>(.*)</style>", head, re.DOTALL)
    if not (begin and end and name and style):
        return guarded(page)
    return _TEMPLATES.get_template(
        "page.html"
    ).render(
        title=Markup(name[1]),  # noqa: S704 (pytest-html escaped it)
        policy=Markup(POLICY.format(script=INLINE, style=INLINE)),  # noqa: S704 (a text of ours)
        style=Markup(style[1][style[1].find(STYLE) :] if STYLE in style[1] else _text("report.css")),  # noqa: S704
        script=_text("report.js"),
        body=Markup(ours),  # noqa: S704 (as `body` made it)
        guest=Markup(_tamed(above, below.partition("</body>")[0])),  # noqa: S704 (as pytest-html made it)
    )


def _tamed(above: str, below: str) -> str:
    """What is pytest-html's, below headings of ours: its script begins when somebody looks."""
    rest = re.sub(r'<h1 id="title">.*?</h1>', "", above, count=1, flags=re.DOTALL) + below
    rest = re.sub(r'<div class="summary__reload">.*?</div>\s*</div>\s*</div>', "", rest, count=1, flags=re.DOTALL)
    rest = re.sub(r"(</?)h2\b", r"\1h3", rest)
    rest = re.sub(
        r'(<input [^>]*data-test-result="\w+"[^>]*>)\s*(<span [^>]*>[^<]*</span>)', r"<label>\1 \2</label>", rest
    )
    rest = rest.replace('<img src="" />', '<img src="" alt="a picture that the test took" />')
    rest = rest.replace("join('')}<ul>", "join('')}</ul>")  # its script leaves a list open
    data, mark, script = rest.rpartition('id="data-container"')
    return data + mark + script.replace("<script>", '<script type="text/plain" id="pytest-html-script">', 1)


HEADER = [
    f'<th><button type="button" class="sortable" data-column-type="{name}">{words}</button></th>'
    for name, words in (
        ("result", "Result"),
        ("outcome", "Checklist"),
        ("testId", "Test"),
        ("duration", "Duration"),
    )
] + ["<th>Links</th>"]
"""Of pytest-html's table: its own columns, and what the checklist calls the outcome."""


def row(cells: Sequence[str], name: str, outcome: Outcome | None = None) -> list[str]:
    """A row of pytest-html's table: its cells, with the test's name escaped, and the checklist's outcome.

    Args:
        cells: as pytest-html made them: result, test, duration, links.
        name: the test's.
        outcome: of the item that it decides, if it decides any.
    """
    result, _, *others = cells
    return [
        result,
        f'<td class="col-outcome">{escape(outcome.label if outcome else "")}</td>',
        f'<td class="col-testId">{escape(clean_line(name))}</td>',
        *others,
    ]


def log(host: str, item: str) -> str:
    """What stands in pytest-html's table instead of an item's text: where it stands."""
    place = anchor("item", host, item)
    return f'What was found: <a href="#{place}">{escape(clean_line(item))}</a>'
