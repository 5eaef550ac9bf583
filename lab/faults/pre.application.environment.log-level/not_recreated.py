""".env says INFO; the container was made when it said DEBUG."""

from lab.changes import recreate
from lab.deployment import Lab

flips: set[str] = {"pre.application.environment.log-level"}
touches: set[str] = {"backend"}


def inject(lab: Lab) -> None:
    recreate(lab, "backend", "    environment: { APP_LOG_LEVEL: DEBUG }\n")


def mend(lab: Lab) -> None:
    recreate(lab, "backend")
