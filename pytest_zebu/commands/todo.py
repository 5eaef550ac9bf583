"""`zebu todo`: what would let the items be judged that could not be, by what opens the most; then what people have to attest."""

from __future__ import annotations

import argparse
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from msgspec import Struct

from pytest_zebu.catalogue import SCORED, Catalogue, Stage, load
from pytest_zebu.commands.sides import Shelf
from pytest_zebu.facts.plainjson import NoJson, loads
from pytest_zebu.files import read_text, why
from pytest_zebu.gather.snapshot import MOST_BYTES
from pytest_zebu.plugin.comparing import Side
from pytest_zebu.reports import reading
from pytest_zebu.reports.report import HostReport, Report
from pytest_zebu.settings.errors import UsageProblem
from pytest_zebu.shown import say, wrapped
from pytest_zebu.verdict.causes import causes
from pytest_zebu.verdict.openings import openings
from pytest_zebu.verdict.outcome import Finding, Outcome
from pytest_zebu.verdict.plan import Opening, OpeningKind
from pytest_zebu.verdict.readiness import NOT_RUN, Tally, assess

WIDTHS = (40, 100)
"""Lines are as wide as the terminal, within these columns; in a pipe, as wide as most are."""
_COUNT = re.compile(r" to see \d+ more items?$")


class Left(Struct, frozen=True):
    """What is left to be opened, of one run.

    Attributes:
        title: which run.
        total: the items of the stages.
        failed: how many of them are wrong.
        stages: how they stand.
        openings: what would open them, the largest first.
    """

    title: str
    total: int
    failed: int
    stages: Mapping[Stage, Tally]
    openings: tuple[Opening, ...]


def run(options: argparse.Namespace) -> int:
    """List what would open items, the largest first.

    Raises:
        UsageProblem: there is no such run, its evidence is not kept, or two are named.
    """
    if options.named is not None and options.run != "last":
        raise UsageProblem(f"{options.run} and --run={options.named}: name one run")
    name = options.named or options.run
    shelf, catalogue = Shelf.of(options), load()
    report = _report_in(Path(name))
    left = _of_report(report, name, shelf.host) if report is not None else _of_side(shelf.side(name), catalogue)
    for line in lines(left, catalogue, options.items, width()):
        say(line)
    return 0


def width() -> int:
    """How wide lines are."""
    least, most = WIDTHS
    return min(max(shutil.get_terminal_size().columns, least), most)


# Of which run


def _report_in(path: Path) -> Report | None:
    """The report that a file is; nothing where it is a snapshot, or no file at all.

    Raises:
        UsageProblem: it is a report that is damaged.
    """
    try:
        text = read_text(path, MOST_BYTES) if path.is_file() else ""
        data = loads(text) if text else None
    except (NoJson, UnicodeDecodeError):
        return None  # whoever reads snapshots says what is wrong with it
    except OSError as error:
        raise UsageProblem(f"{path}: {why(error)}") from None
    is_report = isinstance(data, dict) and "schema" in data and "zebu_snapshot" not in data
    return reading.parse(text, str(path)) if is_report else None


def _of_report(report: Report, name: str, host: str | None) -> Left:
    """What a JSON report says is left."""
    found = {one.name: one for one in report.hosts}
    if host is not None and host not in found:
        raise UsageProblem(f"{name}: has no host {host!r}; it has: {', '.join(sorted(found)) or 'none'}")
    if host is None and len(found) > 1:
        raise UsageProblem(f"{name}: has the hosts {', '.join(sorted(found))}: name one with --host")
    if not found:
        raise UsageProblem(f"{name}: has no host")
    one: HostReport = found[host or next(iter(found))]
    scored = {item.item: item.outcome for item in one.items if item.stage in SCORED}
    kept = (replace(opening, items=tuple(filter(scored.__contains__, opening.items))) for opening in one.openings)
    return Left(
        f"{name}, {one.name}",
        len(scored),
        sum(outcome is Outcome.FAILED for outcome in scored.values()),
        one.stages,
        tuple(sorted((opening for opening in kept if opening.items), key=lambda opening: -len(opening.items))),
    )


def _of_side(side: Side, catalogue: Catalogue) -> Left:
    """What is left of a run that is remembered, or of a snapshot, by today's rules.

    Raises:
        UsageProblem: its evidence is not kept.
    """
    known = side.evidence
    if known is None:
        raise UsageProblem(f"{side.title}: {side.lost}: run the suite again, or name another run (`zebu history`)")
    findings = [
        known.judge(item.id) if item.id in side.outcomes else Finding(item.id, Outcome.NOT_ASSESSED, NOT_RUN)
        for item in catalogue
        if item.stage in SCORED
    ]
    judged = [one.item for one in findings if one.reason != NOT_RUN]
    return Left(
        f"{side.title}, {side.host}",
        len(findings),
        sum(one.outcome is Outcome.FAILED for one in findings),
        assess(catalogue, findings, judged, known.target.settings.thresholds.by_stage).stages,
        openings(findings, causes(findings, catalogue)),
    )


# In lines


def lines(left: Left, catalogue: Catalogue, names_items: bool, columns: int) -> Iterator[str]:
    """What is left, as a person reads it: no line is wider, except where there is something to copy."""
    wrong = f"{left.failed} failed: the report says how to mend {'it' if left.failed == 1 else 'them'}"
    if not left.openings:
        yield from wrapped(f"{left.title}: every item of the stages was judged", columns)
        if left.failed:
            yield from wrapped(wrong, columns)
        return
    unseen = sum(len(one.items) for one in left.openings)
    yield from wrapped(
        f"{left.title}: {unseen} of {left.total} items could not be judged{f', {wrong}' if left.failed else ''}",
        columns,
    )
    yield from wrapped("Each step with how many it opens, and what the score is at best with it alone:", columns)
    by_people = [one for one in left.openings if one.kind is OpeningKind.PEOPLE]
    for one in [*(one for one in left.openings if one not in by_people), *by_people]:
        yield from _step(one, left, catalogue, names_items, columns)


def _step(one: Opening, left: Left, catalogue: Catalogue, names_items: bool, columns: int) -> Iterator[str]:
    by_people = one.kind is OpeningKind.PEOPLE
    text = _COUNT.sub("", one.text)
    yield ""
    yield from wrapped(text, columns, f"{len(one.items):4}  ", " " * 6)
    if gain := _gain(one, left, catalogue):
        yield from wrapped(gain, columns, " " * 6, " " * 6)
    for item in one.items if names_items or by_people else ():
        # A command stands alone in its line: it is copied.
        yield f"      {'zebu attest ' if by_people else ''}{item}"
        if item in catalogue:
            yield from wrapped(catalogue[item].text, columns, " " * 10, " " * 10)


def _gain(one: Opening, left: Left, catalogue: Catalogue) -> str:
    """What the score of each stage is, if all that is opened comes out well."""
    said = []
    for stage in SCORED:
        tally = left.stages.get(stage)
        count = sum(item in catalogue and catalogue[item].stage is stage for item in one.items)
        if tally is None or not count or tally.score_with_waivers is None:
            continue
        counts = {outcome: tally.counts.get(outcome, 0) for outcome in Outcome}
        counts[Outcome.NOT_ASSESSED] -= count
        counts[Outcome.PASSED] += count
        then = replace(tally, counts=counts, blockers=tuple(set(tally.blockers) - set(one.items)))
        ready = ", READY" if then.ready and not tally.ready else ""
        said.append(f"{stage.label} {tally.score_with_waivers:g} % -> {then.score_with_waivers:g} %{ready}")
    return "; ".join(said)
