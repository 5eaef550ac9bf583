"""The container runs with debugging on."""

from lab.changes import recreate
from lab.deployment import Lab

flips: set[str] = {"pre.security.application.app-debug"}
touches: set[str] = {"backend"}


def inject(lab: Lab) -> None:
    recreate(lab, "backend", "    environment: { APP_DEBUG: 'true' }\n")


def mend(lab: Lab) -> None:
    recreate(lab, "backend")
