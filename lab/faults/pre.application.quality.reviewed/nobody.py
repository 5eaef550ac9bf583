"""Nobody approved the change."""

from lab.deployment import Lab

flips: set[str] = {"pre.application.quality.reviewed"}
touches: set[str] = {"forge"}


def inject(lab: Lab) -> None:
    lab.change_state("forge", lambda state: {**state, "reviews": {}})


def mend(lab: Lab) -> None:
    lab.write_states(("forge",))
