"""What ends a process from outside: SIGTERM and SIGHUP end it as Ctrl-C does, so that it cleans up behind itself."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
CLEANING_SECONDS = 30.0
"""For so long nothing interrupts what the first signal has set about: it is bounded by limits of its own."""


ENDING = f"zebu: it is ending already, and takes {CLEANING_SECONDS:.0f} s at most; after that, another signal counts\n"


class Ended(KeyboardInterrupt):
    """A signal asked this process to end: whoever catches errors lets it pass, and pytest ends in order.

    Attributes:
        number: which signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


def heed() -> Callable[[], None]:
    """Let signals end this process in order; what is returned lets them do what they did before.

    Those that somebody else heeds or ignores (nohup) stay as they are, and so do all where this is not the main thread.
    """
    if threading.current_thread() is not threading.main_thread():
        return lambda: None
    first: list[float] = []

    def end(number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if first and now - first[0] < CLEANING_SECONDS:
            if number == signal.SIGINT:  # somebody sits there, and may have caught the first (a debugger does)
                with suppress(OSError):
                    os.write(2, ENDING.encode())
            return
        first[:] = [now]
        raise Ended(number)

    usual = (signal.SIG_DFL, signal.default_int_handler)
    before = {number: signal.getsignal(number) for number in SIGNALS if signal.getsignal(number) in usual}
    for number in before:
        signal.signal(number, end)

    def restore() -> None:
        for number, handler in before.items():
            if signal.getsignal(number) is end:
                signal.signal(number, handler)

    return restore
