"""`zebu todo`: what would let the items be judged that could not be, by what opens the most; then what people have to attest."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

from pytest_zebu.catalogue import SCORED, Catalogue, load
from pytest_zebu.commands.sides import Shelf
from pytest_zebu.settings.errors import UsageProblem
from pytest_zebu.shown import say
from pytest_zebu.verdict.causes import causes
from pytest_zebu.verdict.openings import openings
from pytest_zebu.verdict.outcome import Finding
from pytest_zebu.verdict.plan import Opening, OpeningKind


def run(options: argparse.Namespace) -> int:
    """List what would open items, the largest first.

    Raises:
        UsageProblem: there is no such run, or its evidence is not kept.
    """
    side = Shelf.of(options).side(options.run)
    if side.evidence is None:
        raise UsageProblem(f"{side.title}: {side.lost}")
    catalogue = load()
    findings = [side.evidence.judge(item.id) for item in catalogue if item.stage in SCORED]
    for line in _lines(side.title, findings, catalogue, options.items):
        say(line)
    return 0


def _lines(title: str, findings: Sequence[Finding], catalogue: Catalogue, names_items: bool) -> Iterator[str]:
    found = openings(findings, causes(findings, catalogue))
    if not found:
        yield f"{title}: every item of the stages was judged"
        return
    yield f"{title}: {sum(len(one.items) for one in found)} of {len(findings)} items could not be judged"
    by_people = [one for one in found if one.kind is OpeningKind.PEOPLE]
    for one in [*(one for one in found if one not in by_people), *by_people]:
        yield from _step(one, catalogue, names_items or one in by_people)


def _step(one: Opening, catalogue: Catalogue, names_items: bool) -> Iterator[str]:
    yield f"{len(one.items):4}  {one.text}"
    if names_items:
        for item in one.items:
            command = f"zebu attest {item}" if one.kind is OpeningKind.PEOPLE else item
            yield f"        {command}  ({catalogue[item].text})"
