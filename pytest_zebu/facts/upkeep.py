"""How the deployed checkout is looked after: the versions of its change log, and what watches its dependencies."""

from __future__ import annotations

import re

from msgspec import Struct

from pytest_zebu.facts.answer import Garbled
from pytest_zebu.facts.fact import Fact, Gathered, Need, Probe
from pytest_zebu.facts.lines import records
from pytest_zebu.facts.workflows import Audit, audits, covered_by_dependabot, covered_by_renovate
from pytest_zebu.settings.target import Target

PROBE = Probe(
    "upkeep",
    file="upkeep.sh",
    needs=(Need.APP_DIR, Need.OWNER),
    owner=True,
)
WATCHERS_PROBE = Probe(
    "watchers",
    file="watchers.sh",
    needs=(Need.APP_DIR, Need.OWNER),
    owner=True,
    limit=1_572_864,
)
_VERSION = re.compile(r"[0-9][\w.+-]*$")


class Upkeep(Struct, frozen=True):
    """What the checkout brings for its upkeep.

    Attributes:
        changelog: versions with an entry, in its order.
    """

    changelog: tuple[str, ...]


def parse(gathered: Gathered, target: Target) -> Upkeep:
    """From the headings of the change log; one that only begins like a version's names none."""
    found = records(gathered.said("upkeep").out, "the upkeep probe", ("version", "none"))
    if not found:
        raise Garbled("the upkeep probe said nothing, not even that there is none")
    return Upkeep(tuple(one.rest for one in found if one.word == "version" and _VERSION.match(one.rest)))


FACT = Fact("upkeep", parse, (PROBE,))


class Watchers(Struct, frozen=True):
    """What is configured to watch the dependencies.

    Attributes:
        bots: files that let something raise them.
        idle: files of such a thing that raises none, and why.
        audits: by file and job: what asks about known vulnerabilities.
        unread: files that were not read, and why.
    """

    bots: tuple[str, ...]
    idle: tuple[str, ...]
    audits: tuple[Audit, ...]
    unread: tuple[str, ...] = ()


def parse_watchers(gathered: Gathered, target: Target) -> Watchers:
    """From the files of the bots and of the CI."""
    bots: list[str] = []
    idle: list[str] = []
    unread: list[str] = []
    found: dict[str, str] = {}
    listed = records(gathered.said("watchers").out, "the watchers probe", ("unread", "none"), ("file",))
    if not listed:
        raise Garbled("the watchers probe said nothing, not even that there is none")
    for one in listed:
        if one.word == "none":
            continue
        if one.word == "unread":
            why, file = one.fields(2)
            unread.append(f"{file} ({'too large' if why == 'size' else 'cannot be read'})")
        elif "/workflows/" in one.rest or one.rest == ".gitlab-ci.yml":
            found[one.rest] = one.body
        else:
            try:
                covers = covered_by_dependabot if "dependabot" in one.rest else covered_by_renovate
                why_idle = covers(one.rest, one.body)
            except Garbled as error:
                unread.append(str(error))
                continue
            if why_idle is not None:
                (idle if why_idle else bots).append(f"{one.rest} ({why_idle})" if why_idle else one.rest)
    told, more = audits(found)
    return Watchers(tuple(bots), tuple(idle), told, (*unread, *more))


WATCHERS = Fact("watchers", parse_watchers, (WATCHERS_PROBE,))
