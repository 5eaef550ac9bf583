"""The one deadline of a gathering: what is not there by then is unknown, and nobody waits for it."""

from __future__ import annotations

import math
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from typing import TypeVar

from msgspec import Struct

from pytest_zebu.facts.answer import Reason, Unknown

T = TypeVar("T")
A = TypeVar("A")
NO_TIME = "no time left of --zebu-deadline"
DAY = 86_400.0
"""As long as anybody waits at most: what waits forever cannot be told to the system."""


class Deadline(Struct, frozen=True):
    """A moment of this machine's monotonic clock."""

    end: float = math.inf

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """In so many seconds from now."""
        return cls(time.monotonic() + seconds)

    def left(self) -> float:
        """Seconds that are left, never less than none."""
        return max(0.0, min(DAY, self.end - time.monotonic()))

    def limit(self, seconds: float) -> float:
        """So many seconds, or what is left if that is less."""
        return min(seconds, self.left())

    def missed(self, what: str) -> Unknown:
        """What is said of what was not there in time."""
        return Unknown(Reason.TIMED_OUT, f"{what}: {NO_TIME}")

    def result(self, job: Future[T], what: str) -> T | Unknown:
        """What came of a job, or that it did not come in time, or how it broke: nothing is raised."""
        try:
            return job.result(self.left())
        except NotYet:
            if not job.done():
                return self.missed(what)
            return Unknown(Reason.TIMED_OUT, what)  # the job's own
        except Exception as error:
            return Unknown(Reason.UNDECIDABLE, f"{what}: {type(error).__name__}")


NEVER = Deadline()


_ASIDE: weakref.WeakSet[threading.Thread] = weakref.WeakSet()


def are_done(seconds: float) -> bool:
    """Whether all that was begun aside has ended, for which so many seconds are waited at most."""
    ends = Deadline.after(seconds)
    for thread in [*_ASIDE]:
        thread.join(ends.left())
    return not any(thread.is_alive() for thread in [*_ASIDE])


def aside(work: Callable[[], T]) -> Future[T]:
    """Do it in a thread of its own, which holds up neither us nor the end of the process.

    A pool of the library would be waited for when Python ends.
    """
    job: Future[T] = Future()

    def run() -> None:
        try:
            found = work()
        except BaseException as error:
            job.set_exception(error)
        else:
            job.set_result(found)

    try:
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        _ASIDE.add(thread)
    except RuntimeError as error:  # this machine has no thread left
        job.set_exception(error)
    return job


def at_once(work: Callable[[A], T], subjects: Iterable[A], threads: int) -> list[T]:
    """What comes of the same work for each subject, so many at once, in their order.

    The first that breaks is raised, and what was not begun by then is not begun. They hold up no end of the process.
    """
    given = [*subjects]
    jobs: list[Future[T]] = [Future() for _ in given]
    waiting = deque(zip(given, jobs, strict=True))

    def run() -> None:
        while waiting:
            try:
                subject, job = waiting.popleft()
            except IndexError:  # another thread was quicker
                return
            try:
                job.set_result(work(subject))
            except BaseException as error:
                job.set_exception(error)

    started = [aside(run) for _ in range(min(threads, len(jobs)))]
    if all(one.done() and one.exception() for one in started):  # this machine has no thread left
        run()
    try:
        return [job.result() for job in jobs]
    finally:
        waiting.clear()
