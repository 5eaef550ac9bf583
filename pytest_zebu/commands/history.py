"""`zebu history`: the runs that are remembered, or what came of one item over time."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

from msgspec import Struct

from pytest_zebu.catalogue import SCORED, UnknownItem, load
from pytest_zebu.commands.sides import Shelf
from pytest_zebu.memory.history import Remembered
from pytest_zebu.settings import Settings
from pytest_zebu.settings.errors import UsageProblem
from pytest_zebu.shown import say
from pytest_zebu.verdict.outcome import Finding, Outcome
from pytest_zebu.verdict.readiness import Tally, assess

MOMENT = "%Y-%m-%d %H:%M"
MOST_HOSTS = 10
MOST_REASONS = 20
"""Of the spans of an item, the newest are told with their reasons: each is unpacked for it."""


class Span(Struct, frozen=True):
    """Runs one after the other in which an item came out the same."""

    outcome: Outcome
    runs: tuple[Remembered, ...]

    @property
    def text(self) -> str:
        """From when to when, and in which runs."""
        first, last = self.runs[0], self.runs[-1]
        if first is last:
            return f"{first.run.at:{MOMENT}}  run {first.number}"
        return f"{first.run.at:{MOMENT}} to {last.run.at:{MOMENT}}  runs {first.number} to {last.number}"


def run(options: argparse.Namespace) -> int:
    """List the runs, or an item's outcomes.

    Raises:
        UsageProblem: the history cannot be read, or there is no such item.
    """
    shelf = Shelf.of(options)
    if options.item is not None:
        try:
            item = load()[options.item]
        except UnknownItem as error:
            raise UsageProblem(str(error)) from None
    host, runs = shelf.runs()
    if not runs:
        say(f"{shelf.path}:{f' over {host}' if host else ''} no run is remembered yet")
        return 0
    if options.item is None:
        say(f"{host}: {len(runs)} runs in {shelf.path}, times in UTC; scores by today's thresholds, with waivers")
        for one in runs:
            say(_line(one, shelf.settings))
        if others := [name for name in shelf.hosts() if name != host]:
            say(f"runs over others are remembered, too: {', '.join(others[:MOST_HOSTS])} (--host)")
        return 0
    say(f"{item.id}: {item.text}")
    found = [*spans(item.id, runs)]
    for number, span in enumerate(found):
        say(f"  {span.text}: {span.outcome.label}{_reason(shelf, host, span, item.id, len(found) - number)}")
    if not found:
        say(f"  no run over {host} has judged it")
    return 0


def spans(item_id: str, runs: Sequence[Remembered]) -> Iterator[Span]:
    """The outcomes of an item, the oldest first; runs that did not judge it are passed over."""
    outcome: Outcome | None = None
    same: list[Remembered] = []
    for one in runs:
        found = one.run.outcomes.get(item_id)
        if found is None:
            continue
        if outcome is not None and found is not outcome:
            yield Span(outcome, tuple(same))
            same = []
        outcome = found
        same.append(one)
    if outcome is not None:
        yield Span(outcome, tuple(same))


def _reason(shelf: Shelf, host: str, span: Span, item_id: str, from_end: int) -> str:
    last = span.runs[-1]
    if not last.size or from_end > MOST_REASONS:
        return ""
    reason = shelf.of_run(host, last).reasons.get(item_id, "")
    return f" ({reason})" if reason else ""


def _line(one: Remembered, declared: Settings) -> str:
    findings = [Finding(item, outcome) for item, outcome in one.run.outcomes.items() if item in load()]
    judged = [finding.item for finding in findings]
    tallies = assess(load(), findings, judged, declared.thresholds.by_stage).stages
    stages = "; ".join(f"{stage.label} {_tally(tallies[stage])}" for stage in SCORED)
    parts = [f"{one.number:>4}", f"{one.run.at:{MOMENT}}", f"{one.run.version or 'no version':<12}", stages]
    parts += ["partial"] if one.run.is_partial else []
    parts += [f"suite {one.suite[:8]}"] if one.suite else []
    parts.append(f"evidence {max(1, one.size // 1024)} KiB" if one.size else "no evidence")
    return "  ".join(parts)


def _tally(tally: Tally) -> str:
    if tally.score_with_waivers is None:
        return "no data"
    ready = "READY" if tally.ready else "NOT READY"
    return f"{'part of it' if tally.partial else ready} {tally.score_with_waivers} %"
