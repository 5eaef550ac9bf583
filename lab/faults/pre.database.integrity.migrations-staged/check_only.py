"""Odd but right: there is no staging; a check applied the migrations."""

from lab.deployment import Lab

flips: set[str] = {"post.maintenance.updates.staging"}
outcomes: dict[str, str] = {"post.maintenance.updates.staging": "not_assessed"}
right_for = {"pre.database.integrity.migrations-staged"}
touches: set[str] = {"forge"}


def inject(lab: Lab) -> None:
    lab.change_state("forge", lambda state: {**state, "deployments": []})


def mend(lab: Lab) -> None:
    lab.write_states(("forge",))
