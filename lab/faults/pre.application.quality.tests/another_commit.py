"""The newest commit is green; what is deployed is one that the forge has not checked."""

from lab.deployment import Lab

flips: set[str] = {"pre.application.quality.tests", "pre.application.quality.linters", "pre.application.quality.types"}
touches: set[str] = {"forge"}


def inject(lab: Lab) -> None:
    lab.change_state("forge", lambda state: {**state, "check_runs": {**state["check_runs"], state["commits"][0]: []}})


def mend(lab: Lab) -> None:
    lab.write_states(("forge",))
