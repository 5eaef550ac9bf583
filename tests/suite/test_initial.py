"""What the first look after a deployment takes for healthy."""

from __future__ import annotations

import pytest

from pytest_zebu.facts.web import Answer
from tests_prod.deployment_verification.test_initial import is_healthy


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        ("text/plain", "healthy\n", True),
        ("application/json", '{"status": "healthy"}', True),
        ("application/json", '{"status":"starting"}', False),
        ("application/json", '{"status":"healthy","database":"down"}', False),
        ("application/json", '{"status":"healthy","checks":[{"redis":"DEGRADED"}]}', False),
        (
            "application/json",
            '{"version": "1.2", "status": "healthy", "checks": {"database": "ok", "workers": 2}}',
            True,
        ),
        ("application/json", '{"status": "unhealthy"}', False),
        ("application/json", '{"state": "healthy"}', False),
        ("application/json", '"healthy"', False),
        ("application/json", '["status", "healthy"]', False),
        ("application/json", '{"status": "healthy"', False),
        ("application/health+json", '{"status": "healthy"}', True),
        ("text/plain; note=json", '{"status": "healthy"}', False),
        ("text/plain", "unhealthy", False),
        ("text/html", "healthy", False),
        ("text/html", "<!doctype html>healthy", False),
    ],
)
def test_what_says_healthy(kind: str, body: str, expected: bool) -> None:
    assert is_healthy(Answer("https://x/health", 200, "", {"content-type": (kind,)}, body, "")) is expected
