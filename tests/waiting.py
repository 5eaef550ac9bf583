"""Waiting for what must come, by what is seen of it and not by the clock."""

from __future__ import annotations

import time
from collections.abc import Callable


def until(condition: Callable[[], object], what: str) -> None:
    """Wait for what must come, as long as a busy machine may take."""
    ends = time.monotonic() + 240
    while not condition():
        assert time.monotonic() < ends, what
        time.sleep(0.02)
