"""What a look may take: each has seconds of its own, within those of the whole gathering, and every wait asks here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import TypeVar

from pytest_zebu.gather.deadline import NEVER, NO_TIME, Deadline

T = TypeVar("T")
A = TypeVar("A")


class OutOfTime(Exception):
    """A look's time is used up: what it would have seen is unknown. The text says whose time that was."""


_bounds: ContextVar[tuple[Deadline, str]] = ContextVar("bounds", default=(NEVER, NO_TIME))


@contextmanager
def within(deadline: Deadline, why: str) -> Iterator[None]:
    """All waits in here end by then, or earlier where an earlier end is known already."""
    known, _ = _bounds.get()
    token = _bounds.set((deadline, why) if deadline.end < known.end else _bounds.get())
    try:
        yield
    finally:
        _bounds.reset(token)


def allowed(seconds: float) -> float:
    """So many seconds, or what is left if that is less.

    Raises:
        OutOfTime: nothing is left.
    """
    deadline, why = _bounds.get()
    found = deadline.limit(seconds)
    if found <= 0 and deadline.left() <= 0:
        raise OutOfTime(why)
    return found


def carried(work: Callable[[A], T]) -> Callable[[A], T]:
    """The same work, for other threads: the bounds of this one are theirs too."""
    here = copy_context()
    return lambda subject: here.copy().run(work, subject)
