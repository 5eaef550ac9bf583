"""The checklist itself in Markdown, ticked, with notes: what a person would have filled in by hand.

Its headings and words are the checklist's. Whatever a target or a person said can form no markup: what is more than plain
words stands in spans of code, where no link, picture, mention or element begins.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby

from pytest_zebu.catalogue import Stage, load
from pytest_zebu.reports.chapters import SPELLED, STAGES
from pytest_zebu.reports.report import CLOCK, HostReport, ItemReport, Report, Word
from pytest_zebu.shown import MOST_IN_LINE, clean_line, code
from pytest_zebu.verdict.outcome import Outcome
from pytest_zebu.verdict.plan import Step
from pytest_zebu.verdict.readiness import Tally

DONE = (Outcome.PASSED, Outcome.ATTESTED)
MOST_STEPS, MOST_SEEN, MOST_DISCOVERED = 10, 5, 40
NOTE = 1_000
"""Of characters, in one note."""
WORD = re.compile(
    r"""(?P<before>["'(]*)(?:(?P<plain>(?:[^\W_]+(?:[-'/][^\W_]+)*|[0-9]+(?:[.:][0-9]+)+)?|[-+/=&→]|->|\.\.\.)|(?P<other>.+?))"""
    r"""(?P<after>[)"',;:.!?%]*)"""
)
"""A word between signs. What is plain is text in all dialects of Markdown: no link, no mention, no emphasis, no element."""

AFTER = tuple(")\"',;:.!?%")
OPENING = re.compile(r"(?:[-+=]|[0-9]+[.)])(?=\s|$)")
"""What begins a list at the beginning of a line."""

Keeps = Callable[[ItemReport], bool]


def prose(text: str, most: int = NOTE) -> str:
    """A text of which plain words stay as they are, and everything else is code."""
    marked = clean_line(text, most).split("`")
    # A mark of code that nothing ends is a sign as any other.
    made = _words("`".join(marked)) if len(marked) % 2 == 0 else _with_code(marked)
    return OPENING.sub(lambda found: code(found[0], NOTE), made, 1) if OPENING.match(made) else made


def _with_code(marked: list[str]) -> str:
    """Prose and code by turns; signs that touch code stay beside it."""
    made = ""
    for number, piece in enumerate(marked):
        shown = code(piece, NOTE) if number % 2 else _words(piece)
        is_beside = made.endswith(("(", '"')) if number % 2 else piece[:1] in AFTER and made.endswith("`")
        made += shown if is_beside or not (shown and made) else f" {shown}"
    return made


def _words(text: str) -> str:
    """Each word as it is or as code, what is code in a row as one."""
    made: list[str] = []
    held: list[str] = []  # words of one span of code
    for word in text.split():
        found = WORD.fullmatch(word)
        assert found is not None, "what is not plain is other"  # noqa: S101
        before, other, after = found["before"], found["other"], found["after"]
        if other is None or before:
            made += [code(" ".join(held), NOTE)] if held else []
            held = []
        if other is None:
            made.append(word)
        elif before or after:
            made.append(before + code(" ".join([*held, other]), NOTE) + after)
            held = []
        else:
            held.append(other)
    return " ".join([*made, *([code(" ".join(held), NOTE)] if held else [])])


def text_of(item: ItemReport) -> str:
    """An item's text: with the checklist's own markup where it is the checklist's own text."""
    known = load()
    return item.text if item.item in known and known[item.item].text == item.text else prose(item.text)


def group_of(item: ItemReport) -> str:
    """The heading inside a category, in the same way."""
    known = load()
    return item.group if item.item in known and known[item.item].group == item.group else prose(item.group)


def heading_of(category: str) -> str:
    """A category, as the checklist writes it."""
    return SPELLED.get(category) or prose(category.replace("_", " ")).title()


def _cell(text: str) -> str:
    return prose(text).replace("|", "\\|")


def _score(tally: Tally) -> str:
    if tally.score_with_waivers is None:
        return "-"
    waived = f" ({tally.score:.1f} % without waivers)" if tally.counts[Outcome.WAIVED] else ""
    return f"{tally.score_with_waivers:.1f} %{waived}"


def _head(host: HostReport, report: Report) -> Iterator[str]:
    yield f"# Production Readiness Checklist: {code(host.name)}"
    yield ""
    version = f", version {code(host.version)}" if host.version else ""
    partial = " (partial run)" if host.is_partial else ""
    yield f"**{host.verdict.value}**{partial}, as of {host.at:%Y-%m-%d %H:%M} UTC{version}. Filled in by pytest-zebu {prose(report.tool_version)}."
    yield ""
    yield "| Stage | Score | Needed | Verdict |"
    yield "|---|---|---|---|"
    for stage in host.selected_stages:
        tally = host.stages[stage]
        yield (
            f"| {STAGES[stage]} | {_score(tally)} | {tally.threshold} % | **{host.verdict_of(stage).value}**: {_cell(host.why(stage))} |"
        )
    yield ""
    notices = list(_notices(host))
    yield from notices
    if notices:
        yield ""


def _notices(host: HostReport) -> Iterator[str]:
    """What must not be missed."""
    if host.is_partial:
        yield "- **Partial run**: empty boxes without a note were not looked at."
    if not host.access.gathered:
        yield "- **Nothing was gathered.**"
    for check in host.preflight:
        if not check.is_ok:
            yield f"- **{check.name}**: {prose(check.text)}: {len(check.items)} items wait for it. {prose(check.fix)}"
    if host.access.gathered and not host.access.reachable and all(check.is_ok for check in host.preflight):
        yield f"- **ssh let nobody in**: {prose(host.access.trouble)}"
    if host.clock:
        yield f"- {prose(host.clock)}: {CLOCK}"
    if host.discovered or host.suggested:
        found = ", ".join(map(code, host.discovered[:MOST_DISCOVERED])) or "nothing"
        yield f"- **No zebu.toml**: {found} discovered for this run"
    for one in host.relaxations:
        values = f"{code(one.key)} = {code(one.declared)} (checklist: {code(one.checklist)})"
        yield f"- **Relaxed**: {values}, {prose(one.reason)} ({prose(one.approver)})"
    if host.simulated:
        names = ", ".join(map(code, host.simulated))
        yield f"- **Simulated**: {names}: what these say is no evidence of a real deployment."
    for item in host.lapsed:
        yield f"- **Lapsed**: {code(item.item)}: {prose(item.lapsed)}"


def _step(number: int, step: Step) -> Iterator[str]:
    gain = f" ({prose(step.gain)})" if step.gain else ""
    yield f"{number}. {prose(step.title)}{gain}"
    if step.caution:
        yield f"   - **Caution**: {prose(step.caution)}"
    if step.fix:
        yield f"   - {prose(step.fix)}"
    if step.verify:
        yield f"   - verify: {code(step.verify, MOST_IN_LINE)}"


def _plan(host: HostReport) -> Iterator[str]:
    if not host.plan:
        return
    yield "## What to do next"
    yield ""
    for number, step in enumerate(host.plan[:MOST_STEPS], 1):
        yield from _step(number, step)
    if len(host.plan) > MOST_STEPS:
        yield ""
        yield f"... and {len(host.plan) - MOST_STEPS} more steps."
    yield ""


def _box(item: ItemReport) -> str:
    text = text_of(item)
    if item.outcome is Outcome.NOT_APPLICABLE:
        return f"[ ] ~~{text}~~"
    return f"[{'x' if item.outcome in DONE else ' '}] {text}"


def _signed(word: Word) -> str:
    """Who declared it, and until when."""
    until = f" until {word.until}" if word.until else ""
    on = f" on {word.on}" if word.on else ""
    approver = f", approved by {prose(word.approver)}" if word.approver else ""
    bound = f", for {', '.join(map(code, word.bound_to))} only" if word.bound_to else ""
    return f"{word.kind} by {prose(word.by)}{on}{until}{approver}{bound}: {prose(word.statement)}"


def _outcome(item: ItemReport) -> str:
    """How it came out, and why."""
    label = item.outcome.label
    match item.outcome:
        case Outcome.FAILED | Outcome.NOT_ASSESSED:
            strong = ", non-negotiable" if item.non_negotiable else ""
            return f"**{'check broke' if item.broken else label}{strong}**: {prose(item.reason)}"
        case Outcome.ATTESTED | Outcome.WAIVED | Outcome.NOT_APPLICABLE if item.word:
            return _signed(item.word)
        case _:
            said = prose(item.reason)
            return said if said.startswith(label) else f"{label}: {said}"


def _notes(item: ItemReport, told: Mapping[str, str]) -> Iterator[str]:
    """What a person would have written beside the box.

    Args:
        item: the item.
        told: what causes and openings say, by their keys.
    """
    if item.outcome is Outcome.PASSED or (item.outcome is Outcome.NOT_ASSESSED and not item.is_selected):
        return
    yield _outcome(item)
    if item.cause in told:
        yield f"comes of: {prose(told[item.cause])}"
        return
    if item.outcome is not Outcome.NOT_APPLICABLE:
        yield from (f"seen: {code(seen)}" for seen in item.evidence[:MOST_SEEN])
        if len(item.evidence) > MOST_SEEN:
            yield f"seen: and {len(item.evidence) - MOST_SEEN} more"
    if item.opening in told:
        yield f"to see it: {prose(told[item.opening])}"
    elif item.is_open:
        if item.caution:
            yield f"**caution**: {prose(item.caution)}"
        if item.fix:
            yield f"fix: {prose(item.fix)}"


def _items(items: list[ItemReport], indent: str, told: Mapping[str, str], keeps: Keeps) -> Iterator[str]:
    for group, found in groupby(items, lambda item: item.group):
        mine = list(found)
        shown = [item for item in mine if keeps(item)]
        inner = indent
        if group and shown:
            settled = [item for item in mine if item.outcome is not Outcome.NOT_APPLICABLE]
            is_done = bool(settled) and all(item.outcome in DONE for item in settled)
            yield f"{indent}- [{'x' if is_done else ' '}] **{group_of(mine[0])}**"
            inner = f"{indent}  "
        for item in shown:
            yield f"{inner}- {_box(item)}"
            for note in _notes(item, told):
                yield f"{inner}  - {note}"


def _stage(stage: Stage, host: HostReport, keeps: Keeps) -> Iterator[str]:
    items = [item for item in host.items if item.stage is stage]
    if not any(map(keeps, items)):
        return
    told = {opening.key: opening.text for opening in host.openings} | {cause.key: cause.text for cause in host.causes}
    yield f"## {STAGES[stage]} Checklist"
    yield ""
    if stage is Stage.INCIDENT:
        yield "### When Something Goes Wrong"
        yield ""
    number = 0
    for category, found in groupby(items, lambda item: item.category):
        mine = list(found)
        number += 1
        if not any(map(keeps, mine)):
            continue
        if stage is Stage.INCIDENT:
            yield f"{number}. **{heading_of(category)}**"
        else:
            yield f"### {heading_of(category)}"
            yield ""
        yield from _items(mine, "   " if stage is Stage.INCIDENT else "", told, keeps)
        yield ""


def _scores(host: HostReport) -> Iterator[str]:
    """The last section of the checklist, filled in."""
    yield "## Production Readiness Score"
    yield ""
    rows = [(STAGES[stage], tally) for stage, tally in host.stages.items()]
    for name, tally in [*rows, ("**Overall**", host.overall)]:
        counts, out = tally.counts, (Outcome.NOT_APPLICABLE, Outcome.ADVICE)
        counted = tally.total - sum(counts[outcome] for outcome in out)
        waived = f", and {counts[Outcome.WAIVED]} waived" if counts[Outcome.WAIVED] else ""
        partial = " (partial run)" if tally.partial else ""
        yield f"- {name}: {sum(counts[outcome] for outcome in DONE)} / {counted} items{waived}{partial}"
    yield ""


def _document(report: Report, keeps: Keeps) -> str:
    lines: list[str] = []
    for host in report.hosts:
        lines += [*_head(host, report), *_plan(host)]
        for stage in Stage:
            lines += _stage(stage, host, keeps)
        lines += _scores(host)
    return "\n".join(lines)


def render(report: Report) -> str:
    """The checklist of each host."""
    return _document(report, lambda item: True)


def summary(report: Report, most: int) -> str:
    """The same in at most so many bytes: all of it, or what is open, or the heads alone; empty where nothing fits."""
    kept: tuple[Keeps, ...] = (
        lambda item: True,
        lambda item: item.is_selected and item.outcome not in DONE,
        lambda item: item.is_selected and item.outcome is Outcome.FAILED,
        lambda item: False,
    )
    for number, keeps in enumerate(kept):
        text = _document(report, keeps)
        if number:
            text += "Not all of the checklist fits here: the whole is in the report that `--zebu-report=markdown:FILE` writes.\n"
        if len(text.encode()) <= most:
            return text
    return ""
