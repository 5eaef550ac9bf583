"""What is read while more is on its way: only what is there already, and never anything else than at the end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

import pytest
from msgspec.structs import replace

from lab import recordings
from pytest_zebu import redaction
from pytest_zebu.facts import ALL, alike
from pytest_zebu.facts.answer import Known, Reason, Said, Unknown
from pytest_zebu.facts.fact import Fact, Gathered, Look, Probe, Trial
from pytest_zebu.gather.deadline import NEVER, Deadline
from pytest_zebu.gather.gathering import gather
from pytest_zebu.gather.outside import Outside
from pytest_zebu.gather.readings import Readings
from pytest_zebu.gather.ssh import Connection
from pytest_zebu.redaction import HIDDEN, redacted_data
from pytest_zebu.settings import Settings
from pytest_zebu.settings.sections import Host
from pytest_zebu.settings.target import Target
from tests.gather.test_gathering import FromMemory

TARGET = Target(name="vm", host=Host(), settings=Settings())
SITE, API = Look("http", "site", {}), Look("http", "api", {})
HERE = {"one": Said(0, "1"), "two": Said(0, "2")}


@pytest.fixture(autouse=True)
def keeping() -> Iterator[None]:
    with alike.hosts():
        yield


class Reader:
    """A fact whose reader notes each time that it read all to the end."""

    def __init__(self, parse: Callable[[Gathered, Target], Any], trial: Trial | None = None) -> None:
        self.read: list[Any] = []
        self._parse = parse
        self.fact = Fact("read", self._noting, trial=(lambda target: trial) if trial else None)

    def _noting(self, gathered: Gathered, target: Target) -> Any:
        found = self._parse(gathered, target)
        self.read.append(found)
        return found


def step_all(readings: Readings, gathered: Gathered) -> int:
    """Do all that can be done; how many pieces that were."""
    for number in range(100):
        if not readings.step(gathered):
            return number
    raise AssertionError("there is no end of it")


def both(gathered: Gathered, target: Target) -> tuple[str, str]:
    return gathered.said("one").out, gathered.said("two").out


READERS: dict[str, tuple[Callable[[Gathered, Target], Any], list[str], set[str]]] = {
    "one answer": (lambda g, t: g.said("one").out, ["one", "two"], {"one"}),
    "both, one after the other": (both, ["one", "two"], {"one", "two"}),
    "one, if it is there": (lambda g, t: g.answers.get("one"), ["one", "two"], {"one"}),
    "all of them": (lambda g, t: sorted(g.answers), ["one", "two"], {"one", "two"}),
    "how many there are": (lambda g, t: len(g.answers), ["one", "two"], {"one", "two"}),
    "one that nobody asks for": (lambda g, t: "three" in g.answers, ["one", "two"], set()),
    "nothing": (lambda g, t: t.name, ["one", "two"], set()),
}


@pytest.mark.parametrize("which", READERS)
@pytest.mark.parametrize("order", [("one", "two"), ("two", "one")])
def test_a_fact_is_read_once_all_is_there_that_it_asks_for(which: str, order: Sequence[str]) -> None:
    parse, coming, needs = READERS[which]
    reader = Reader(parse)
    readings = Readings([reader.fact], TARGET, coming)
    there: dict[str, Said] = {}
    for name in ("", *order):
        if name:
            there[name] = HERE[name]
            readings.came([name])
        step_all(readings, Gathered(there, {}, 1.0))
        assert bool(reader.read) is (needs <= {*there}), f"with {[*there]}"
    whole = Gathered(dict(sorted(there.items())), {}, 1.0)
    expected = parse(whole, TARGET)
    assert reader.fact.read(whole, TARGET) == Known(expected)
    assert reader.read[0] == expected
    assert len(reader.read) == 1 or which in {"all of them", "how many there are"}, "it is not read again"


def test_what_comes_in_another_order_is_another_list() -> None:
    """Whoever goes through all reads them in their order, which is settled at the end."""
    reader = Reader(lambda gathered, target: [*gathered.answers])
    readings = Readings([reader.fact], TARGET, [])
    step_all(readings, Gathered({"two": HERE["two"], "one": HERE["one"]}, {}, 1.0))
    assert reader.fact.read(Gathered(HERE, {}, 1.0), TARGET) == Known(["one", "two"])


@pytest.mark.parametrize(
    "whole",
    [Gathered({"one": Said(0, "another")}, {}, 1.0), Gathered({"one": Said(1, "1")}, {}, 1.0), Gathered({}, {}, 1.0), Gathered({"one": HERE["one"]}, {}, 2.0),
     Gathered({"one": Unknown(Reason.TIMED_OUT, "cut short")}, {}, 1.0)],
    ids=["another text", "another status", "none", "another moment", "unknown"],
)  # fmt: skip
def test_what_is_otherwise_in_the_end_is_read_anew(whole: Gathered) -> None:
    def parse(gathered: Gathered, target: Target) -> Any:
        return gathered.time, gathered.answers.get("one")

    reader = Reader(parse)
    readings = Readings([reader.fact], TARGET, [])
    assert step_all(readings, Gathered({"one": HERE["one"]}, {}, 1.0)) == 1
    assert reader.fact.read(whole, TARGET) == Known((whole.time, whole.answers.get("one")))
    assert len(reader.read) == 2


def test_a_look_is_read_when_it_was_seen_and_without_secrets() -> None:
    reader = Reader(lambda gathered, target: gathered.saw(SITE))
    readings = Readings([reader.fact], TARGET, [])
    assert step_all(readings, Gathered({}, {API.key: {"status": 200}}, 1.0)) == 2, "a filter, and one try"
    assert reader.read == []
    seen = {API.key: {"status": 200}, SITE.key: {"password": "hunter2hunter2", "status": 200}}
    step_all(readings, Gathered({}, seen, 1.0))
    told = readings.told(seen)
    assert told == redacted_data(seen)
    assert reader.read == [Known({"password": HIDDEN, "status": 200})]
    assert reader.fact.read(Gathered({}, told, 1.0), TARGET) == Known(reader.read[0])
    assert len(reader.read) == 1


def test_a_secret_that_becomes_known_later_is_hidden_as_well() -> None:
    """Also in what was filtered before; and nobody keeps what was read of that."""
    secret, seen = "canary7e1f", {SITE.key: {"said": "it is canary7e1f"}}
    reader = Reader(lambda gathered, target: gathered.saw(SITE))
    readings = Readings([reader.fact], TARGET, [])
    step_all(readings, Gathered({}, seen, 1.0))
    redaction.remember(secret)
    try:
        told = readings.told(seen)
        assert secret not in str(told)
        assert secret not in str(reader.fact.read(Gathered({}, told, 1.0), TARGET))
        assert step_all(readings, Gathered({}, seen, 1.0)) == 1, "it is filtered once more, ahead of the end"
    finally:
        redaction.forget([secret])


def test_what_was_seen_once_more_is_told_as_it_is_then() -> None:
    readings = Readings([], TARGET, [])
    step_all(readings, Gathered({}, {SITE.key: Unknown(Reason.TIMED_OUT, "late")}, 1.0))
    assert readings.told({SITE.key: {"status": 200}}) == {SITE.key: {"status": 200}}


def test_what_only_a_trial_shows_is_read_at_the_end() -> None:
    reader = Reader(lambda gathered, target: gathered.trials.get("read"), Trial())
    readings = Readings([reader.fact], TARGET, [])
    assert step_all(readings, Gathered({}, {}, 1.0)) == 1
    assert reader.read == []
    assert reader.fact.read(Gathered(trials={"read": 1}), TARGET) == Known(1)


def test_a_reader_that_breaks_is_told_of_at_the_end_as_ever() -> None:
    def breaks(gathered: Gathered, target: Target) -> None:
        raise ZeroDivisionError

    reader = Reader(breaks)
    readings = Readings([reader.fact], TARGET, [])
    assert step_all(readings, Gathered()) == 1
    found = reader.fact.read(Gathered(), TARGET)
    assert isinstance(found, Unknown)
    assert "fault of pytest-zebu's" in found.detail


def test_a_reader_that_takes_every_error_for_an_answer_waits_all_the_same() -> None:
    def parse(gathered: Gathered, target: Target) -> str:
        try:
            return gathered.said("one").out
        except Exception:
            return "nothing was said"

    reader = Reader(parse)
    readings = Readings([reader.fact], TARGET, ["one"])
    step_all(readings, Gathered())
    assert reader.read == []


def test_a_reader_that_takes_long_is_broken_off_and_has_its_whole_time_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pytest_zebu.gather.readings.SECONDS", 0.05)
    tries: list[float] = []

    def slow(gathered: Gathered, target: Target) -> str:
        tries.append(time.thread_time())
        while time.thread_time() < tries[-1] + 0.3:
            pass
        return "read"

    fact = Fact("slow", slow)
    readings = Readings([fact], TARGET, [])
    assert step_all(readings, Gathered()) == 1, "nobody tries it a second time"
    assert len(tries) == 1
    assert fact.read(Gathered(), TARGET) == Known("read")


def test_where_nothing_could_be_broken_off_nothing_is_begun() -> None:
    """Other threads have no timer: there, whoever takes long would hold up what came meanwhile."""
    reader = Reader(lambda gathered, target: 1)
    steps: list[bool] = []
    thread = threading.Thread(target=lambda: steps.append(Readings([reader.fact], TARGET, []).step(Gathered())))
    thread.start()
    thread.join()
    assert steps == [False]
    assert reader.read == []


def test_where_nothing_is_kept_nothing_is_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alike, "_kept", None)
    reader = Reader(lambda gathered, target: 1)
    assert not Readings([reader.fact], TARGET, []).step(Gathered())
    assert reader.read == []


class InOrder(FromMemory):
    """A connection that answers one after the other, and lets what is asked of it by then happen in between."""

    def __init__(self, answers: Sequence[tuple[str, Said]], between: Callable[[str], None]) -> None:
        super().__init__()
        self._answers, self._between = answers, between

    def ask(
        self,
        probes: Sequence[Probe],
        seconds: float | None = None,
        deadline: Deadline = NEVER,
        on_answer: Callable[[str, Said | Unknown], None] | None = None,
    ) -> dict[str, Said | Unknown]:
        self.called.set()
        for name, said in self._answers:
            if on_answer is not None:
                on_answer(name, said)
            self._between(name)
        return dict(self._answers)


def test_facts_are_read_while_the_machine_is_still_asked() -> None:
    was_read = threading.Event()

    def parse(gathered: Gathered, target: Target) -> str:
        was_read.set()
        return gathered.said("one").out

    reader = Reader(parse)
    fact = Fact("read", reader.fact.parse, probes=(Probe("one"), Probe("two")))
    awaited: list[bool] = []

    def between(name: str) -> None:
        if name == "one":
            awaited.append(was_read.wait(30))

    answers = [("zebu.host", Said(0, f"time={time.time():.0f}\n")), *HERE.items()]
    found = gather(TARGET, [fact], cast(Connection, InOrder(answers, between)), lambda line: None)
    assert awaited == [True]
    assert fact.read(found.gathered, TARGET) == Known("1")
    assert reader.read == ["1"]


def test_nothing_is_read_while_something_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, heard, was_read = threading.Event(), threading.Event(), threading.Event()
    timed: list[str] = []

    def see(self: Outside, look: Look) -> Any:
        timed.append("begun")
        begun.set()
        heard.wait(30)
        was_read.wait(0.1)  # which it would be, were it allowed to
        timed.append("ended")
        return {"seconds": 1}

    def parse(gathered: Gathered, target: Target) -> str:
        said = gathered.said("one").out
        timed.append("read")
        was_read.set()
        return said

    def between(name: str) -> None:
        if name == "zebu.host":
            begun.wait(30)
        else:
            heard.set()
            was_read.wait(30)

    monkeypatch.setattr(Outside, "see", see)
    asked = Fact("timed", lambda *_: None, looks=lambda target: (Look("timing", "x", {}, calm=True),))
    facts: list[Fact[Any]] = [asked, Fact("read", parse, probes=(Probe("one"),))]
    answers = [("zebu.host", Said(0, f"time={time.time():.0f}\n")), ("one", Said(0, "1"))]
    gather(TARGET, facts, cast(Connection, InOrder(answers, between)), lambda line: None)
    assert timed == ["begun", "ended", "read"]


@pytest.mark.parametrize("order", [1, -1])
def test_facts_of_a_real_machine_come_out_as_they_do_at_the_end(order: int) -> None:
    """Of the recorded lab, in whatever order it answers."""
    healthy = recordings.read_healthy()
    lab = Gathered(healthy.answers, healthy.looks, healthy.time, healthy.trials)
    target = Target(name="10.77.0.10", host=Host(address="10.77.0.10"), settings=Settings())
    expected = {name: repr(fact.read(lab, target)) for name, fact in ALL.items()}
    names = [*lab.answers][::order]
    readings = Readings(ALL.values(), target, names)
    there: dict[str, Said | Unknown] = {}
    with alike.hosts():
        for name in names:
            there[name] = lab.answers[name]
            readings.came([name])
            while readings.step(Gathered({**there}, lab.looks, lab.time)):
                pass
        assert alike.kept() > len(ALL) / 2, "most are read ahead"
        again = replace(lab, looks=readings.told(lab.looks))
        assert {name: repr(fact.read(again, target)) for name, fact in ALL.items()} == expected
