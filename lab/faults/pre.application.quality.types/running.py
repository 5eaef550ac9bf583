"""A type checker has not ended: that is no verdict."""

from lab.changes import change_check
from lab.deployment import Lab

flips: set[str] = {"pre.application.quality.types"}
outcomes: dict[str, str] = {"pre.application.quality.types": "not_assessed"}
touches: set[str] = {"forge"}


def inject(lab: Lab) -> None:
    change_check(lab, "backend-types", status="in_progress", conclusion=None)


def mend(lab: Lab) -> None:
    lab.write_states(("forge",))
