"""What the end of a run needs is made ready while the machine is asked: nobody waits for it then.

Whatever does not succeed here is done, and told of, where it is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress

import pytest

from pytest_zebu.gather.deadline import aside
from pytest_zebu.plugin.remembered import fingerprint, target_as_kept
from pytest_zebu.plugin.run import Run


def make_ready(run: Run, items: Iterable[pytest.Item]) -> None:
    """Do it, beside what is asked; where nothing is, only what has to be done anyhow."""
    if run.options.replay is not None:
        locate(items)
        return
    tests, target = [*items], next(iter(run.targets.values()))
    aside(lambda: _each(lambda: locate(tests), fingerprint, lambda: target_as_kept(target)))


def _each(*steps: Callable[[], object]) -> None:
    for step in steps:
        with suppress(Exception):
            step()


def locate(items: Iterable[pytest.Item]) -> None:
    """Find out where tests stand, once of each function: pytest does so of each of its items, and asks the system each time."""
    first: dict[object, pytest.Function] = {}
    for item in items:
        # Of another type, or within a class, it may be told otherwise.
        if type(item) is pytest.Function and item.cls is None and isinstance(item.parent, pytest.Module):
            other = first.setdefault((item.parent, item.obj), item)
            path, line, name = other.location
            if other is not item and name == other.name:
                item.location = path, line, item.name
