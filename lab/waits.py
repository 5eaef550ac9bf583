"""Waiting for something that has a name, for so long and no longer. Nothing in the lab sleeps for a fixed time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from lab.shell import LabError

Seen = TypeVar("Seen")
EVERY = 0.1
"""Seconds between two looks; a look itself takes some hundredths."""


def until(
    what: str,
    look: Callable[[], Seen],
    is_so: Callable[[Seen], bool] = bool,
    *,
    seconds: float = 60,
    every: float = EVERY,
    now: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> Seen:
    """Look again and again until what is seen is so, and give what was seen.

    A look that cannot be had counts as not yet. There is a last look after the time is over: a machine that was too busy
    to look in time gets its chance.

    Args:
        what: what is waited for, as a clause: "redis is healthy".
        look: sees how things are.
        is_so: whether that is what is waited for.
        seconds: for how long.

    Raises:
        LabError: it did not come; what was waited for and what was seen last are named.
    """
    deadline = now() + seconds
    while True:
        over = now() >= deadline
        try:
            seen = look()
        except LabError as error:
            last = str(error)
        else:
            if is_so(seen):
                return seen
            last = repr(seen)
        if over:
            raise LabError(f"gave up after {seconds:g} s waiting until {what}; last seen: {last[:1000]}")
        pause(every)
