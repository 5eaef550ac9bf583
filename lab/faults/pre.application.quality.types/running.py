"""A type checker has not ended: that is no verdict."""

from lab.deployment import Lab

flips: set[str] = {"pre.application.quality.types"}
outcomes: dict[str, str] = {"pre.application.quality.types": "not_assessed"}
touches: set[str] = {"forge"}


def inject(lab: Lab) -> None:
    lab.change_state(
        "forge",
        lambda state: {
            **state,
            "check_runs": {
                **state["check_runs"],
                state["commits"][0]: [
                    {**run, "status": "in_progress", "conclusion": None} if run["name"] == "backend-types" else run
                    for run in state["check_runs"][state["commits"][0]]
                ],
            },
        },
    )


def mend(lab: Lab) -> None:
    lab.write_states(("forge",))
