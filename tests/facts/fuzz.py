"""Answers that were damaged, through the same door as a run's: reader, looks that follow, checks, findings.

By hand, for as long as one likes, `python -m tests.facts.fuzz --inputs 200000 --seed 7`. What goes wrong is printed with
the options that show it again.
"""

from __future__ import annotations

import argparse
import inspect
import json
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any, NoReturn

from msgspec import Struct
from msgspec.structs import asdict, replace

from lab import recordings
from pytest_zebu.facts import ALL, certificates
from pytest_zebu.facts.answer import Known, NotAssessed, Unknown
from pytest_zebu.facts.fact import BROKEN, Gathered, Look
from pytest_zebu.gather.snapshot import Snapshot, dump, parse
from pytest_zebu.plugin.checks import Cases, either_of, suite
from pytest_zebu.plugin.judge import Evidence, decide
from pytest_zebu.settings.target import Target
from pytest_zebu.verdict.outcome import Finding, Outcome
from tests.facts.mutations import changed_answer, changed_data

TABLES = ("answers", "looks", "trials")
ATTACKED = recordings.JUDGED / "pre.security.application.rate-limit/not_in_force.json"
SECONDS = 20
"""By hand, an input that takes longer is told: it is what a target could make a run wait for."""


class Watched(Mapping[str, Any]):
    """A mapping that remembers what was asked of it."""

    def __init__(self, inner: Mapping[str, Any]) -> None:
        self.inner = inner
        self.asked: list[str] = []

    def __getitem__(self, key: str) -> Any:
        found = self.inner[key]
        self.asked.append(key)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self.inner)

    def __len__(self) -> int:
        return len(self.inner)


def touch(value: Any) -> None:
    """Ask a value for everything that it works out when it is asked. It may say that it was not assessed."""
    if isinstance(value, Mapping | list | tuple):
        for inner in value.values() if isinstance(value, Mapping) else value:
            touch(inner)
    elif isinstance(value, Struct):
        for inner in asdict(value).values():
            touch(inner)
        for name, member in vars(type(value)).items():
            if isinstance(member, property):
                with suppress(NotAssessed):
                    getattr(value, name)


@dataclass(frozen=True)
class Corpus:
    """What is damaged: the healthy lab's answers, and what other machines said.

    Attributes:
        healthy: all that is known of the lab, with what it leaves out: an origin behind its names, and a staging deployment.
        said: by table and key, what was ever recorded.
        asked: by fact, the tables and keys that it reads.
        items: by fact, the items that are judged by it.
    """

    healthy: Evidence
    said: Mapping[tuple[str, str], tuple[Any, ...]]
    asked: Mapping[str, tuple[tuple[str, str], ...]]
    items: Mapping[str, tuple[str, ...]]


@cache
def corpus() -> Corpus:
    """Read once for a process."""
    base = recordings.read_healthy()
    with tempfile.TemporaryDirectory() as folder:
        found = recordings.evidence(base, Path(folder))
    more = {"origin": "10.77.0.20", "staging": "staging.zebu.test"}
    domains = found.target.settings.domains.model_copy(update=more)
    settings = found.target.settings.model_copy(update={"domains": domains})
    active = frozenset({"functional", "restore", "attack"})
    target = found.target.model_copy(update={"settings": settings, "active": active})
    looks = {look.key: base.looks[f"tls@here {look.arguments['domain']}"] for look in certificates.origin_looks(target)}
    attack = recordings.read(ATTACKED, base).trials["attack"]
    trials = {**base.trials, "staged_use": base.trials["use"], "attack": attack}
    gathered = Gathered(base.answers, {**base.looks, **looks}, base.time, trials)
    said: dict[tuple[str, str], list[Any]] = {
        (table, key): [value] for table in TABLES for key, value in getattr(gathered, table).items()
    }
    for path in recordings.case_files():
        case = recordings.read(path, base)
        for table in TABLES:
            for key, value in getattr(case, table).items():
                if value is not None:
                    said.setdefault((table, key), []).append(value)
    healthy = replace(found, target=target, gathered=gathered, _read={})
    asked = {name: tuple(asked_by(name, gathered, target)) for name in ALL}
    items: dict[str, list[str]] = {name: [] for name in ALL}
    for item_id, check in suite().items():
        for name in inspect.signature(check).parameters:
            if name in ALL:
                items[name].append(item_id)
                healthy.fact(name)
    return Corpus(
        healthy,
        {key: tuple(values) for key, values in said.items()},
        asked,
        {name: tuple(found) for name, found in items.items()},
    )


def asked_by(name: str, gathered: Gathered, target: Target) -> list[tuple[str, str]]:
    """What a fact reads: of each table the keys."""
    watched: dict[str, Any] = {table: Watched(getattr(gathered, table)) for table in TABLES}
    ALL[name].read(replace(gathered, **watched), target)
    return sorted({(table, key) for table in TABLES for key in watched[table].asked})


def damaged(seed: int, name: str, number: int) -> Gathered:
    """An input about a fact: one of the things that it reads is otherwise."""
    rng, known = Random(f"{seed} {name} {number}"), corpus()
    table, key = rng.choice(known.asked[name])
    said = rng.choice(known.said[table, key])
    change = changed_answer if table == "answers" else changed_data
    return with_said(known.healthy.gathered, {(table, key): change(rng, said)})


def with_said(gathered: Gathered, said: Mapping[tuple[str, str], Any]) -> Gathered:
    """What was gathered, with answers that went the way of all: written, and read again."""
    only = {table: {key: value for (one, key), value in said.items() if one == table} for table in TABLES}
    text = dump({"lab": Snapshot("lab", Gathered(**only), reachable=True)})  # type: ignore[arg-type]
    back = parse(text, Path("fuzz"), is_own=True)["lab"].gathered
    changed: dict[str, Any] = {table: {**getattr(gathered, table), **getattr(back, table)} for table in TABLES}
    return replace(gathered, **changed)


def judged(name: str, gathered: Gathered) -> tuple[Known[Any] | Unknown, dict[str, Finding]]:
    """A fact of what was gathered, and the findings of all items that it decides."""
    known = corpus()
    answer = ALL[name].read(gathered, known.healthy.target)
    read = {**known.healthy._read, name: answer}
    evidence = replace(known.healthy, gathered=gathered, _read=read)
    return answer, {item_id: evidence.judge(item_id) for item_id in known.items[name]}


def broken(name: str, gathered: Gathered, item_id: str) -> NoReturn:
    """Judge an item whose check broke once more, for its traceback."""
    known, check, cases = corpus(), suite()[item_id], Cases()
    read = {**known.healthy._read, name: ALL[name].read(gathered, known.healthy.target)}
    evidence = replace(known.healthy, gathered=gathered, _read=read)
    arguments = {one: evidence.given(one, item_id, cases) for one in inspect.signature(check).parameters}
    _, error = decide(check, item_id, arguments, cases)
    raise AssertionError(f"{item_id}: its check broke") from error


def expect_survived(name: str, gathered: Gathered) -> None:
    """Whatever was said, it is known or unknown, and the items are judged.

    Raises:
        AssertionError: a reader broke, a check broke, an item passed by what is unknown, or a finding cannot be written.
    """
    fact, target = ALL[name], corpus().healthy.target
    answer, findings = judged(name, gathered)
    assert isinstance(answer, Known | Unknown)
    if isinstance(answer, Unknown) and BROKEN in answer.detail:
        fact.parse(gathered, target)  # with its traceback
        raise AssertionError(answer)
    touch(answer)
    follow = inspect.unwrap(fact.then)(gathered, target)
    assert all(isinstance(look, Look) for look in follow)
    json.dumps([[look.key, look.arguments] for look in follow], ensure_ascii=False, allow_nan=False).encode()
    for item_id, finding in findings.items():
        if finding.broken:
            broken(name, gathered, item_id)
        assert finding.outcome in Outcome
        json.dumps(finding.as_data(), ensure_ascii=False, allow_nan=False).encode()
        if isinstance(answer, Unknown) and name not in either_of(suite()[item_id]):
            assert finding.outcome not in (Outcome.PASSED, Outcome.FAILED, Outcome.NOT_APPLICABLE), (
                f"{item_id} by {answer}"
            )


def _too_long(number: int, frame: FrameType | None) -> None:
    raise TimeoutError(f"more than {SECONDS} s")


def main() -> int:
    """Try inputs, fact after fact, and print what goes wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fact", choices=sorted(ALL), help="only about this fact")
    parser.add_argument("--only", type=int, help="only this one of the inputs about the fact")
    asked = parser.parse_args()
    names = [asked.fact] if asked.fact else sorted(ALL)
    numbers = range(-(-asked.inputs // len(names))) if asked.only is None else [asked.only]
    signal.signal(signal.SIGALRM, _too_long)
    failed, started = 0, time.monotonic()
    for number in numbers:
        for name in names:
            signal.alarm(SECONDS)
            try:
                expect_survived(name, damaged(asked.seed, name, number))
            except Exception:
                failed += 1
                print(f"--seed {asked.seed} --fact {name} --only {number}")
                traceback.print_exc(limit=-6, file=sys.stdout)
            finally:
                signal.alarm(0)
    print(f"{len(numbers) * len(names)} inputs, {failed} not survived, {time.monotonic() - started:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
