""".env sets the limit; the compose file does not pass it on."""

from lab.changes import recreate
from lab.deployment import Lab

flips: set[str] = {"pre.application.environment.alpha-vantage"}
touches: set[str] = {"backend", "backend-files", "backend-restart"}


def inject(lab: Lab) -> None:
    recreate(lab, "backend", without="ALPHA_VANTAGE_RATE_LIMIT_PER_DAY")


def mend(lab: Lab) -> None:
    recreate(lab, "backend")
