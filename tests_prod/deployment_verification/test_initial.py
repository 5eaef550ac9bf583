"""Deployment Verification / Initial Deployment."""

from __future__ import annotations

from pytest_zebu.checks import Cases, item
from pytest_zebu.facts.containers import Containers


@item("deploy.initial.services-healthy")
def test_services_are_healthy(containers: Containers, case: Cases) -> None:
    """Every service runs, and its own health check says so.

    Fix: `docker compose ps` and `docker compose logs SERVICE`; start what is down, mend what is unhealthy.
    See: https://docs.docker.com/reference/compose-file/services/#healthcheck
    """
    for container in containers.services:
        with case(
            container.label, f"{container.status}, health {container.health}, {container.restart_count} restarts"
        ):
            assert container.status == "running", f"is {container.status}"
            assert container.health != "none", "has no health check, so nobody knows"
            assert container.health == "healthy", f"is {container.health}"
