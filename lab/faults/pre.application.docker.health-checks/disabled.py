"""One service has its health check disabled."""

from lab.changes import recreate
from lab.deployment import Lab

flips: set[str] = {"pre.application.docker.health-checks", "deploy.initial.services-healthy", "deploy.redis.running"}
touches: set[str] = {"redis"}


def inject(lab: Lab) -> None:
    recreate(lab, "redis", "    healthcheck: { disable: true }\n")


def mend(lab: Lab) -> None:
    recreate(lab, "redis")
