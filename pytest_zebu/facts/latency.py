"""How fast the API answers when it works: the same simple request many times, over a connection that is warm."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pytest_zebu.facts.answer import Garbled, Missing, Reason, Unknown
from pytest_zebu.facts.dns import lead
from pytest_zebu.facts.fact import Fact, Gathered, Look
from pytest_zebu.facts.web import FORGED_KEY, PROTECTED
from pytest_zebu.settings.target import Target

SAMPLES, WARM_UP = 40, 3
"""The 95th percentile of 40 leaves two beyond it."""
LONGEST = 15.0
"""Seconds for all of them: what takes longer is slow, and is known to be."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds of each request, in their order.

    Attributes:
        late: how many of the requests that warm it up came too late, and were made again.
    """

    url: str
    trouble: str
    taken: tuple[float, ...]
    statuses: frozenset[int]
    late: int = 0

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
        "timing", "api", {**arguments, **lead(target), "samples": SAMPLES, "warm_up": WARM_UP, "seconds": LONGEST}
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
    try:
        taken = tuple(float(one) for one in seen.value["taken"])
        late = int(seen.value.get("late", 0))
        return Latency(
            str(asked.arguments["url"]), seen.value["trouble"], taken, frozenset(seen.value["statuses"]), late
        )
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
        raise Garbled("the timed requests") from None


FACT = Fact("latency", parse, alone=looks)
