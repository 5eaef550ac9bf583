"""What one reader made of a host stands for another one only where it would have been given the same of everything it reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from lab import recordings
from pytest_zebu.facts import ALL, alike
from pytest_zebu.facts.answer import Known, Missing, Reason, Said, Unknown
from pytest_zebu.facts.fact import Fact, Gathered, Look
from pytest_zebu.gather.rounds import Following
from pytest_zebu.settings import Settings
from pytest_zebu.settings.sections import Host
from pytest_zebu.settings.target import Target

HOSTS = 32
RECORDED = [*recordings.case_files()][::60]
LOOK = Look("http", "https site", {})


def host(name: str = "one", **settings: Any) -> Target:
    return Target(name=name, host=Host(address=f"{name}.example.org"), settings=Settings.model_validate(settings))


def said(**texts: str) -> Gathered:
    return Gathered({name: Said(0, text) for name, text in texts.items()})


class Counted:
    """A fact whose reader counts how often it reads."""

    def __init__(self, parse: Callable[[Gathered, Target], Any]) -> None:
        self.times = 0
        self._parse = parse
        self.fact = Fact("counted", self._read)

    def _read(self, gathered: Gathered, target: Target) -> Any:
        self.times += 1
        return self._parse(gathered, target)

    def of(self, gathered: Gathered, target: Target) -> Any:
        answer = self.fact.read(gathered, target)
        return answer.value if isinstance(answer, Known) else answer


def test_what_all_hosts_said_alike_is_read_once() -> None:
    """Whatever else they said, how they are called, and where they are."""
    counted = Counted(lambda gathered, target: (gathered.said("rules").out, target.settings.profile))
    with alike.hosts():
        found = [
            counted.of(replace(said(rules="drop", uptime=str(number)), time=float(number)), host(f"host{number}"))
            for number in range(HOSTS)
        ]
    assert found == [("drop", host().settings.profile)] * HOSTS
    assert counted.times == 1


def test_of_one_host_everything_is_read_anew() -> None:
    counted = Counted(lambda gathered, target: gathered.said("rules").out)
    for _ in range(2):
        assert counted.of(said(rules="drop"), host()) == "drop"
    with alike.hosts():
        counted.of(said(rules="drop"), host())
    with alike.hosts():
        counted.of(said(rules="drop"), host())
    assert counted.times == 4, "and nothing of a run stays for the next one"


OTHERS: Mapping[str, tuple[Callable[[Gathered, Target], Any], Gathered, Target]] = {
    "another answer": (lambda g, t: g.said("rules").out, said(rules="accept"), host()),
    "no answer": (lambda g, t: "rules" in g.answers, said(), host()),
    "one answer more": (lambda g, t: len(g.answers), said(rules="drop", more=""), host()),
    "answers by other names": (lambda g, t: [*g.answers], said(other="drop"), host()),
    "the names of looks": (lambda g, t: [*g.looks], Gathered(looks={"more": 1}), host()),
    "another status": (lambda g, t: g.answers["rules"].status, Gathered({"rules": Said(1, "drop")}), host()),  # type: ignore[union-attr]
    "what was complained of": (lambda g, t: g.answers["rules"].err, Gathered({"rules": Said(0, "drop", "oh")}), host()),  # type: ignore[union-attr]
    "a look": (lambda g, t: g.saw(LOOK), Gathered(looks={LOOK.key: {"status": 200}}), host()),
    "a trial": (lambda g, t: g.trials.get("counted"), Gathered(trials={"counted": 1}), host()),
    "the moment": (lambda g, t: g.time, Gathered(time=1.0), host()),
    "the name": (lambda g, t: t.name, said(rules="drop"), host("two")),
    "the address": (lambda g, t: t.address, said(rules="drop"), host("two")),
    "what is told": (lambda g, t: dict(t.told), said(rules="drop"), host(domains={"site": "example.org"})),
    "a setting": (lambda g, t: t.settings.domains.site, said(rules="drop"), host(domains={"site": "example.org"})),
    "what is declared, as it is by default": (
        lambda g, t: "profile" in t.settings.model_fields_set, said(rules="drop"), host(profile=host().settings.profile),
    ),
    "all of the target": (lambda g, t: t.model_dump(), said(rules="drop"), host("two")),
    "how much is tried": (lambda g, t: t.scan, said(rules="drop"), host().model_copy(update={"scan": "full"})),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_whatever_is_read_and_differs_is_read_by_itself(name: str) -> None:
    parse, gathered, target = OTHERS[name]
    counted = Counted(parse)
    usual = said(rules="drop")
    with alike.hosts():
        found = [counted.of(one, of) for one, of in ((usual, host()), (gathered, target), (usual, host()))]
    assert counted.times == 2
    assert found == [parse(usual, host()), parse(gathered, target), parse(usual, host())]
    assert found[0] != found[1]


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, True), (0, False), (1, 1.0), (0.0, -0.0), ([1], (1,)), ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
     ({"a": [1]}, {"a": [True]}), (Unknown(Reason.GARBLED, "a"), Unknown(Reason.GARBLED, "b"))],
)  # fmt: skip
def test_what_python_takes_for_equal_and_a_reader_does_not_is_not_the_same(one: Any, other: Any) -> None:
    assert not alike.is_same(one, other)
    assert alike.is_same(one, one)
    counted = Counted(lambda gathered, target: repr(gathered.looks["a"]))
    with alike.hosts():
        found = [counted.of(Gathered(looks={"a": seen}), host()) for seen in (one, other)]
    assert found == [repr(one), repr(other)]


def test_equal_values_are_the_same() -> None:
    made = [{"a": [1, 2.5, None, "x", {"b": ()}], "c": Said(0, "out")} for _ in range(2)]
    assert alike.is_same(*made)
    assert alike.is_same(host(domains={"site": "a.org"}), host(domains={"site": "a.org"}))


def test_why_something_could_not_be_had_is_shared_as_well() -> None:
    def parse(gathered: Gathered, target: Target) -> str:
        raise Missing(Unknown(Reason.NO_COMMAND, gathered.said("rules").out))

    counted = Counted(parse)
    with alike.hosts():
        found = [counted.of(said(rules=text), host()) for text in ("nft", "nft", "iptables")]
    assert [one.detail for one in found] == ["nft", "nft", "iptables"]
    assert counted.times == 2


def test_what_breaks_is_tried_again_and_so_is_what_rests_on_it() -> None:
    """It may have been short of something that the next one has."""

    def breaks(gathered: Gathered, target: Target) -> str:
        if inner.times == 1:
            raise MemoryError
        return gathered.said("rules").out

    inner = Counted(breaks)
    outer = Counted(inner.of)
    with alike.hosts():
        found = [outer.of(said(rules="drop"), host()) for _ in range(3)]
    assert isinstance(found[0], Unknown)
    assert found[1:] == ["drop", "drop"]
    assert (inner.times, outer.times) == (2, 2)


def test_who_lets_another_one_read_has_read_the_same() -> None:
    """Be it that the other one reads, or that it has read that of another host before."""
    inner = Counted(lambda gathered, target: (gathered.said("rules").out, target.name))
    outer = Counted(lambda gathered, target: ("outer", inner.of(gathered, target)))
    drop, accept = said(rules="drop"), said(rules="accept")
    with alike.hosts():
        assert inner.of(drop, host()) == ("drop", "one")
        assert outer.of(drop, host()) == ("outer", ("drop", "one"))
        assert outer.of(accept, host()) == ("outer", ("accept", "one"))
        assert outer.of(drop, host("two")) == ("outer", ("drop", "two"))
        assert outer.of(drop, host()) == ("outer", ("drop", "one"))
    assert (inner.times, outer.times) == (3, 3)


def test_the_last_ones_are_kept_and_no_more() -> None:
    counted = Counted(lambda gathered, target: gathered.said("rules").out)
    texts = [str(number) for number in range(alike.MOST + 1)]
    with alike.hosts():
        for text in [*texts, texts[-1], texts[0]]:
            assert counted.of(said(rules=text), host()) == text
    assert counted.times == len(texts) + 1


def test_looks_that_follow_from_what_was_said_wait_for_what_they_read_on_each_host() -> None:
    """What of it is still to come is known also where they are the same as another host's."""
    times: list[None] = []

    def then(gathered: Gathered, target: Target) -> tuple[Look, ...]:
        times.append(None)
        try:
            return (Look("tcp", gathered.said("a").out + gathered.said("b").out, {}),)
        except Missing:
            return ()

    fact = Fact("follows", lambda *_: None, then=then)
    with alike.hosts():
        for _ in range(2):
            following = Following([fact], host(), ["a", "b", "c"])
            assert following.named({}, 0.0) == []
            following.came(["c"])
            assert following.named(said(c="3").answers, 0.0) == []
            following.came(["a", "b"])
            looks = following.named(said(a="1", b="2", c="3").answers, 0.0)
            assert [look.subject for look in looks] == ["12"]
            assert following.named(said(a="1", b="2", c="3").answers, 0.0) == []
    assert len(times) == 2, "at first, and when all was there, of the first host"


def test_of_all_that_was_ever_recorded_no_host_is_taken_for_another(tmp_path: Path) -> None:
    """Each fact, and each look that follows, of each of them: as if it were the only one."""
    healthy = recordings.read_healthy()
    whole = [healthy, *(recordings.over(healthy, recordings.read(path, healthy)) for path in RECORDED)]
    hosts = [recordings.evidence(one, tmp_path) for one in whole]

    def of(fact: Fact[Any], gathered: Gathered, target: Target) -> str:
        return repr((fact.read(gathered, target), fact.then(gathered, target)))

    alone = [[of(fact, one.gathered, one.target) for one in hosts] for fact in ALL.values()]
    with alike.hosts():
        beside = [[of(fact, one.gathered, one.target) for one in hosts] for fact in ALL.values()]
    for name, one, other in zip(ALL, alone, beside, strict=True):
        assert one == other, name


def test_most_facts_of_hosts_that_said_the_same_are_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that say how long ago something was are read of each."""
    one = recordings.evidence(recordings.read_healthy(), tmp_path)
    times: dict[str, int] = dict.fromkeys(ALL, 0)

    def counted(name: str, parse: Callable[[Gathered, Target], Any], gathered: Gathered, target: Target) -> Any:
        times[name] += 1
        return parse(gathered, target)

    facts = {name: replace(fact, parse=partial(counted, name, fact.parse)) for name, fact in ALL.items()}
    with alike.hosts():
        for number in range(3):
            target = one.target.model_copy(update={"name": f"host{number}"})
            gathered = replace(one.gathered, time=one.gathered.time + number)
            for fact in facts.values():
                fact.read(gathered, target)
    anew = {name for name, count in times.items() if count > 1}
    assert {"firewall", "pools", "source", "packages", "migrations", "containers"}.isdisjoint(anew)
    assert len(anew) < len(ALL) / 4, sorted(anew)


def test_what_was_made_of_the_very_same_things_is_made_once() -> None:
    made: list[str] = []

    def make(name: str, *given: object, keeps: bool = True) -> str:
        def do() -> str:
            made.append(name)
            return f"{name} {len(made)}"

        return alike.again("key", given, do, lambda _: keeps)

    one, equal = Said(0, "same"), Said(0, "same")
    assert make("outside", one) != make("outside", one)
    with alike.hosts():
        assert make("first", one, one) == make("again", one, one) == "first 3"
        assert make("equal", one, equal) == "equal 4", "equal things are others"
        assert make("fewer", one) == "fewer 5"
        assert make("broken", equal, keeps=False) != make("broken", equal, keeps=False)
    assert make("afterwards", one, one) == "afterwards 8"


def test_settings_that_say_the_same_stand_for_each_other() -> None:
    first, second, other = (host(**said).settings for said in ({}, {}, {"profile": "small-scale"}))
    assert alike.first_of(second) is second
    with alike.hosts():
        assert alike.first_of(first) is alike.first_of(second) is first
        assert alike.first_of(other) is other
        said = [host(timeout=float(number)).settings for number in range(1, 2 * alike.MOST)]
        assert [alike.first_of(one) for one in said] == said
        assert alike.first_of(said[-1].model_copy()) is not said[0]
