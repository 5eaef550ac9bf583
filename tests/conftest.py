"""What all tests share: they run as on a desk, whoever runs them."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

RUNNERS = ("CI", "BUILD_NUMBER", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY")
"""By these pytest and this package know that a CI runs them, and say more, or elsewhere."""


NEIGHBOURS = (
    "allure_pytest",
    "django",
    "hypothesispytest",
    "platformdirs",
    "pytest_github_actions_annotate_failures",
    "randomly",
    "rerunfailures",
    "timeout",
)
"""Plugins that load themselves where they are installed; only `plugin/test_neighbours.py` runs beside them."""
WITHOUT_NEIGHBOURS = " ".join(f"-p no:{name}" for name in NEIGHBOURS)


@pytest.fixture
def pytester(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Runs within a test know no plugin that only happens to be installed."""
    monkeypatch.setenv("PYTEST_ADDOPTS", WITHOUT_NEIGHBOURS)
    return pytester


@pytest.fixture(scope="session", autouse=True)
def at_a_desk() -> Iterator[None]:
    """What a run within a test says is the same under CI."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTEST_ADDOPTS", WITHOUT_NEIGHBOURS)
        for name in RUNNERS:
            if name in os.environ:
                patch.delenv(name)
        yield
