"""Faults of incident.review."""

from lab.changes import STEPS, forget_incidents, record_incident
from lab.deployment import Lab
from lab.fault import fault
from pytest_zebu.verdict.outcome import Outcome


@fault(
    "incident.review.prevention",
    flips=STEPS,
    outcomes=dict.fromkeys(STEPS, Outcome.PASSED),
    touches={"incidents"},
    mend=forget_incidents,
)
def all_done(lab: Lab) -> None:
    """Odd but right: an incident of last month, with all that belongs to it."""
    record_incident(lab, closed_days_ago=30)


@fault(
    "incident.review.record",
    flips=STEPS,
    touches={"incidents"},
    mend=forget_incidents,
)
def never_reviewed(lab: Lab) -> None:
    """An incident was closed a month ago, and nothing was written down."""
    record_incident(lab, done=(), closed_days_ago=30)
