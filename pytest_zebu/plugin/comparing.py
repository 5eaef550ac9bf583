"""Two runs beside each other: what each said, and what comes of one with things of the other in their place."""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from pytest_zebu.catalogue import load
from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Known, Said, Unknown, is_number
from pytest_zebu.facts.clock import APART
from pytest_zebu.facts.fact import OWN_ANSWERS, Fact, Gathered, key_values
from pytest_zebu.memory.difference import Difference, Things, Told, Verdict, Whose, attribute, is_otherwise
from pytest_zebu.plugin.checks import suite
from pytest_zebu.plugin.judge import Evidence
from pytest_zebu.plugin.remembered import fingerprint
from pytest_zebu.redaction import redacted
from pytest_zebu.verdict.outcome import Finding, Outcome

AUDIT, ADVISORIES = "audit", "advisories@here packages"
HOST = "zebu.host"
ECOSYSTEMS = ("python", "npm")
MOST_NAMED = 5
"""Of what made a difference, so many are named."""
Packages = Mapping[str, Mapping[str, frozenset[tuple[str, str]]]]
"""Names and versions of what was asked about, by ecosystem and place."""


class Side(Struct):
    """A run, or a snapshot.

    Attributes:
        title: how it is called, in a few words.
        host: what it is of.
        at: when its evidence was gathered.
        tool: the version of pytest-zebu that judged it.
        suite: the fingerprint of what judged it; empty where that was not kept.
        outcomes: by item, as it said.
        reasons: the same, where they are kept.
        evidence: what it can be judged again from.
        lost: why it cannot; empty where it can.
    """

    title: str
    host: str
    at: datetime
    version: str
    tool: str
    suite: str
    outcomes: Mapping[str, Outcome]
    reasons: Mapping[str, str]
    evidence: Evidence | None
    lost: str = ""

    @property
    def is_todays(self) -> bool:
        """Whether today's rules judged it."""
        return self.suite == fingerprint()

    def verdict(self, item_id: str) -> Verdict:
        """What it said of an item."""
        return Verdict(self.outcomes[item_id], self.reasons.get(item_id))

    def told(self, item_id: str) -> Told:
        """The same, with what judged it."""
        return Told(self.verdict(item_id), self.suite, self.is_todays)


# Swapping


class Swap(Struct, dict=True):
    """What was known in two runs: the first, with any things of the second in their place."""

    first: Evidence
    second: Evidence
    _made: dict[Things, Evidence] = field(default_factory=dict)
    _judged: dict[tuple[str, Things], Verdict] = field(default_factory=dict)
    _facts: dict[Things, dict[str, Known[Any] | Unknown]] = field(default_factory=dict)
    _asked: dict[bool, Packages] = field(default_factory=dict)

    @cached_property
    def differing(self) -> Things:
        """What is otherwise in the second. That time has passed, and that another run lies between, is nearly always so."""
        first, second = self.first, self.second
        pairs: dict[Whose, list[Any]] = {
            Whose.HOST: [_seen(one.gathered) for one in (first, second)],
            Whose.SETTINGS: [first.target, second.target],
            Whose.WORDS: [(first.records, first.incidents), (second.records, second.incidents)],
            Whose.ADVISORY: [one.gathered.looks.get(ADVISORIES) for one in (first, second)],
            Whose.RUNS: [first.past, second.past],
            Whose.CLOCK: [first.gathered.time, second.gathered.time],
        }
        found = frozenset(whose for whose, (then, now) in pairs.items() if then != now)
        return found | {Whose.HOST} if self.is_off_otherwise else found

    @property
    def is_off_otherwise(self) -> bool:
        """Whether the machine's clock differs from ours by another time than it did: by more than clocks may."""
        return abs(_ahead(self.first.gathered) - _ahead(self.second.gathered)) > APART.total_seconds()

    def judged(self, item_id: str, things: Things) -> Verdict:
        """How an item comes out by today's rules."""
        if (item_id, things) not in self._judged:
            if things not in self._made:
                self._made[things] = self.evidence(things)
            self._judged[item_id, things] = _verdict(self._made[things], item_id)
        return self._judged[item_id, things]

    def evidence(self, things: Things, only: frozenset[str] | None = None) -> Evidence:
        """The first run's, with things of the second.

        Args:
            things: what is of the second.
            only: of what was seen, what is of the second; by default all of it.
        """

        def one(whose: Whose) -> Evidence:
            return self.second if whose in things else self.first

        seen = one(Whose.HOST)
        gathered, told = seen.gathered, seen.gathered
        if only is not None:
            gathered = _with(self.first.gathered, self.second.gathered, only)
            told = (self.second if HOST in only else self.first).gathered
        if self.first.target.active != self.second.target.active:  # what was tried was asked for by an option
            gathered = replace(gathered, trials=one(Whose.SETTINGS).gathered.trials)
        if (Whose.ADVISORY in things) is not (Whose.HOST in things) and Whose.ADVISORY in self.differing:
            gathered = self._advised(gathered, is_second=Whose.HOST in things)
        # What people said and what earlier runs saw is no part of any fact.
        read = {} if only is not None else self._facts.setdefault(things - {Whose.WORDS, Whose.RUNS}, {})
        return Evidence(
            target=one(Whose.SETTINGS).target,
            gathered=at_time(gathered, told.time, one(Whose.CLOCK).gathered.time),
            records=one(Whose.WORDS).records,
            past=one(Whose.RUNS).past,
            incidents=one(Whose.WORDS).incidents,
            _read=read,
        )

    def with_one(self, things: Things, name: str) -> Evidence:
        """The first run's, with things of the second, and of what was seen one thing only."""
        found = self.evidence(things, frozenset({name}))
        if name not in OWN_ANSWERS:  # which any fact may read
            rest = things - {Whose.HOST, Whose.WORDS, Whose.RUNS}
            sides = (self.first, self.second)
            found._read = {
                fact: value
                for fact, value in self._facts.get(rest, {}).items()
                if not any(name in names_of(ALL[fact], side) for side in sides)
            }
        return found

    def _advised(self, gathered: Gathered, is_second: bool) -> Gathered:
        """What was gathered in one of the runs, with what the other was advised."""
        for of_second, evidence in ((False, self.first), (True, self.second)):
            if of_second not in self._asked:
                self._asked[of_second] = _asked(evidence)
        others = (self.first if is_second else self.second).gathered.looks.get(ADVISORIES)
        return with_advisories(gathered, others, self._asked[is_second], self._asked[not is_second])


def _verdict(evidence: Evidence, item_id: str) -> Verdict:
    return said(evidence.judge(item_id))


def said(finding: Finding) -> Verdict:
    """What a finding says, as it is remembered."""
    return Verdict(finding.outcome, redacted(finding.reason, words=False))


def _seen(gathered: Gathered) -> tuple[Mapping[str, Any], ...]:
    """All that was gathered but the time, and what advisories say."""
    host = gathered.answers.get(HOST)
    answers = dict(gathered.answers)
    if isinstance(host, Said):
        answers[HOST] = _timed(host, "")
    return answers, {key: seen for key, seen in gathered.looks.items() if key != ADVISORIES}, gathered.trials


def _timed(host: Said, time: str) -> Said:
    return replace(host, out=re.sub(r"^time=.*$", f"time={time}", host.out, flags=re.MULTILINE))


def at_time(gathered: Gathered, was: float, now: float) -> Gathered:
    """What was gathered, as if it were at another time: both clocks are set, and differ as much as they did."""
    host = gathered.answers.get(HOST)
    told = key_values(host.out).get("time", "") if isinstance(host, Said) else ""
    answers = gathered.answers
    if isinstance(host, Said) and is_number(told):
        answers = {**answers, HOST: _timed(host, str(max(0, int(told) + round(now - was))))}
    return replace(gathered, answers=answers, time=now)


def _ahead(gathered: Gathered) -> float:
    """By how many seconds the machine's clock was ahead of ours."""
    host = gathered.answers.get(HOST)
    told = key_values(host.out).get("time", "") if isinstance(host, Said) else ""
    return int(told) - gathered.time if is_number(told) else 0.0


def _with(gathered: Gathered, other: Gathered, only: frozenset[str]) -> Gathered:
    """What was gathered, with some of it from elsewhere."""

    def mixed(mine: Mapping[str, Any], others: Mapping[str, Any]) -> dict[str, Any]:
        names = {*mine, *others}
        return {
            name: (others if name in only else mine)[name]
            for name in names
            if name in (others if name in only else mine)
        }

    return Gathered(
        mixed(gathered.answers, other.answers),
        mixed(gathered.looks, other.looks),
        gathered.time,
        mixed(gathered.trials, other.trials),
    )


# Advisories: an answer about packages that the host has, so that new packages are the host's, and new advisories are not


def _asked(evidence: Evidence) -> Packages:
    """The packages that were asked about."""
    looks = ALL[AUDIT].then(evidence.gathered, evidence.target)
    arguments = next((look.arguments for look in looks if look.key == ADVISORIES), {})
    return {
        ecosystem: {
            place: frozenset((str(name), str(version)) for name, version in pairs)
            for place, pairs in arguments.get(ecosystem, {}).items()
        }
        for ecosystem in ECOSYSTEMS
    }


def with_advisories(gathered: Gathered, others: Any, asked: Packages, others_asked: Packages) -> Gathered:
    """What was gathered of a host, with what another run was advised.

    Of a package that only this host has, the other run was told nothing: what this one was told is left.

    Args:
        gathered: what was gathered.
        others: what the other run was told; nothing where it did not ask.
        asked: what this host has.
        others_asked: what the other run asked about.
    """
    mine = gathered.looks.get(ADVISORIES)
    found = others
    if isinstance(mine, Mapping) and isinstance(others, Mapping):
        found = dict(mine)
        for ecosystem, places in asked.items():
            theirs = {place: _rows(others.get(place)) for place in others_asked[ecosystem]}
            known = {
                pair for place, rows in theirs.items() if rows is not None for pair in others_asked[ecosystem][place]
            }
            rows = [row for rows in theirs.values() for row in rows or ()]
            for place, pairs in places.items():
                found[place] = _advised(mine.get(place), others.get(place), pairs, known, rows)
    elif others is None:
        return gathered
    return replace(gathered, looks={**gathered.looks, ADVISORIES: found})


def _rows(told: Any) -> list[Any] | None:
    return list(told) if isinstance(told, list | tuple) else None


def _advised(
    mine: Any, others: Any, pairs: frozenset[tuple[str, str]], known: set[tuple[str, str]], rows: list[Any]
) -> Any:
    """What a place's packages are told: of those that the others know, what they were told."""
    if isinstance(others, Unknown):
        return others
    if _rows(mine) is None and not pairs <= known:
        return mine
    own = [row for row in _rows(mine) or () if _package(row) not in known]
    unique = {json.dumps(row, sort_keys=True, default=str): row for row in rows if _package(row) in pairs & known}
    return [*own, *unique.values()]


def _package(row: Any) -> tuple[str, str]:
    return (str(row.get("package")), str(row.get("version"))) if isinstance(row, Mapping) else ("", "")


# Comparing


def compare(first: Side, second: Side) -> Iterator[tuple[Difference, tuple[str, ...]]]:
    """The items that came out otherwise, in the checklist's order: whose change each is, and what exactly."""
    swap = Swap(first.evidence, second.evidence) if first.evidence and second.evidence else None
    differing = swap.differing if swap else frozenset()
    for item in load():
        if item.id not in first.outcomes or item.id not in second.outcomes:
            continue
        then, now = first.told(item.id), second.told(item.id)
        if not is_otherwise(then.verdict, now.verdict):
            continue
        if swap is None:
            lost = "; ".join(f"of {side.title}, {side.lost}" for side in (first, second) if side.lost)
            yield Difference(item.id, then.verdict, now.verdict, unknown=lost), ()
            continue
        whose, unknown = attribute(then, now, _judge(swap, item.id), differing)
        told = tuple(_told(first, second, swap, item.id, whose))
        yield Difference(item.id, then.verdict, now.verdict, whose, unknown), told


def _judge(swap: Swap, item_id: str) -> Callable[[Things], Verdict]:
    return lambda things: swap.judged(item_id, things)


def _told(first: Side, second: Side, swap: Swap, item_id: str, whose: tuple[Things, ...]) -> Iterator[str]:
    """What exactly is otherwise, of each thing that made the difference."""
    named = frozenset().union(*whose)
    for one in Whose:
        if one not in named:
            continue
        things = next(found for found in whose if one in found) - {Whose.RULE}
        match one:
            case Whose.HOST:
                parts = _parts(swap, item_id, things)
                yield f"seen otherwise: {_some(parts)}" if parts else "what was seen"
            case Whose.RULE:
                yield f"the suite {first.suite or '?'} of pytest-zebu {first.tool or '?'}, then {second.suite or '?'} of {second.tool or '?'}"
            case Whose.SETTINGS:
                yield f"set otherwise: {_some(_settings(swap, item_id, things))}"
            case Whose.WORDS:
                yield f"declared otherwise: {_some(_words(swap, item_id))}"
            case Whose.ADVISORY:
                yield f"advised otherwise: {_some(_advice(swap))}"
            case Whose.CLOCK:
                yield f"from {first.at:%Y-%m-%d %H:%M} to {second.at:%Y-%m-%d %H:%M} UTC"
            case Whose.RUNS:
                counts = [
                    len(one.past.value.runs) if isinstance(one.past, Known) else 0 for one in (swap.first, swap.second)
                ]
                yield f"{counts[0]} runs were remembered before, then {counts[1]}"


def _some(names: list[str]) -> str:
    shown = names[:MOST_NAMED]
    return "; ".join(shown) + (f"; and {len(names) - len(shown)} more" if len(names) > len(shown) else "")


def facts_of(item_id: str) -> list[Fact[Any]]:
    """The facts that an item's check asks for."""
    check = suite().get(item_id)
    names = inspect.signature(check).parameters if check else ()
    return [ALL[name] for name in names if name in ALL]


def names_of(fact: Fact[Any], evidence: Evidence) -> list[str]:
    """What a fact is read from: the names of answers, looks and trials."""
    target, gathered = evidence.target, evidence.gathered
    looks = (*fact.looks(target), *fact.then(gathered, target), *fact.alone(gathered, target))
    names = [*(probe.name for probe in fact.probes), *(look.key for look in looks)]
    return [*dict.fromkeys(names), *([fact.name] if fact.trial is not None else [])]


def _parts(swap: Swap, item_id: str, things: Things) -> list[str]:
    """The answers and looks that are otherwise: those of which one alone is enough, else all of them."""
    names = dict.fromkeys(
        name for fact in facts_of(item_id) for one in (swap.first, swap.second) for name in names_of(fact, one)
    )
    then, now = (
        {key: seen for part in _seen(one.gathered) for key, seen in part.items()} for one in (swap.first, swap.second)
    )
    differing = [name for name in dict.fromkeys((*names, *OWN_ANSWERS)) if then.get(name) != now.get(name)]
    if (
        HOST not in differing
        and abs(_ahead(swap.first.gathered) - _ahead(swap.second.gathered)) > APART.total_seconds()
    ):
        differing.append(HOST)
    if len(differing) < 2:
        return differing
    wanted = swap.judged(item_id, swap.differing).outcome
    # What was seen brings its time with it, where it has to.
    when = things if swap.judged(item_id, things).outcome is wanted else things | {Whose.CLOCK}
    enough = [name for name in differing if _verdict(swap.with_one(when, name), item_id).outcome is wanted]
    return enough or differing


def _flat(data: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(data, Mapping) and data:
        for name, held in data.items():
            yield from _flat(held, f"{key}.{name}" if key else str(name))
    else:
        yield key, data


def _settings(swap: Swap, item_id: str, things: Things) -> list[str]:
    """The keys that are set otherwise; of several tables, those of which one alone is enough."""
    first, second = swap.first.target, swap.second.target
    then, now = (dict(_flat(one.model_dump(exclude_unset=True, by_alias=True))) for one in (first, second))
    changed = [key for key in sorted({*then, *now}) if then.get(key) != now.get(key)]
    wanted = swap.judged(item_id, swap.differing).outcome
    mine, others = first.settings, second.settings
    enough = []
    for name in type(mine).model_fields:
        if getattr(mine, name) != getattr(others, name):
            settings = mine.model_copy(update={name: getattr(others, name)})
            target = second.model_copy(update={"settings": settings})
            # Facts are read by the settings, so none that was read by others is taken over.
            mixed = replace(swap.evidence(things), target=target, _read={})
            if _verdict(mixed, item_id).outcome is wanted:
                enough.append(name)
    chosen = [
        key
        for key in changed
        if key.split(".")[1:2] and key.split(".")[0] == "settings" and key.split(".")[1] in enough
    ]
    return [
        f"{key.removeprefix('settings.')} {_value(then.get(key))} -> {_value(now.get(key))}"
        for key in chosen or changed
    ]


def _value(value: Any) -> str:
    """A value of a setting in a few words; what was hidden when it was kept stays so."""
    if value is None:
        return "(not set)"
    plain = sorted(value) if isinstance(value, frozenset) else value
    return redacted(json.dumps(plain, ensure_ascii=False, default=str))[:80]


def _words(swap: Swap, item_id: str) -> list[str]:
    """The kinds of declarations that are otherwise."""
    first, second = swap.first, swap.second
    found = []
    for one in dataclasses.fields(first.records):
        pair = [getattr(side.records, one.name) for side in (first, second)]
        then, now = (held.get(item_id) if isinstance(held, Mapping) else None for held in pair)
        if then != now:
            verb = "new" if then is None else "gone" if now is None else "changed"
            found.append(f"{one.name.replace('_', ' ')}: {verb}")
    if first.incidents != second.incidents:
        found.append("records of incidents: changed")
    return found or ["words on other items"]


def _advice(swap: Swap) -> list[str]:
    """The advisories that only one of the two was told."""
    then, now = (_told_ids(one.gathered.looks.get(ADVISORIES)) for one in (swap.first, swap.second))
    return [*(f"new {one}" for one in sorted(now - then)), *(f"gone {one}" for one in sorted(then - now))] or [
        "no answer"
    ]


def _told_ids(told: Any) -> set[str]:
    places = told.values() if isinstance(told, Mapping) else ()
    return {
        f"{row.get('id')} ({row.get('package')} {row.get('version')})"
        for place in places
        for row in _rows(place) or ()
        if isinstance(row, Mapping)
    }


def moment_of(evidence: Evidence) -> datetime:
    """When it was gathered."""
    return datetime.fromtimestamp(evidence.gathered.time, UTC)
