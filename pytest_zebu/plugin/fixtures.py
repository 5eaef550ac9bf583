"""Fixtures for a project's own tests, beside the items: one per fact, and what is declared and remembered.

Nothing here is there for a project that does not ask for it. One line in the conftest.py beside the tests does:

    from pytest_zebu.plugin.fixtures import *

or only those that are wanted, by name. Tests that decide an item (`@item`) need no fixture: they are handed what they
ask for.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

import pytest
from msgspec import Struct, structs

from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Known, Unknown
from pytest_zebu.plugin.checks import GIVEN, Cases
from pytest_zebu.plugin.run import Run
from pytest_zebu.settings.target import Target

RUN = pytest.StashKey[Run]()
CASES = pytest.StashKey[Cases]()
NO_HOST = "name what to judge: --zebu-host=HOST (zebu.toml, an ssh alias, ssh://user@host:port, or lab)"

__all__ = sorted(GIVEN - {"zebu_item"})


def given_target(request: pytest.FixtureRequest) -> Target:
    """The host that this test judges."""
    run = request.config.stash.get(RUN, None)
    if run is None:
        pytest.skip(f"zebu: {NO_HOST}")
    return run.targets[getattr(request, "param", None) or next(iter(run.targets))]


zebu_target = pytest.fixture(name="zebu_target")(given_target)
OTHERS = {
    "case": "What a test judged, thing by thing: `with case(NAME): assert ...`.",
    "incidents": "The records of incidents that are kept beside the settings.",
    "past": "The runs that are remembered, the oldest first.",
    "records": "What people attested, waived, or declared not applicable.",
    "settings": "What is declared: zebu.toml, and the options.",
    "task": "A recurring task as it stands; for tests that decide an item.",
    "zebu_target": "The host that is judged, with its settings.",
}
"""What a test may ask for besides facts."""


def described(name: str) -> str:
    """What a test is handed under a name, in a line or two.

    Raises:
        KeyError: there is nothing of that name.
    """
    if name in OTHERS:
        return OTHERS[name]
    parse = inspect.unwrap(ALL[name].parse)
    docs = [first_words(one) for one in (*values_of(name)[:1], parse)]
    return " ".join(dict.fromkeys(docs))


def first_words(thing: Any) -> str:
    """The first paragraph of what something says of itself."""
    return " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())


def values_of(name: str) -> tuple[type[Struct], ...]:
    """The classes of a fact's value: itself, or what is in it."""
    found = _classes(get_type_hints(inspect.unwrap(ALL[name].parse))["return"])
    return tuple(dict.fromkeys(one for one in found if one not in (Known, Unknown)))


def attributes_of(value: type[Struct]) -> tuple[str, ...]:
    """What may be asked of a value: its fields, and what it reckons from them."""
    fields = [one.name for one in structs.fields(value) if not one.name.startswith("_")]
    reckoned = [key for key, one in vars(value).items() if isinstance(one, property) and not key.startswith("_")]
    return tuple(dict.fromkeys([*fields, *reckoned]))


def _classes(kind: Any) -> Iterator[type[Struct]]:
    if isinstance(kind, type) and issubclass(kind, Struct):
        yield kind
    for inner in get_args(kind):
        yield from _classes(inner)


class NoHost:
    """Stands in front of testinfra's `host` where there is no machine of ours to ask.

    Without it testinfra asks the machine on which pytest runs, and what a test says of that one would be told of another.
    """

    def __init__(self, why: str) -> None:
        self.why = why

    @pytest.fixture(scope="module")
    def host(self, request: pytest.FixtureRequest, _testinfra_host: Any) -> Any:
        """testinfra's, for modules that name hosts of their own (`testinfra_hosts`); elsewhere the test is skipped."""
        if not hasattr(request.module, "testinfra_hosts"):
            pytest.skip(f"zebu: host: {self.why} (--hosts names machines for it; local:// is the one that runs pytest)")
        return _testinfra_host


def __getattr__(name: str) -> Any:
    """The fixture of a name; made when it is imported, since there is one for every fact.

    Raises:
        AttributeError: there is nothing of that name.
    """
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def given(request: pytest.FixtureRequest, zebu_target: Target) -> Any:
        run, node = request.config.stash[RUN], request.node
        item_id = node.callspec.params.get("zebu_item", "") if hasattr(node, "callspec") else ""
        value = run.evidence(zebu_target.name).given(name, item_id, node.stash.setdefault(CASES, Cases()))
        if isinstance(value, Unknown):
            pytest.skip(str(value))
        return value.value if isinstance(value, Known) else value

    given.__doc__ = described(name)  # pytest --fixtures shows it
    return pytest.fixture(name=name)(given)
