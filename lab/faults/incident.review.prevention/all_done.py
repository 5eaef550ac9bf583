"""Odd but right: an incident of last month, with all that belongs to it."""

from lab.changes import STEPS, forget_incidents, record_incident
from lab.deployment import Lab

flips: frozenset[str] = STEPS
outcomes: dict[str, str] = dict.fromkeys(STEPS, "passed")
touches: set[str] = {"incidents"}


def inject(lab: Lab) -> None:
    record_incident(lab, closed_days_ago=30)


def mend(lab: Lab) -> None:
    forget_incidents(lab)
