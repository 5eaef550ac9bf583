"""Odd but right: skipped, since nothing changed there; the commit before has run them on the same files."""

from lab.changes import change_check
from lab.deployment import Lab

flips: set[str] = set()
touches: set[str] = {"forge"}


def inject(lab: Lab) -> None:
    change_check(lab, "frontend-tests", conclusion="skipped")


def mend(lab: Lab) -> None:
    lab.write_states(("forge",))
