"""The fixtures that items are written with: one per fact, and `case`."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Known, Unknown
from pytest_zebu.facts.fact import Fact
from pytest_zebu.memory.history import Past
from pytest_zebu.people.attestations import Records
from pytest_zebu.people.incidents import Incident
from pytest_zebu.people.tasks import Task
from pytest_zebu.people.tasks import task as task_of
from pytest_zebu.plugin.checks import Cases
from pytest_zebu.plugin.run import Run
from pytest_zebu.settings import Settings
from pytest_zebu.settings.target import Target

RUN = pytest.StashKey[Run]()
CASES = pytest.StashKey[Cases]()


@pytest.fixture
def zebu_target(request: pytest.FixtureRequest) -> Target:
    """The host that this test judges."""
    run = request.config.stash[RUN]
    name = getattr(request, "param", None) or next(iter(run.targets))
    return run.targets[name]


@pytest.fixture
def zebu_item(request: pytest.FixtureRequest, zebu_target: Target) -> str:
    """The id of the item that this test decides."""
    item = request.config.stash[RUN].catalogue[request.param]
    request.node.user_properties += [("id", item.id), ("stage", item.stage.value), ("category", item.category)]
    return item.id


@pytest.fixture
def settings(zebu_target: Target) -> Settings:
    """What is declared about the deployment."""
    return zebu_target.settings


@pytest.fixture
def case(request: pytest.FixtureRequest) -> Cases:
    """What the item judges, one after the other: each is a context that names it and what was seen."""
    stash: pytest.Stash = request.node.stash
    return stash.setdefault(CASES, Cases())


@pytest.fixture
def past(request: pytest.FixtureRequest, zebu_target: Target) -> Known[Past] | Unknown:
    """Earlier runs over the host, as they are remembered."""
    return request.config.stash[RUN].past(zebu_target.name)


@pytest.fixture
def incidents(request: pytest.FixtureRequest, zebu_target: Target) -> Known[tuple[Incident, ...]] | Unknown:
    """The records of incidents."""
    return request.config.stash[RUN].incidents(zebu_target.name)


@pytest.fixture
def records(request: pytest.FixtureRequest, zebu_target: Target) -> Records:
    """What people declared of the host."""
    return request.config.stash[RUN].records[zebu_target.name]


@pytest.fixture
def task(request: pytest.FixtureRequest, zebu_item: str, zebu_target: Target) -> Known[Task] | Unknown:
    """The recurring task that this test decides, as it stood before this run."""
    run = request.config.stash[RUN]
    past = run.past(zebu_target.name)
    if isinstance(past, Unknown):
        return past
    records, today = run.records[zebu_target.name], run.today(zebu_target.name)
    return Known(task_of(run.catalogue[zebu_item], records, past.value, today))


def _fixture_of(fact: Fact[Any]) -> Any:
    @pytest.fixture(name=fact.name)
    def read(request: pytest.FixtureRequest, zebu_target: Target) -> Known[Any] | Unknown | Any:
        answer = request.config.stash[RUN].fact(zebu_target.name, fact)
        if "zebu_item" in request.fixturenames:
            return answer  # unwrapped when the item is called, so that an unknown one is an outcome and not an error
        if isinstance(answer, Unknown):
            pytest.skip(str(answer))
        return answer.value

    return read


globals().update({f"_fact_{name}": _fixture_of(fact) for name, fact in ALL.items()})
