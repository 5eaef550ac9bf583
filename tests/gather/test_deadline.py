"""The one deadline of a gathering: what hangs is not waited for, here and when Python ends."""

from __future__ import annotations

import math
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from pytest_zebu.facts.answer import Reason, Unknown
from pytest_zebu.gather.deadline import DAY, NEVER, NO_TIME, Deadline, aside, at_once


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
        deadline = Deadline.after(0.5)
        found = [deadline.result(job, "it") for job in [aside(work) for work in works]]
    finally:
        held.set()
    assert found == [1, Unknown(Reason.TIMED_OUT, f"it: {NO_TIME}"), 3]


@pytest.mark.hostile("ssh")
def test_a_machine_without_threads_is_our_own_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert NEVER.result(aside(lambda: 1), "it") == Unknown(Reason.UNDECIDABLE, "it: RuntimeError")


@pytest.mark.parametrize("threads", [1, 3, 500])
def test_what_is_done_at_once_keeps_its_order(threads: int) -> None:
    assert at_once(lambda number: number * 2, range(200), threads) == [*range(0, 400, 2)]
    assert at_once(str, [], threads) == []


@pytest.mark.hostile("requests")
def test_no_more_is_done_at_once_than_was_said() -> None:
    """As many ports, records or requests as there may be: each thread works until all have begun, and there is no other."""
    begun = threading.Barrier(4)
    workers: set[threading.Thread] = set()

    def work(number: int) -> None:
        if (worker := threading.current_thread()) not in workers:
            workers.add(worker)
            begun.wait(60)

    at_once(work, range(1000), 4)
    assert len(workers) == 4


@pytest.mark.hostile("requests")
def test_after_what_breaks_no_more_is_begun() -> None:
    begun: list[int] = []
    held = threading.Event()

    def refused(number: int) -> None:
        begun.append(number)
        if number == 0:
            raise ValueError("the first")
        held.wait()

    with pytest.raises(ValueError, match="the first"):
        at_once(refused, range(100), 2)
    held.set()
    assert len(begun) <= 3


@pytest.mark.hostile("requests")
def test_a_machine_without_threads_does_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert at_once(str, range(5), 3) == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize("work", [
    pytest.param("threading.Event().wait", marks=pytest.mark.hostile("ssh")),
    pytest.param("lambda: at_once(lambda _: threading.Event().wait(), range(9), 3)", marks=pytest.mark.hostile("requests")),
], ids=["alone", "at once"])  # fmt: skip
def test_what_hangs_does_not_keep_the_process(work: str) -> None:
    script = f"""
import threading
from pytest_zebu.gather.deadline import Deadline, aside, at_once
print(Deadline.after(0.1).result(aside({work}), "it"), flush=True)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=600, check=True)
    assert done.stdout == f"timed out: it: {NO_TIME}\n"
