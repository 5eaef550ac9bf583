"""An incident is open, and nobody has said how bad it is."""

from lab.changes import STEPS, forget_incidents, record_incident
from lab.deployment import Lab

flips: frozenset[str] = STEPS
outcomes: dict[str, str] = {step: "passed" for step in STEPS if not step.startswith("incident.assess.")}
touches: set[str] = {"incidents"}


def inject(lab: Lab) -> None:
    record_incident(lab, done=())


def mend(lab: Lab) -> None:
    forget_incidents(lab)
