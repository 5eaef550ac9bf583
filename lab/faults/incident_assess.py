"""Faults of incident.assess."""

from lab.changes import STEPS, forget_incidents, record_incident
from lab.deployment import Lab
from lab.fault import fault
from pytest_zebu.verdict.outcome import Outcome


@fault(
    "incident.assess.severity",
    flips=STEPS,
    outcomes={step: Outcome.PASSED for step in STEPS if not step.startswith("incident.assess.")},
    touches={"incidents"},
    mend=forget_incidents,
)
def open_and_unassessed(lab: Lab) -> None:
    """An incident is open, and nobody has said how bad it is."""
    record_incident(lab, done=())
