""".env says production; the container was made when it said otherwise."""

from lab.changes import recreate
from lab.deployment import Lab

flips: set[str] = {"pre.security.application.app-env"}
touches: set[str] = {"backend"}


def inject(lab: Lab) -> None:
    recreate(lab, "backend", "    environment: { APP_ENV: staging }\n")


def mend(lab: Lab) -> None:
    recreate(lab, "backend")
