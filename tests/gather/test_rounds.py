"""When what is looked at: which answers a look waits for, and which other looks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from queue import Empty
from typing import Any

import pytest

from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Missing, Said, Unknown
from pytest_zebu.facts.fact import Fact, Gathered, Look
from pytest_zebu.gather.rounds import Following, Heard, Looks, News
from pytest_zebu.gather.snapshot import read
from pytest_zebu.settings import Settings
from pytest_zebu.settings.sections import Domains, Host, Vantage
from pytest_zebu.settings.target import Target
from tests import recorded

TARGET = Target(name="vm", host=Host(), settings=Settings())


def test_a_fact_that_needs_no_further_looks_is_not_asked() -> None:
    """Of most facts nothing else is to be looked at: nobody thinks about them at each answer."""
    asked: list[str] = []

    def then(gathered: Gathered, target: Target) -> tuple[Look, ...]:
        asked.append(threading.current_thread().name)
        return ()

    facts = [Fact("none", lambda *_: None), Fact("one", lambda *_: None, then=then)]
    following = Following(facts, TARGET, ["a", "b"])
    for _ in range(3):
        assert following.named({}, 0.0) == []
    assert len(asked) == 1


def test_what_is_asked_for_and_still_comes_is_noted() -> None:
    heard = Heard({"here": Said(0, "")}, ["one", "two"])
    assert heard.get("here") == Said(0, "")
    assert heard.get("never") is None
    assert heard.missed == set()
    assert heard.get("one") is None
    assert heard.missed == {"one"}
    assert [*heard] == ["here"]
    assert heard.missed == {"one", "two"}, "whoever goes through all of them needs all of them"
    assert len(Heard({}, ["one"])) == 0


def _then(*names: str) -> Any:
    """The further looks of a fact that reads these answers, one after the other."""

    def then(gathered: Gathered, target: Target) -> tuple[Look, ...]:
        try:
            return (Look("tcp", " ".join(gathered.said(name).out for name in names), {}),)
        except Missing:
            return ()

    return then


def test_looks_are_named_as_soon_as_their_own_answers_are_there() -> None:
    """Whatever else still comes; once; and by what was said, not by the first half of it."""
    facts = [Fact(name, lambda *_: None, then=_then(*name.split())) for name in ("b", "a b")]
    following = Following(facts, TARGET, ["a", "b", "c"])
    answers: dict[str, Said | Unknown] = {}

    def told(**more: str) -> list[str]:
        answers.update({name: Said(0, text) for name, text in more.items()})
        following.came(more)
        return [look.subject for look in following.named(answers, 0.0)]

    assert told() == []
    assert told(a="1") == []
    assert told(b="2") == ["2", "1 2"]
    assert told(c="3") == []


def test_what_will_never_be_said_is_not_waited_for() -> None:
    facts = [Fact("one", lambda *_: None, then=lambda gathered, _: (Look("tcp", str(gathered.answers.get("a")), {}),))]
    following = Following(facts, TARGET, ["a"])
    assert following.named({}, 0.0) == []
    following.came(["a"])
    assert [look.subject for look in following.named({}, 0.0)] == ["None"]


@pytest.mark.parametrize("order", [1, -1], ids=["as they are", "the other way round"])
def test_whatever_the_order_of_answers_all_the_same_is_looked_at(order: int) -> None:
    """By the facts that there are, with the answers of a machine."""
    vantages = (Vantage(name="lan", kind="lan", control="10.77.0.53:53"),)
    settings = Settings(vantages=vantages, domains=Domains(site="zebu.test", api="api.zebu.test"))
    target = Target(name="10.77.0.10", host=Host(address="10.77.0.10"), settings=settings)
    bookworm = read(recorded.SNAPSHOT)["lab"].gathered
    names = [*bookworm.answers][::order]
    following = Following(ALL.values(), target, names)
    found: list[Look] = []
    heard: dict[str, Said | Unknown] = {}
    for name in names:
        heard[name] = bookworm.answers[name]
        following.came([name])
        found += following.named(heard, bookworm.time)
    whole = [look for fact in ALL.values() for look in fact.then(bookworm, target)]
    assert {look.key: look.arguments for look in found} == {look.key: look.arguments for look in whole}
    assert len(whole) >= 3


@pytest.fixture
def held() -> Iterator[threading.Event]:
    """What looks wait for."""
    event = threading.Event()
    yield event
    event.set()


def _wait(looks: Looks, key: str) -> Any:
    return looks.jobs[key].result(10)


def test_what_is_timed_waits_for_those_that_ask_the_same_host_only(held: threading.Event) -> None:
    def see(look: Look) -> str:
        if "held" in look.subject:
            held.wait()
        return look.subject

    looks = Looks(see, News())
    asks = {"url": "https://api.zebu.test/x"}
    timing = Look("timing", "api", asks, calm=True)
    others = [
        Look("http", "held", asks),
        Look("tcp", "held ports", {}),
        Look("http", "held else", {"url": "http://1.2.3.4"}),
    ]
    looks.know([timing, *others])
    looks.begin()
    assert {*looks.jobs} == {look.key for look in others}
    assert looks.are_under_way
    looks.start(Look("http", "held", asks))  # who is asked once more disturbs as well
    looks.begin()
    assert timing.key not in looks.jobs
    held.set()
    for look in others:
        _wait(looks, look.key)
    looks.begin()
    assert _wait(looks, timing.key) == "api"
    assert not looks.are_under_way


def test_what_waits_for_calm_is_under_way(held: threading.Event) -> None:
    looks = Looks(lambda look: None, News())
    looks.know([Look("timing", "api", {}, calm=True)])
    assert looks.are_under_way
    looks.begin()
    _wait(looks, "timing@here api")
    assert not looks.are_under_way


def test_a_look_is_made_once_and_the_browser_comes_first() -> None:
    made: list[str] = []
    looks = Looks(lambda look: made.append(look.subject), News())
    looks.know([Look("http", "a", {}), Look("http", "a", {"other": 1}), Look("browser", "b", {})])
    looks.begin()
    looks.begin()
    assert [*looks.jobs] == ["browser@here b", "http@here a"]
    for key in looks.jobs:
        _wait(looks, key)
    assert sorted(made) == ["a", "b"]
    assert [look.arguments for look in looks.known if look.kind == "http"] == [{}]


def test_news_are_answers_and_that_something_has_ended() -> None:
    news = News()
    looks = Looks(lambda look: None, news)
    news.answered("one", Said(0, ""))
    assert news.next(1) == {"one": Said(0, "")}
    looks.start(Look("tcp", "x", {}))
    assert news.next(10) == {}
    with pytest.raises(Empty):
        news.next(0.01)


def test_all_news_that_there_is_by_now_is_told_at_once() -> None:
    news = News()
    news.ended(Future())
    news.answered("one", Said(0, "1"))
    news.answered("two", Said(0, "2"))
    assert news.next(1) == {"one": Said(0, "1"), "two": Said(0, "2")}
    news.ended(Future())
    assert news.next(1) == {}
    with pytest.raises(Empty):
        news.next(0)
