"""A type checker failed on the deployed commit."""

from lab.changes import change_check
from lab.deployment import Lab

flips: set[str] = {"pre.application.quality.types"}
touches: set[str] = {"forge"}


def inject(lab: Lab) -> None:
    change_check(lab, "frontend-types", conclusion="failure")


def mend(lab: Lab) -> None:
    lab.write_states(("forge",))
