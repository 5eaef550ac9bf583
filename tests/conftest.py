"""What all tests share: they run as on a desk, whoever runs them."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

RUNNERS = ("CI", "BUILD_NUMBER", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY")
"""By these pytest and this package know that a CI runs them, and say more, or elsewhere."""


@pytest.fixture(scope="session", autouse=True)
def at_a_desk() -> Iterator[None]:
    """What a run within a test says is the same under CI."""
    with pytest.MonkeyPatch.context() as patch:
        for name in RUNNERS:
            if name in os.environ:
                patch.delenv(name)
        yield
