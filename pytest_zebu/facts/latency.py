"""How fast the API answers when it works: the same simple request many times, over a connection that is warm.

It is measured while the batch runs, which can only make it slower: what is fast enough then is fast enough. Where it is not,
it is measured once more when nothing else of ours runs, and that counts.
"""

from __future__ import annotations

import math
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from pytest_zebu.facts.answer import Garbled, Known, Missing, Reason, Unknown, integer, part
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
"""Milliseconds that the checklist allows: where a few of the answers take so long, all are measured once more."""
ENOUGH = 20
"""Of so many answers something can be told."""


class Latency(Struct, frozen=True):
    """Milliseconds of each request, in their order, over a connection that stands.

    Attributes:
        trip: what of each the way there and back takes, which is our network's.
        fresh: over how many connections that had to be made anew, as the server closes them.
        before: what a first measurement showed, where it was made once more.
        limited: how many of the requests were answered with 429, as whoever counts them does: how long that took says nothing.
        is_beside: it was measured while the batch ran.
        beside: the 95th percentile while the batch ran, as far as that was measured, where it was measured alone as well.
    """

    url: str
    trouble: str
    taken: tuple[float, ...]
    statuses: frozenset[int]
    trip: float = 0.0
    fresh: int = 0
    before: str = ""
    limited: int = 0
    is_beside: bool = False
    beside: float | None = None

    def percentile(self, share: float) -> float:
        """The smallest sample that at least this share of them does not exceed (nearest rank)."""
        ordered = sorted(self.taken)
        return ordered[max(0, math.ceil(share * len(ordered)) - 1)]

    @property
    def is_settled(self) -> bool:
        """Whether it is fast enough whatever ran beside it. What is taken off elsewhere, such as the way, is left in here.

        What runs beside it makes the way longer as well, and making connections: taken off, it would make slow answers fast.
        """
        is_plain = not (self.trouble or self.fresh or self.before or self.limited)
        return is_plain and self.statuses == {401} and len(self.taken) >= ENOUGH and self.percentile(0.95) < SLOW


def _look(target: Target, *, is_beside: bool = True) -> Look | None:
    base = target.settings.domains.api_origin
    if base is None:
        return None
    # A key that nobody has: the backend must ask its database to know that. /health is a constant and would prove nothing.
    arguments = {"url": f"{base}{PROTECTED}", "headers": {"X-API-Key": FORGED_KEY}, "control": target.settings.control}
    return Look(
        "timing",
        "api" if is_beside else "api alone",
        {
            **arguments,
            **lead(target),
            "samples": SAMPLES,
            "warm_up": WARM_UP,
            "seconds": LONGEST,
            "slow": SLOW,
        },
        calm=True,
        beside=is_beside,
    )


def looks(target: Target) -> tuple[Look, ...]:
    """One look."""
    found = _look(target)
    return (found,) if found else ()


def alone(gathered: Gathered, target: Target) -> tuple[Look, ...]:
    """The same look, where what was seen while the batch ran does not settle it."""
    asked, again = _look(target), _look(target, is_beside=False)
    if asked is None or again is None:
        return ()
    seen = gathered.saw(asked)
    if isinstance(seen, Unknown):
        return ()
    try:
        found = _read(asked, seen.value)
    except Garbled:
        return ()
    return (again,) if found.is_beside and not found.is_settled else ()


def parse(gathered: Gathered, target: Target) -> Latency:
    """From the times: those that were taken alone, if they were."""
    asked, again = _look(target), _look(target, is_beside=False)
    if asked is None or again is None:
        raise Missing(Unknown(Reason.NOT_CONFIGURED, "domains.api is not set (a name, or same-origin)"))
    first = gathered.saw(asked)
    if again.key not in gathered.looks:
        if isinstance(first, Unknown):
            raise Missing(first)
        found = _read(asked, first.value)
        if found.is_beside and not found.is_settled:
            raise Missing(Unknown(Reason.NOT_GATHERED, again.key))
        return found
    seen = gathered.saw(again)
    if isinstance(seen, Unknown):
        raise Missing(seen)
    found = _read(again, seen.value)
    try:
        beside = _read(asked, first.value) if isinstance(first, Known) else None
    except Garbled:
        beside = None
    return replace(found, beside=beside.percentile(0.95)) if beside and beside.taken else found


def _read(asked: Look, seen: Any) -> Latency:
    taken, statuses = (part(seen, key, list) for key in ("taken", "statuses"))
    if len(taken) != len(statuses):
        raise Garbled("the timed requests")
    rows = [(_milliseconds(one), integer(status, "a status")) for one, status in zip(taken, statuses, strict=True)]
    counted = [(one, status) for one, status in rows if status != TOO_MANY]
    return Latency(
        url=str(asked.arguments["url"]),
        trouble=part(seen, "trouble", str),
        taken=tuple(one for one, _ in counted),
        statuses=frozenset(status for _, status in counted),
        trip=_milliseconds(seen.get("trip")),
        fresh=part(seen, "fresh", int),
        before=part(seen, "before", str),
        limited=len(rows) - len(counted),
        is_beside=seen.get("beside") is True,
    )


def _milliseconds(value: Any) -> float:
    """A time that something took.

    Raises:
        Garbled: it is none: NaN is smaller than no limit, and would meet none.
    """
    if type(value) not in (int, float) or not 0 <= value < LONGEST * 1e6:
        raise Garbled("the timed requests")
    return float(value)


FACT = Fact("latency", parse, looks=looks, alone=alone)
