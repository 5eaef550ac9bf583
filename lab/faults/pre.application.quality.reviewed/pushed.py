"""No pull request brought the commit: whether somebody looked is not known."""

from lab.deployment import Lab

flips: set[str] = {"pre.application.quality.reviewed"}
outcomes: dict[str, str] = {"pre.application.quality.reviewed": "not_assessed"}
touches: set[str] = {"forge"}


def inject(lab: Lab) -> None:
    lab.change_state("forge", lambda state: {**state, "pulls": []})


def mend(lab: Lab) -> None:
    lab.write_states(("forge",))
