"""How fast the API answers when it works: the same simple request many times, over a connection that is warm."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from pytest_zebu.facts.answer import Garbled, Missing, Reason, Unknown, integer, part
from pytest_zebu.facts.dns import lead
from pytest_zebu.facts.fact import Fact, Gathered, Look
from pytest_zebu.facts.http import PROTECTED
from pytest_zebu.facts.web import FORGED_KEY
from pytest_zebu.settings.target import Target

SAMPLES, WARM_UP = 40, 3
"""The 95th percentile of 40 leaves two beyond it."""
LONGEST = 15.0
"""Seconds for all of them: what takes longer is slow, and is known to be."""
TOO_MANY = 429
SLOW = 500.0
"""Milliseconds: where a few of the answers take so long, all are measured once more."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds of each request, in their order, over a connection that stands.

    Attributes:
        trip: what of each the way there and back takes, which is our network's.
        fresh: over how many connections that had to be made anew, as the server closes them.
        before: what a first measurement showed, where it was made once more.
        limited: how many of the requests were answered with 429, as whoever counts them does: how long that took says nothing.
    """

    url: str
    trouble: str
    taken: tuple[float, ...]
    statuses: frozenset[int]
    trip: float = 0.0
    fresh: int = 0
    before: str = ""
    limited: int = 0

    def percentile(self, share: float) -> float:
        """The smallest sample that at least this share of them does not exceed (nearest rank)."""
        ordered = sorted(self.taken)
        return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def _look(target: Target) -> Look | None:
    base = target.settings.domains.api_origin
    if base is None:
        return None
    # A key that nobody has: the backend must ask its database to know that. /health is a constant and would prove nothing.
    arguments = {"url": f"{base}{PROTECTED}", "headers": {"X-API-Key": FORGED_KEY}, "control": target.settings.control}
    return Look(
        "timing",
        "api",
        {**arguments, **lead(target), "samples": SAMPLES, "warm_up": WARM_UP, "seconds": LONGEST, "slow": SLOW},
    )


def looks(target: Target) -> tuple[Look, ...]:
    """One look."""
    found = _look(target)
    return (found,) if found else ()


def parse(gathered: Gathered, target: Target) -> Latency:
    """From the times."""
    asked = _look(target)
    if asked is None:
        raise Missing(Unknown(Reason.NOT_CONFIGURED, "domains.api is not set (a name, or same-origin)"))
    seen = gathered.saw(asked)
    if isinstance(seen, Unknown):
        raise Missing(seen)
    taken, statuses = (part(seen.value, key, list) for key in ("taken", "statuses"))
    if len(taken) != len(statuses):
        raise Garbled("the timed requests")
    rows = [(_milliseconds(one), integer(status, "a status")) for one, status in zip(taken, statuses, strict=True)]
    counted = [(one, status) for one, status in rows if status != TOO_MANY]
    return Latency(
        url=str(asked.arguments["url"]),
        trouble=part(seen.value, "trouble", str),
        taken=tuple(one for one, _ in counted),
        statuses=frozenset(status for _, status in counted),
        trip=_milliseconds(seen.value.get("trip")),
        fresh=part(seen.value, "fresh", int),
        before=part(seen.value, "before", str),
        limited=len(rows) - len(counted),
    )


def _milliseconds(value: Any) -> float:
    """A time that something took.

    Raises:
        Garbled: it is none: NaN is smaller than no limit, and would meet none.
    """
    if type(value) not in (int, float) or not 0 <= value < LONGEST * 1e6:
        raise Garbled("the timed requests")
    return float(value)


FACT = Fact("latency", parse, alone=looks)
