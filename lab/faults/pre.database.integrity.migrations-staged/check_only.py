"""Odd but right: there is no staging; a check applied the migrations."""

from lab.deployment import Lab

flips: set[str] = set()
touches: set[str] = {"forge"}


def inject(lab: Lab) -> None:
    lab.change_state("forge", lambda state: {**state, "deployments": []})


def mend(lab: Lab) -> None:
    lab.write_states(("forge",))
