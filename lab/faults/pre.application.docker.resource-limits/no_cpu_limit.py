"""One service may take every processor."""

from lab.changes import recreate
from lab.deployment import Lab

flips: set[str] = {"pre.application.docker.resource-limits"}
touches: set[str] = {"redis"}


def inject(lab: Lab) -> None:
    recreate(lab, "redis", "    cpus: !reset null\n")


def mend(lab: Lab) -> None:
    recreate(lab, "redis")
