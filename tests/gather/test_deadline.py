"""The one deadline of a gathering: what hangs is not waited for, here and when Python ends."""

from __future__ import annotations

import math
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from pytest_zebu.facts.answer import Reason, Unknown
from pytest_zebu.gather.deadline import DAY, NEVER, NO_TIME, Deadline, aside, side_by_side


def test_what_is_left_is_never_less_than_none_nor_more_than_a_day() -> None:
    assert Deadline(-math.inf).left() == 0
    assert NEVER.left() == DAY
    assert 0 < Deadline.after(50).left() <= 50
    assert Deadline.after(50).limit(3) == 3
    assert Deadline(-1).limit(3) == 0


def test_a_job_says_what_came_of_it() -> None:
    assert NEVER.result(aside(lambda: 7), "seven") == 7


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize(
    "error", [ValueError("x"), MemoryError(), RecursionError(), OSError(24, "Too many open files")]
)
def test_a_job_that_breaks_is_unknown(error: Exception) -> None:
    def broken() -> None:
        raise error

    assert NEVER.result(aside(broken), "it") == Unknown(Reason.UNDECIDABLE, f"it: {type(error).__name__}")


@pytest.mark.hostile("ssh")
def test_a_job_that_ran_out_of_its_own_time_says_so() -> None:
    def late() -> None:
        raise TimeoutError

    assert NEVER.result(aside(late), "it") == Unknown(Reason.TIMED_OUT, "it")


@pytest.mark.hostile("ssh")
def test_a_job_that_hangs_takes_no_other_with_it() -> None:
    held = threading.Event()
    works: list[Callable[[], object]] = [lambda: 1, held.wait, lambda: 3]
    try:
        found = side_by_side(lambda work: work(), works, Deadline.after(0.5), "it")
    finally:
        held.set()
    assert found == [1, Unknown(Reason.TIMED_OUT, f"it: {NO_TIME}"), 3]


@pytest.mark.hostile("ssh")
def test_a_machine_without_threads_is_our_own_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert NEVER.result(aside(lambda: 1), "it") == Unknown(Reason.UNDECIDABLE, "it: RuntimeError")


@pytest.mark.hostile("ssh")
def test_what_hangs_does_not_keep_the_process() -> None:
    script = """
import threading
from pytest_zebu.gather.deadline import Deadline, aside
print(Deadline.after(0.1).result(aside(threading.Event().wait), "it"), flush=True)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=600, check=True)
    assert done.stdout == f"timed out: it: {NO_TIME}\n"
