"""What another machine saw and handed in (`zebu look`): a look's own data says which vantage that was, and when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from pytest_zebu.facts.answer import Known, Unknown
from pytest_zebu.facts.fact import Fact, Gathered, Look
from pytest_zebu.settings.target import Target

MARK = "looked_elsewhere"
LATEST = 2**34
"""Seconds since 1970, of a moment in five hundred years; calendars can add to it."""
MOST_NAMED = 4
"""Of what was looked at, so much is named."""
STEPS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


def marked(seen: Mapping[str, Any], vantage: str, at: float) -> dict[str, Any]:
    """A look's data, with where and when it was made."""
    return {**seen, MARK: {"from": vantage, "at": at}}


def source(seen: Any) -> tuple[str, float] | None:
    """The vantage that handed a look in, and when it was made; nothing where this machine looked itself."""
    match seen:
        case {"looked_elsewhere": {"from": str(vantage), "at": int() | float() as at}} if 0 <= at < LATEST:
            return vantage, float(at)
    return None


def ago(seconds: float) -> str:
    """An age in words, of its largest unit."""
    for length, unit in STEPS:
        if (count := int(seconds // length)) >= 1:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "less than a minute ago"


def age(seen: Known[Any] | Unknown, now: float) -> str:
    """How long ago a look was made elsewhere, in words; empty where this machine looked itself, or nothing was seen."""
    origin = None if isinstance(seen, Unknown) else source(seen.value)
    return ago(now - origin[1]) if origin else ""


def told(facts: Iterable[Fact[Any]], gathered: Gathered, target: Target) -> Iterator[str]:
    """For each vantage that handed in what facts are read from: how old that is, and what was looked at."""
    if not any(source(seen) for seen in gathered.looks.values()):
        return
    found: dict[tuple[str, float], dict[str, None]] = {}
    for look in _looks(facts, gathered, target):
        if (origin := source(gathered.looks.get(look.key))) is not None:
            found.setdefault(origin, {})[f"{look.kind} {look.subject}"] = None
    for (vantage, at), subjects in found.items():
        names = [*subjects][:MOST_NAMED] + (
            [f"{len(subjects) - MOST_NAMED} more"] if len(subjects) > MOST_NAMED else []
        )
        moment = datetime.fromtimestamp(at, UTC)
        yield f"from {vantage}, {ago(gathered.time - at)}: {', '.join(names)} (`zebu look`, {moment:%Y-%m-%d %H:%M} UTC)"


def _looks(facts: Iterable[Fact[Any]], gathered: Gathered, target: Target) -> Iterator[Look]:
    for fact in facts:
        yield from chain(fact.looks(target), fact.then(gathered, target))
