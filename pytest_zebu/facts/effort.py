"""What thinking may cost: seconds of the processor, where what a target said makes a reader or a judgement endless.

Readers are written to take the longer the more was said, and no more than that. This is for the one of which nobody knows
that it does not. Only the processor's time counts: a machine that is busy with something else takes none of it.

There is no such bound of memory. The system has one limit for all that a process does, and looks run beside; so the size of
what may be said is bounded instead.
"""

from __future__ import annotations

import contextvars
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from queue import SimpleQueue
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")
B = TypeVar("B")
SECONDS = 20.0
"""Of the processor. Eight megabytes of honest Python, the longest answer that there is, take a third of it."""
AGAIN = 1.0
"""So many seconds later it is raised again, if somebody dropped it: Python does so in what clears an object away."""
SOON = 0.01


class Overspent(BaseException):
    """It took too much of the processor. No `except Exception` on the way takes it for its own."""

    def __str__(self) -> str:
        return (
            f"it took more than {SECONDS:g} s of the processor, and was broken off: "
            "nothing honest is known to take so long; see what the machine says there, or report it"
        )


def _is_to_be_had() -> bool:
    """Whether the timer is: in the main thread only, and where nobody else uses it or its signal."""
    return (
        hasattr(signal, "setitimer")
        and hasattr(time, "thread_time")
        and threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGVTALRM) is signal.SIG_DFL
        and not any(signal.getitimer(signal.ITIMER_VIRTUAL))
    )


def bounded(work: Callable[[], T], otherwise: Callable[[Overspent], B]) -> T | B:
    """What comes of some work, or something else where it takes too much of the processor and is broken off.

    Within other work that is bounded it has no bound of its own, nor has it one where the timer is not to be had. A call
    into a library is broken off when it comes back, or asks Python; `re` asks often.
    """
    if (desk := _DESK.get()) is not None:
        return desk.ask(lambda: bounded(work, otherwise))
    if (watch := _watch) is not None and watch.is_mine():
        return watch.over(work, otherwise)
    if not _is_to_be_had():
        return work()
    return _within(SECONDS, work, otherwise)


def briefly(work: Callable[[], T], seconds: float, otherwise: T) -> T:
    """What comes of some work that can be done at any other time too; it is broken off once it took so much of the processor.

    What is bounded within it has no bound of its own. Where it could not be broken off, it is not begun.
    """
    return _within(seconds, work, lambda error: otherwise) if can_be_brief() else otherwise


def can_be_brief() -> bool:
    """Whether work of this thread can be done briefly."""
    return _DESK.get() is None and _is_to_be_had()


def _within(seconds: float, work: Callable[[], T], otherwise: Callable[[Overspent], B]) -> T | B:
    """What comes of some work within so many seconds of the processor; the timer is to be had."""
    is_open, end = True, time.thread_time() + seconds

    def look(number: int, frame: FrameType | None) -> None:
        if not is_open:
            return
        left = end - time.thread_time()  # the timer counts what all threads take
        if left <= 0:
            raise Overspent
        signal.setitimer(signal.ITIMER_VIRTUAL, max(left, SOON), AGAIN)

    signal.signal(signal.SIGVTALRM, look)
    try:
        try:
            signal.setitimer(signal.ITIMER_VIRTUAL, seconds, AGAIN)
            return work()
        finally:
            is_open = False
    except Overspent as error:
        return otherwise(error)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, signal.SIG_IGN)  # what is on its way yet would end the process
        signal.signal(signal.SIGVTALRM, signal.SIG_DFL)


class _Watch:
    """Bounds one work after the other, whose handler of the signal stays between them: where thousands are, that is most of it."""

    def __init__(self) -> None:
        self._end: float | None = None

    def look(self, number: int, frame: FrameType | None) -> None:
        """The handler."""
        if self._end is None:
            return
        left = self._end - time.thread_time()  # the timer counts what all threads take
        if left <= 0:
            raise Overspent
        signal.setitimer(signal.ITIMER_VIRTUAL, max(left, SOON), AGAIN)

    def is_mine(self) -> bool:
        """Whether work of this thread may be bounded by it now: it is within none that is, and nobody took the signal."""
        return (
            self._end is None
            and threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGVTALRM) == self.look
            and not any(signal.getitimer(signal.ITIMER_VIRTUAL))
        )

    def over(self, work: Callable[[], T], otherwise: Callable[[Overspent], B]) -> T | B:
        """What comes of work, or something else, as `bounded` says."""
        self._end = time.thread_time() + SECONDS
        try:
            try:
                signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS, AGAIN)
                return work()
            finally:
                self._end = None
        except Overspent as error:
            return otherwise(error)
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)


_watch: _Watch | None = None


@contextmanager
def watched() -> Iterator[None]:
    """Within this, the signal of the timer is ours, and what is bounded costs little. Where it is not to be had, nothing changes."""
    global _watch
    if _watch is not None or not _is_to_be_had():
        yield
        return
    _watch = mine = _Watch()
    signal.signal(signal.SIGVTALRM, mine.look)
    try:
        yield
    finally:
        _watch = None
        if signal.getsignal(signal.SIGVTALRM) == mine.look:
            signal.signal(signal.SIGVTALRM, signal.SIG_IGN)  # what is on its way yet would end the process
            signal.signal(signal.SIGVTALRM, signal.SIG_DFL)


class Desk:
    """Lets threads have their work bounded: the main thread, which has the timer, does it for them while it waits for them."""

    def __init__(self) -> None:
        self._asked: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._is_open = True

    def serve(self, work: Callable[[], T]) -> T:
        """Do work in this thread; what is bounded within it is done at the desk."""
        token = _DESK.set(self)
        try:
            return work()
        finally:
            _DESK.reset(token)

    def attend(self, jobs: Iterable[Future[Any]]) -> None:
        """Do what is asked for, until all these jobs are done."""
        left = [*jobs]
        done: list[Future[Any]] = []

        def is_done(job: Future[Any]) -> None:
            self._asked.put(lambda: done.append(job))

        for job in left:
            job.add_done_callback(is_done)
        try:
            with watched():
                while len(done) < len(left):
                    self._asked.get()()
        finally:
            self._is_open = False
            while not self._asked.empty():
                self._asked.get()()

    def ask(self, work: Callable[[], T]) -> T:
        """What comes of work at the desk. Once nobody attends it any more it is done here, without a bound."""
        if not self._is_open:
            return _without_desk(work)
        found: Future[T] = Future()

        def do() -> None:
            try:
                found.set_result(_without_desk(work))
            except BaseException as error:
                found.set_exception(error)
                if not isinstance(error, Exception):
                    raise

        self._asked.put(do)
        return found.result()


_DESK: contextvars.ContextVar[Desk | None] = contextvars.ContextVar("desk", default=None)


def _without_desk(work: Callable[[], T]) -> T:
    """Work whose own bounds are not asked for at a desk."""
    token = _DESK.set(None)
    try:
        return work()
    finally:
        _DESK.reset(token)
