"""Whatever a target says, a fact is known or unknown; a parser never ends with another exception."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_zebu.facts import ALL, certificates
from pytest_zebu.facts.answer import Known, NotAssessed, Said, Unknown
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.gather.snapshot import read
from pytest_zebu.settings import Settings
from pytest_zebu.settings.target import Target
from tests import recorded
from tests.facts.mutations import changed_answer, changed_data

quickly = settings(
    max_examples=20,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)


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
    elif is_dataclass(value):
        for field in fields(value):
            touch(getattr(value, field.name))
        for name, member in vars(type(value)).items():
            if isinstance(member, property):
                with suppress(NotAssessed):
                    getattr(value, name)


TABLES = ("answers", "looks", "trials")


def asked_by(name: str, gathered: Gathered, target: Target) -> list[tuple[str, str]]:
    """What a fact reads: of each table the keys."""
    watched: dict[str, Any] = {table: Watched(getattr(gathered, table)) for table in TABLES}
    ALL[name].read(replace(gathered, **watched), target)
    return sorted({(table, key) for table in TABLES for key in watched[table].asked})


@pytest.fixture(scope="module")
def asked_target(lab_settings: Settings) -> Target:
    """The lab's, with all that it leaves out: an origin behind its names, and a staging deployment."""
    more = {"origin": "10.77.0.20", "staging": "staging.zebu.test"}
    declared = lab_settings.model_copy(update={"domains": lab_settings.domains.model_copy(update=more)})
    active = frozenset({"functional", "restore", "attack"})
    return Target.model_validate({"name": "lab", "host": declared.hosts["lab"], "settings": declared, "active": active})


@pytest.fixture(scope="module")
def asked(asked_target: Target) -> Gathered:
    found = read(recorded.SNAPSHOT)["lab"].gathered
    more = {
        look.key: found.looks[f"tls@here {look.arguments['domain']}"]
        for look in certificates.origin_looks(asked_target)
    }
    # A few files are as good as all of them, and sooner parsed.
    answers = {**found.answers, "source": Said(0, found.said("source").out[:12_000])}
    held = {**found.trials, "staged_use": found.trials["use"]}
    return replace(found, answers=answers, looks={**found.looks, **more}, trials=held)


@pytest.mark.parametrize("name", sorted(ALL))
@quickly
@given(data=st.data())
def test_damaged_answers_are_known_or_unknown(
    name: str, asked: Gathered, asked_target: Target, data: st.DataObject
) -> None:
    table, key = data.draw(st.sampled_from(asked_by(name, asked, asked_target)))
    change = changed_answer if table == "answers" else changed_data
    rows = getattr(asked, table)
    changed: dict[str, Any] = {table: {**rows, key: data.draw(change(rows[key]))}}
    gathered = replace(asked, **changed)
    answer = ALL[name].read(gathered, asked_target)
    assert isinstance(answer, Known | Unknown)
    touch(answer)
    ALL[name].then(gathered, asked_target)
