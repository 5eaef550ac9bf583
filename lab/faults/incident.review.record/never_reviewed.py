"""An incident was closed a month ago, and nothing was written down."""

from lab.changes import STEPS, forget_incidents, record_incident
from lab.deployment import Lab

flips: frozenset[str] = STEPS
touches: set[str] = {"incidents"}


def inject(lab: Lab) -> None:
    record_incident(lab, done=(), closed_days_ago=30)


def mend(lab: Lab) -> None:
    forget_incidents(lab)
