"""How the deployed checkout is looked after: what watches its dependencies, and the versions of its change log."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytest_zebu.facts.fact import Fact, Gathered, Need, Probe
from pytest_zebu.facts.lines import records
from pytest_zebu.settings.target import Target

PROBE = Probe(
    "upkeep",
    file="upkeep.sh",
    needs=(Need.APP_DIR, Need.OWNER),
    owner=True,
)
_VERSION = re.compile(r"\d[\w.+-]*$")


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What the checkout brings for its upkeep.

    Attributes:
        bots: files that let something watch the dependencies.
        idle: files of such a thing that watches none, or is switched off.
        changelog: versions with an entry, in its order.
    """

    bots: tuple[str, ...]
    changelog: tuple[str, ...]
    idle: tuple[str, ...] = ()


def parse(gathered: Gathered, target: Target) -> Upkeep:
    """From files that are there, and the headings of the change log."""
    found: dict[str, list[str]] = {"bot": [], "version": [], "idle": []}
    for one in records(gathered.said("upkeep").out, "the upkeep probe", found.keys()):
        # A heading that only begins like a version's names none.
        if one.word != "version" or _VERSION.match(one.rest):
            found[one.word].append(one.rest)
    return Upkeep(tuple(found["bot"]), tuple(found["version"]), tuple(found["idle"]))


FACT = Fact("upkeep", parse, (PROBE,))
