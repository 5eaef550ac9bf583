"""Which test reaches which line: coverage.py's contexts, one for each test.

Loaded into pytest by `-p benchmarks.reach`, under `coverage run`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import coverage
import pytest
from coverage.data import CoverageData

CONFIGURATION = "[run]\nsource = pytest_zebu, tests_prod\n"
DATA, SETTINGS = ".coverage", ".reachrc"
LATE = ("tests/judged/test_said", "tests/judged", "tests/plugin")
"""Tests that cost more than others: each judges a whole machine, or runs pytest in pytest."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """What is run from here on is reached by this test."""
    current = coverage.Coverage.current()
    assert current is not None, "not under `coverage run`"
    current.switch_context(item.nodeid)
    return (yield)


def command(root: Path) -> list[str]:
    """The words that run all tests of a checkout and keep what they reach; they follow the interpreter."""
    (root / SETTINGS).write_text(CONFIGURATION)
    run = ["-m", "coverage", "run", f"--rcfile={SETTINGS}", f"--data-file={DATA}"]
    return [*run, "-m", "pytest", "-q", "-p", "benchmarks.reach", "-p", "no:cacheprovider", "-p", "no:xdist", "tests"]


class Reach:
    """What was kept."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._data = CoverageData(str(root / DATA))
        self._data.read()

    def tests_of(self, file: Path, lines: Sequence[int]) -> list[str]:
        """The tests that reach lines of a file: those that mirror it first, those that cost most last."""
        by_line = self._data.contexts_by_lineno(str(self._root / file))
        found = {test for line in lines for test in by_line.get(line, ()) if test}

        def order(test: str) -> tuple[bool, int, str]:
            path = Path(test.partition("::")[0])
            mirrors = path.parent.name == file.parent.name and path.stem.startswith(f"test_{file.stem}")
            return not mirrors, next((n for n, late in enumerate(LATE, 1) if str(path).startswith(late)), 0), test

        return sorted(found, key=order)
