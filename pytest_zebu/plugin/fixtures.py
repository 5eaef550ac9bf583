"""Fixtures for a project's own tests, beside the items: one per fact, and what is declared and remembered.

Nothing here is there for a project that does not ask for it. One line in the conftest.py beside the tests does:

    from pytest_zebu.plugin.fixtures import *

or only those that are wanted, by name. Tests that decide an item (`@item`) need no fixture: they are handed what they
ask for.
"""

from __future__ import annotations

from typing import Any

import pytest

from pytest_zebu.facts.answer import Known, Unknown
from pytest_zebu.plugin.checks import GIVEN, Cases
from pytest_zebu.plugin.run import Run
from pytest_zebu.settings.target import Target

RUN = pytest.StashKey[Run]()
CASES = pytest.StashKey[Cases]()
NO_HOST = "name what to judge: --zebu-host=HOST (zebu.toml, an ssh alias, ssh://user@host:port, or lab)"

__all__ = sorted(GIVEN - {"zebu_item"})


@pytest.fixture
def zebu_target(request: pytest.FixtureRequest) -> Target:
    """The host that this test judges."""
    run = request.config.stash.get(RUN, None)
    if run is None:
        pytest.skip(f"zebu: {NO_HOST}")
    return run.targets[getattr(request, "param", None) or next(iter(run.targets))]


def __getattr__(name: str) -> Any:
    """The fixture of a name; made when it is imported, since there is one for every fact.

    Raises:
        AttributeError: there is nothing of that name.
    """
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    @pytest.fixture(name=name)
    def given(request: pytest.FixtureRequest, zebu_target: Target) -> Any:
        run, node = request.config.stash[RUN], request.node
        item_id = node.callspec.params.get("zebu_item", "") if hasattr(node, "callspec") else ""
        value = run.evidence(zebu_target.name).given(name, item_id, node.stash.setdefault(CASES, Cases()))
        if isinstance(value, Unknown):
            pytest.skip(str(value))
        return value.value if isinstance(value, Known) else value

    return given
