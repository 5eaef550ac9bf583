"""Who looks when, where several hosts are looked at by one process: side by side, a browser or two at once, and what is timed alone.

What only waits for somebody else disturbs nobody. So whoever has taken long already is not waited for: a host that hangs
costs the others nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from msgspec import Struct, field

from pytest_zebu.gather.deadline import NEVER, Deadline

BROWSERS = 2
"""At once: each takes a processor and 200 MB."""
AT_WORK = {"browser": 20.0}
AT_WORK_USUALLY = 3.0
"""Seconds after which a look that has not ended waits for somebody, and does nothing itself; by its kind."""
QUIET_SECONDS = 20.0
"""For which quiet is kept at most. What is timed takes a few; who takes longer is not answered."""
BROWSER_SECONDS = 60.0
"""After which a browser that has not ended makes room for another one."""


class Turns(Struct):
    """The turns of one process.

    Attributes:
        _looking: by look that has begun: until when it counts as work.
        _quiet: until when nobody else begins; nothing while nobody asks for quiet.
    """

    _changed: threading.Condition = field(default_factory=threading.Condition)
    _looking: dict[object, float] = field(default_factory=dict)
    _browsing: dict[object, float] = field(default_factory=dict)
    _quiet: tuple[object, float] | None = None

    @contextmanager
    def beside(self, kind: str, deadline: Deadline = NEVER) -> Iterator[None]:
        """A turn for a look that others are made beside."""
        me = object()
        is_browser = kind == "browser"
        with self._changed:
            self._wait(lambda: [self._quiet_until(), self._room_from() if is_browser else 0.0], deadline)
            now = time.monotonic()
            self._looking[me] = now + AT_WORK.get(kind, AT_WORK_USUALLY)
            if is_browser:
                self._browsing[me] = now + BROWSER_SECONDS
        try:
            yield
        finally:
            with self._changed:
                self._looking.pop(me, None)
                self._browsing.pop(me, None)
                self._changed.notify_all()

    @contextmanager
    def alone(self, deadline: Deadline = NEVER) -> Iterator[None]:
        """A turn in which this process makes no other look that does anything."""
        me = object()
        with self._changed:
            self._wait(lambda: [self._quiet_until()], deadline)
            self._quiet = me, time.monotonic() + AT_WORK_USUALLY + QUIET_SECONDS
            self._wait(lambda: [*self._looking.values()], deadline)
            self._quiet = me, time.monotonic() + QUIET_SECONDS
        try:
            yield
        finally:
            with self._changed:
                if self._quiet is not None and self._quiet[0] is me:
                    self._quiet = None
                self._changed.notify_all()

    def _quiet_until(self) -> float:
        return self._quiet[1] if self._quiet is not None else 0.0

    def _room_from(self) -> float:
        """When there is room for a browser: at once, or when enough of them have had their time."""
        ends = sorted(self._browsing.values())
        return ends[-BROWSERS] if len(ends) >= BROWSERS else 0.0

    def _wait(self, until: Callable[[], list[float]], deadline: Deadline) -> None:
        """Wait for all these moments, as they stand when something has changed; never behind the deadline."""
        while (left := min(max([0.0, *until()]) - time.monotonic(), deadline.left())) > 0:
            self._changed.wait(left)


TURNS = Turns()
