"""Whose change it is that an item came out otherwise: one thing after the other is swapped between two runs, and judged.

What is swapped, and how it is judged, is told by who calls: here are the order, and what follows from the answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from itertools import combinations

from msgspec import Struct

from pytest_zebu.verdict.outcome import Outcome


class Whose(StrEnum):
    """What decides an item, besides the item itself."""

    HOST = "the host"
    RULE = "the rule"
    SETTINGS = "the settings"
    WORDS = "people's words"
    ADVISORY = "an advisory"
    CLOCK = "the clock"
    RUNS = "earlier runs"


Things = frozenset[Whose]
SWAPPED = (Whose.HOST, Whose.SETTINGS, Whose.WORDS, Whose.ADVISORY, Whose.RUNS)
"""What a run has of its own besides its time and its rules."""
DATED = frozenset({Whose.HOST, Whose.ADVISORY})
"""What was seen belongs to the time at which it was seen: seen at another time it would be dated otherwise."""
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?")
_HEXADECIMAL = re.compile(r"\b(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,64}\b")
_NUMBER = re.compile(
    r"(?<![\w.:/-])(?<!port )(?<!ports )(?:\d{1,2}(?::\d\d){1,2}|(?:0|[1-9]\d*)(?:\.\d+)?)(?![\w.:/-])(?:( [a-z]+?)s?\b)?"
)


class Verdict(Struct, frozen=True):
    """How an item came out; the reason is nothing where it is not known any more."""

    outcome: Outcome
    reason: str | None = None


class Told(Struct, frozen=True):
    """What a run said of an item.

    Attributes:
        suite: the fingerprint of what judged; empty where that was not kept.
        is_todays: whether that is what judges today.
    """

    verdict: Verdict
    suite: str
    is_todays: bool


class Difference(Struct, frozen=True):
    """An item that came out otherwise.

    Attributes:
        whose: what made it so: of several sets each alone would have, and what stands in one set was needed together.
        unknown: why that cannot be told; empty where it can.
    """

    item: str
    then: Verdict
    now: Verdict
    whose: tuple[Things, ...] = ()
    unknown: str = ""

    @property
    def is_of_reason(self) -> bool:
        """Whether the outcome is the same, and only what is wrong is something else."""
        return self.then.outcome is self.now.outcome


def gist(reason: str) -> str:
    """A reason without what differs each time: moments, ids, and how many, how long and how large."""
    text = _HEXADECIMAL.sub("0", _MOMENT.sub("0", reason))
    return _NUMBER.sub(lambda found: f"0{found[1] or ''}", text)


def is_otherwise(then: Verdict, now: Verdict) -> bool:
    """Whether two runs say two things of an item: another outcome, or another reason for it."""
    if then.outcome is not now.outcome:
        return True
    return then.reason is not None and now.reason is not None and gist(then.reason) != gist(now.reason)


def attribute(
    then: Told, now: Told, judge: Callable[[Things], Verdict], differing: Things
) -> tuple[tuple[Things, ...], str]:
    """What made the difference; or nothing, and why it cannot be told.

    Args:
        then: what the first run said.
        now: what the second said.
        judge: what today's rules say of the first run, with these things of the second in their place.
        differing: what the second run has otherwise than the first.
    """
    by_reason = then.verdict.outcome is now.verdict.outcome
    first, second = judge(frozenset()), judge(differing)
    ruled = []
    for told, again, which in ((then, first, "first"), (now, second, "second")):
        if _agree(told.verdict, again, by_reason):
            continue
        if told.is_todays:
            return (), (
                f"what is remembered of the {which} run, judged again, is {_said(again)}: it depended on something besides"
            )
        ruled.append(which)
    if ruled and then.suite == now.suite:
        return (), "both were judged by the same other version of the suite, which judges otherwise than this one"
    if len(ruled) == 2:
        return (), "they were judged by two other versions of the suite, which both judge otherwise than this one"
    # That something could not be seen has as many reasons as there are ways not to see it.
    by_reason = by_reason or second.outcome is Outcome.NOT_ASSESSED
    is_same = _agree(first, second, by_reason)
    if ruled and is_same:
        # The run that today's rules confirm must be theirs: what another version would have said of it, nobody knows.
        confirmed = now if ruled == ["first"] else then
        if confirmed.is_todays:
            return (frozenset({Whose.RULE}),), ""
        return (), "none of the two was judged by this version of the suite, and the others are not installed"
    if ruled:
        other = first if ruled == ["first"] else second
        if other.outcome is Outcome.NOT_ASSESSED:
            return (), f"today's rules cannot judge what is remembered of the {ruled[0]} run ({other.reason})"
    found = _smallest(lambda things: _agree(judge(things), second, by_reason), differing)
    if not found:
        return (), "nothing that is remembered of the two runs makes the difference"
    rule = frozenset({Whose.RULE} if ruled else ())
    return tuple(things | rule for things in found), ""


def _agree(one: Verdict, other: Verdict, by_reason: bool) -> bool:
    """Whether two say the same; by their reasons too, where both are known and that is asked."""
    if one.outcome is not other.outcome or not by_reason or one.reason is None or other.reason is None:
        return one.outcome is other.outcome
    return gist(one.reason) == gist(other.reason)


def _said(verdict: Verdict) -> str:
    return f"{verdict.outcome.label} ({verdict.reason})" if verdict.reason else verdict.outcome.label


def _smallest(is_enough: Callable[[Things], bool], differing: Things) -> tuple[Things, ...]:
    """The smallest sets of things that make the difference, all of that size.

    What was seen brings its own time with it, unless the time does it without.
    """
    clock = differing & {Whose.CLOCK}

    def is_dated(things: Things) -> bool:
        return bool(clock and things & DATED) and is_enough(things | clock) and not is_enough(things - DATED | clock)

    members = [one for one in (*SWAPPED, Whose.CLOCK) if one in differing]
    for size in range(1, len(members) + 1):
        candidates = map(frozenset, combinations(members, size))
        found = tuple(things for things in candidates if is_enough(things) or is_dated(things))
        if found:
            return found
    return ()
