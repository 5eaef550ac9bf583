"""Whatever makes a reader or a check endless is broken off, and costs nothing but its own fact or item."""

from __future__ import annotations

import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from pytest_zebu.facts import effort
from pytest_zebu.facts.answer import Known, Reason, Unknown
from pytest_zebu.facts.effort import Overspent, bounded
from pytest_zebu.facts.fact import Fact, Gathered
from pytest_zebu.gather.deadline import aside
from pytest_zebu.plugin.checks import Cases
from pytest_zebu.plugin.judge import decide
from pytest_zebu.settings.target import Target
from pytest_zebu.verdict.outcome import Outcome

LITTLE = 0.2
ITEM = "deploy.initial.ssh"


@pytest.fixture(autouse=True)
def bound(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Little is allowed; and whatever a test does, the timer and its signal are nobody's afterwards."""
    monkeypatch.setattr(effort, "SECONDS", LITTLE)
    monkeypatch.setattr(effort, "AGAIN", LITTLE)
    yield
    assert signal.getsignal(signal.SIGVTALRM) is signal.SIG_DFL
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)


def loops(*given: Any) -> Any:
    while True:
        pass


def burn(seconds: float) -> bool:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass
    return True


def backtracks(*given: Any) -> Any:
    return re.fullmatch(r"(a+)+b", "a" * 60)


def takes_every_error_for_its_own(*given: Any) -> Any:
    while True:
        with suppress(Exception):
            loops()


def is_endless_where_it_clears_away(*given: Any) -> Any:
    class Held:
        def __del__(self) -> None:
            burn(1.5 * LITTLE)  # what is raised in here is dropped

    Held()
    loops()


def is_endless_in_a_comparison(*given: Any) -> Any:
    return sorted([3, 1, 2], key=loops)


def is_endless_in_a_generator(*given: Any) -> Any:
    return sum(iter(lambda: 1, 2))


def calls_itself(*given: Any) -> Any:
    def twice(depth: int) -> int:
        return twice(depth + 1) + twice(depth + 1) if depth < 60 else 0

    return twice(0)


def reads_another_one(*given: Any) -> Any:
    return Fact("inner", loops).read(Gathered(), *given[1:])


ENDLESS = (
    loops, backtracks, takes_every_error_for_its_own, is_endless_where_it_clears_away, is_endless_in_a_comparison,
    is_endless_in_a_generator, calls_itself, reads_another_one,
)  # fmt: skip


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.hostile("parsers")
@pytest.mark.parametrize("work", ENDLESS, ids=lambda work: work.__name__)
def test_an_endless_reader_loses_this_fact_alone(work: Callable[..., Any], target: Target) -> None:
    answer = Fact("endless", work).read(Gathered(), target)
    assert isinstance(answer, Unknown)
    assert answer.reason is Reason.GARBLED
    assert answer.detail.startswith("endless: it took more than 0.2 s of the processor, and was broken off")
    assert Fact("next", lambda gathered, target: 1).read(Gathered(), target) == Known(1)


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize("name", ["looks", "then", "alone", "trial"])
def test_what_is_asked_for_besides_ends_as_well(name: str, target: Target) -> None:
    asks: dict[str, Any] = {name: loops}
    fact = Fact("endless", lambda gathered, target: 1, **asks)
    found = getattr(fact, name)(*([Gathered(), target] if name == "then" else [target]))
    assert isinstance(found, Unknown) if name == "trial" else found == ()
    assert fact.read(Gathered(), target) == Known(1)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.hostile("parsers")
@pytest.mark.parametrize("work", ENDLESS[:-1], ids=lambda work: work.__name__)
def test_an_endless_check_leaves_its_item_not_assessed(work: Callable[..., Any]) -> None:
    def check(case: Cases) -> None:
        with case("first"):
            pass
        with case("second"):
            work()

    finding, _ = decide(check, ITEM, {"case": (cases := Cases())}, cases)
    assert (finding.outcome, finding.broken) == (Outcome.NOT_ASSESSED, False)
    assert finding.reason.startswith("judging it did not come to an end: it took more than 0.2 s of the processor")
    assert [case.name for case in finding.cases] == ["first"]
    assert decide(lambda: None, ITEM, {}, None)[0].outcome is Outcome.PASSED


@pytest.mark.hostile("parsers")
def test_what_was_wrong_before_a_check_became_endless_stays_wrong() -> None:
    def check(case: Cases) -> None:
        with case("first"):
            raise AssertionError("it is wrong")
        loops()

    finding, _ = decide(check, ITEM, {"case": (cases := Cases())}, cases)
    assert finding.outcome is Outcome.FAILED


def broken_off(error: Overspent) -> str:
    return "broken off"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_errors_pass_through(error: type[BaseException]) -> None:
    def raises() -> str:
        raise error

    with pytest.raises(error):
        bounded(raises, broken_off)


def test_a_signal_that_somebody_else_uses_is_left_alone() -> None:
    def theirs(number: int, frame: object) -> None:
        """Nothing."""

    signal.signal(signal.SIGVTALRM, theirs)
    try:
        assert bounded(lambda: signal.getsignal(signal.SIGVTALRM), broken_off) is theirs
        assert bounded(lambda: signal.getitimer(signal.ITIMER_VIRTUAL), broken_off) == (0.0, 0.0)
    finally:
        signal.signal(signal.SIGVTALRM, signal.SIG_DFL)


def test_a_timer_that_somebody_else_uses_is_left_alone() -> None:
    signal.setitimer(signal.ITIMER_VIRTUAL, 1000)
    try:
        assert bounded(lambda: signal.getsignal(signal.SIGVTALRM), broken_off) is signal.SIG_DFL
        assert signal.getitimer(signal.ITIMER_VIRTUAL)[0] > 900
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def test_other_threads_have_no_bound_and_what_they_take_does_not_count() -> None:
    """Looks run beside."""
    found: list[str] = []

    def aside() -> None:
        found.append(bounded(lambda: str(burn(4 * LITTLE)), broken_off))

    def waits() -> str:
        thread = threading.Thread(target=aside)
        thread.start()
        thread.join()
        return "waited"

    assert bounded(waits, broken_off) == "waited"
    assert found == ["True"]


def test_after_others_took_theirs_the_bound_still_holds() -> None:
    def waits() -> str:
        thread = threading.Thread(target=burn, args=(4 * LITTLE,))
        thread.start()
        thread.join()
        loops()
        return "waited"

    assert bounded(waits, broken_off) == "broken off"


def test_one_bound_within_another_is_the_outer_ones() -> None:
    assert bounded(lambda: bounded(loops, lambda error: "inner"), lambda error: "outer") == "outer"


def test_waiting_takes_none_of_the_processor() -> None:
    ended = threading.Event()
    assert bounded(lambda: ended.wait(2 * LITTLE), broken_off) is False


def test_what_is_left_out_where_there_is_no_such_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(signal, "setitimer")
    assert bounded(lambda: 1, broken_off) == 1
    monkeypatch.undo()


def test_threads_have_their_work_bounded_by_the_one_that_waits_for_them() -> None:
    """The timer is the main thread's: it breaks off what one thread asked for, and what another asked for is done."""
    desk, where = effort.Desk(), []

    def endless() -> str:
        where.append(threading.current_thread())
        while True:
            pass

    hostile = aside(lambda: desk.serve(lambda: effort.bounded(endless, lambda error: "broken off")))
    honest = aside(lambda: desk.serve(lambda: effort.bounded(lambda: "read", lambda error: "broken off")))
    failing = aside(lambda: desk.serve(lambda: effort.bounded(lambda: 1 // 0, lambda error: 0)))
    desk.attend([hostile, honest, failing])
    assert (hostile.result(), honest.result()) == ("broken off", "read")
    assert isinstance(failing.exception(), ZeroDivisionError)
    assert where == [threading.main_thread()]
    assert desk.serve(lambda: effort.bounded(lambda: "nobody attends", lambda error: "")) == "nobody attends"


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize("work", ENDLESS, ids=lambda work: work.__name__)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_of_many_works_each_is_bounded(work: Callable[..., Any], target: Target) -> None:
    """The handler of the signal stays between them, and is nobody's afterwards."""
    with effort.watched():
        handler = signal.getsignal(signal.SIGVTALRM)
        assert handler is not signal.SIG_DFL
        for _ in range(2):
            answer = Fact("endless", work).read(Gathered(), target)
            assert isinstance(answer, Unknown)
            assert Fact("next", lambda gathered, target: 1).read(Gathered(), target) == Known(1)
            assert signal.getsignal(signal.SIGVTALRM) == handler
            assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)


def test_what_is_asked_for_late_ends_nothing() -> None:
    with effort.watched():
        assert bounded(lambda: 1, lambda _: 2) == 1
        signal.raise_signal(signal.SIGVTALRM)
        assert bounded(lambda: bounded(lambda: 1, lambda _: 2), lambda _: 3) == 1


def test_who_takes_the_signal_meanwhile_keeps_it() -> None:
    taken: list[int] = []
    with effort.watched():
        signal.signal(signal.SIGVTALRM, lambda number, frame: taken.append(number))
        try:
            assert bounded(lambda: 1, lambda _: 2) == 1
            signal.raise_signal(signal.SIGVTALRM)
        finally:
            signal.signal(signal.SIGVTALRM, signal.SIG_DFL)
    assert taken == [signal.SIGVTALRM]


def test_in_another_thread_nothing_is_watched() -> None:
    def work() -> Any:
        with effort.watched():
            return signal.getsignal(signal.SIGVTALRM), bounded(lambda: 1, lambda _: 2)

    assert aside(work).result() == (signal.SIG_DFL, 1)


def test_what_can_be_done_at_any_other_time_is_broken_off_soon() -> None:
    began = time.thread_time()
    assert effort.briefly(loops, LITTLE / 4, "later") == "later"
    assert time.thread_time() - began < LITTLE, "it has not the time that it has at the end"
    assert effort.briefly(lambda: burn(LITTLE / 50), LITTLE, False) is True


def test_what_is_bounded_within_it_has_no_bound_of_its_own() -> None:
    """Its own would only begin the time anew, and take the end for an answer."""
    assert effort.briefly(lambda: bounded(loops, str), LITTLE / 4, "later") == "later"


def test_what_breaks_within_it_breaks_as_ever() -> None:
    with pytest.raises(ZeroDivisionError):
        effort.briefly(lambda: 1 // 0, LITTLE, 0)


def test_where_it_could_not_be_broken_off_it_is_not_begun() -> None:
    begun: list[str] = []
    assert aside(lambda: effort.briefly(lambda: begun.append("in a thread"), LITTLE, None)).result() is None
    bounded(lambda: effort.briefly(lambda: begun.append("within another one"), LITTLE, None), str)
    assert begun == []
