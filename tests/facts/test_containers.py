"""Containers as Docker tells of them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pytest_zebu.facts.containers import docker_time


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-24T21:59:32.593864033Z", datetime(2026, 11, 24, 21, 59, 32, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("soon", None),
        (None, None),
    ],
)
def test_moments_as_docker_writes_them(text: object, expected: datetime | None) -> None:
    assert docker_time(text) == expected
