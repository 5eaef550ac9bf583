"""Python's search for garbage, which otherwise looks again and again at all that a run imports, collects and keeps.

It counts new objects, and a run that judges makes some hundred thousand that stay: modules, classes, tests, patterns.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

SELDOM = 10_000
"""New objects after which it is searched. Python's own 700 are as many as four items leave."""


@contextmanager
def left_alone() -> Iterator[None]:
    """Search for none while what stays is made."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def sought_seldom() -> Iterator[None]:
    """Search less often, as long as somebody else has not set how often: of many hosts some hundred thousand objects stay."""
    before = gc.get_threshold()
    if 0 < before[0] < SELDOM:
        gc.set_threshold(SELDOM, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def keep() -> None:
    """Leave what there is out of every later search, also the last ones before Python ends.

    What an earlier run in this process left is searched again, so that many runs keep no more than one.
    """
    gc.unfreeze()
    gc.freeze()
