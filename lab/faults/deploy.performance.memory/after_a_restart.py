"""Odd but right: the backend was started a moment ago, and is still filling its caches."""

from lab.changes import restart
from lab.deployment import Lab

flips: set[str] = set()
right_for = {"deploy.performance.memory", "deploy.performance.cpu"}
touches: set[str] = {"backend-restart"}


def inject(lab: Lab) -> None:
    restart(lab, "backend")


def mend(lab: Lab) -> None:
    """Time mends it."""
