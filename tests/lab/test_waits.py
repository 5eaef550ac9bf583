"""What is waited for has a name and an end; nothing is slept for."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab.place import SOURCE
from lab.shell import LabError
from lab.waits import until


class Clock:
    """A clock that goes on only by pauses, and by how long a look takes."""

    def __init__(self) -> None:
        self.time = 100.0
        self.pauses: list[float] = []

    def now(self) -> float:
        return self.time

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.time += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def says(*words: str | LabError) -> Callable[[], str]:
    """A look that sees one thing after the other, and the last one from then on."""
    rest: Iterator[str | LabError] = iter(words)
    last: list[str | LabError] = []

    def look() -> str:
        last[:] = [next(rest, *last)]
        if isinstance(last[0], LabError):
            raise last[0]
        return last[0]

    return look


def test_what_is_so_already_is_not_waited_for(clock: Clock) -> None:
    assert until("redis is healthy", says("healthy"), now=clock.now, pause=clock.pause) == "healthy"
    assert clock.pauses == []


def test_it_looks_again_until_it_is_so_and_gives_what_was_seen(clock: Clock) -> None:
    look = says("starting", "starting", "healthy")
    seen = until("redis is healthy", look, lambda word: word == "healthy", every=0.5, now=clock.now, pause=clock.pause)
    assert seen == "healthy"
    assert clock.pauses == [0.5, 0.5]


def test_what_does_not_come_is_named_with_what_was_seen_last(clock: Clock) -> None:
    with pytest.raises(LabError, match=r"^gave up after 3 s waiting until redis is healthy; last seen: 'starting'$"):
        until(
            "redis is healthy",
            says("starting"),
            lambda word: word == "healthy",
            seconds=3,
            every=1,
            now=clock.now,
            pause=clock.pause,
        )
    assert clock.pauses == [1, 1, 1]


def test_a_look_that_cannot_be_had_is_not_yet(clock: Clock) -> None:
    look = says(LabError("exit status 1: docker inspect"), "healthy")
    assert until("redis is healthy", look, now=clock.now, pause=clock.pause) == "healthy"
    with pytest.raises(LabError, match="last seen: exit status 1: docker inspect"):
        until(
            "redis is healthy",
            says(LabError("exit status 1: docker inspect")),
            seconds=1,
            now=clock.now,
            pause=clock.pause,
        )


def test_another_error_of_a_look_is_not_waited_out(clock: Clock) -> None:
    def broken() -> str:
        raise ValueError("no number")

    with pytest.raises(ValueError, match="no number"):
        until("it is a number", broken, now=clock.now, pause=clock.pause)
    assert clock.pauses == []


def test_there_is_a_last_look_after_the_time(clock: Clock) -> None:
    """A look that takes longer than all the time there is: on a busy machine the next one may see it come true."""
    answers = iter(["starting", "healthy"])

    def slow() -> str:
        clock.time += 100
        return next(answers)

    seen = until("redis is healthy", slow, lambda word: word == "healthy", seconds=60, now=clock.now, pause=clock.pause)
    assert seen == "healthy"


def test_what_was_seen_is_not_quoted_without_end(clock: Clock) -> None:
    with pytest.raises(LabError) as caught:
        until("it is short", says("x" * 5000), lambda word: False, seconds=0, now=clock.now, pause=clock.pause)
    assert len(str(caught.value)) < 1100


IN_A_SCRIPT = re.compile(r"(?:^|[;&|\n]|\bdo)\s*sleep\s")


def sleeps(source: str) -> list[int]:
    """The lines on which Python sleeps, or a shell script between two commands. A program that is started may."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if (isinstance(node, ast.Call) and ast.unparse(node.func) in ("time.sleep", "sleep"))
        or (isinstance(node, ast.Constant) and isinstance(node.value, str) and IN_A_SCRIPT.search(node.value))
    ]


def test_sleeping_is_seen() -> None:
    assert sleeps("import time\ntime.sleep(1)\n") == [2]
    assert sleeps("lab.vm.shell('systemctl reload ssh; sleep 1.2')") == [1]
    assert sleeps("lab.vm.shell(f'for n in 1 2; do sleep {pause}; done')") == [1]
    assert sleeps("lab.vm.shell('docker run -d zebu-lab/runtime:12 sleep 600')") == []


@pytest.mark.parametrize(
    "path", sorted((*SOURCE.glob("*.py"), *SOURCE.glob("faults/*.py"))), ids=lambda path: path.stem
)
def test_nothing_in_the_lab_sleeps(path: Path) -> None:
    assert sleeps(path.read_text()) == []
