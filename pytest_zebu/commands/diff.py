"""`zebu diff`: what came out otherwise between two runs, and whose change it is. As with `diff`, the exit status is 1 where something did, and 2 where that could not be told."""

from __future__ import annotations

import argparse
from collections import Counter

from pytest_zebu.commands.sides import Shelf
from pytest_zebu.memory.difference import Difference, Things, Verdict
from pytest_zebu.plugin.comparing import Side, compare
from pytest_zebu.shown import say

COULD_NOT = 2
"""The exit status of what could not be compared: 1 says that there are differences."""
NOT_TOLD = "not known"


def run(options: argparse.Namespace) -> int:
    """Compare two runs; the exit status is 1 where an item came out otherwise.

    Raises:
        UsageProblem: one of them is not there, or cannot be read.
    """
    shelf = Shelf.of(options)
    first, second = shelf.side(options.first), shelf.side(options.second)
    say(f"{_titled(first)} -> {_titled(second)}")
    for side in (first, second):
        if side.lost:
            say(f"{side.title}: {side.lost}")
    counts: Counter[str] = Counter()
    for found, told in compare(first, second):
        _show(found, told)
        counts[NOT_TOLD if found.unknown else _whose(found.whose)] += 1
    left_out = len(first.outcomes.keys() ^ second.outcomes.keys())
    if left_out:
        say(f"{left_out} items were judged in one of them only")
    summary = ", ".join(f"{count} {whose}" for whose, count in counts.most_common())
    say(f"{counts.total()} items came out otherwise: {summary}" if counts else "no item came out otherwise")
    return 1 if counts else 0


def _titled(side: Side) -> str:
    version = f", {side.version}" if side.version else ""
    return f"{side.title} ({side.host or 'no host'}{version})"


def _show(found: Difference, told: tuple[str, ...]) -> None:
    then, now = found.then.outcome.label, found.now.outcome.label
    say(f"{found.item}: {now} for another reason" if found.is_of_reason else f"{found.item}: {then} -> {now}")
    for name, verdict in (("then", found.then), ("now", found.now)):
        if text := _reason(verdict):
            say(f"  {name}: {text}")
    say(f"  whose change: {f'{NOT_TOLD}: {found.unknown}' if found.unknown else _whose(found.whose)}")
    for line in told:
        say(f"    {line}")


def _reason(verdict: Verdict) -> str:
    return verdict.reason or ""


def _whose(whose: tuple[Things, ...]) -> str:
    """The things in words: what is needed together, and what alone is enough."""
    sets = [" and ".join(sorted(things)) for things in whose]
    return sets[0] if len(sets) == 1 else f"{' or '.join(sets)} (each alone is enough)"
