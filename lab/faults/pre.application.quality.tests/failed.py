"""The tests failed on the deployed commit."""

from lab.deployment import Lab

flips: set[str] = {"pre.application.quality.tests"}
touches: set[str] = {"forge"}


def inject(lab: Lab) -> None:
    lab.change_state(
        "forge",
        lambda state: {
            **state,
            "check_runs": {
                **state["check_runs"],
                state["commits"][0]: [
                    {**run, "conclusion": "failure"} if run["name"] == "backend-tests" else run
                    for run in state["check_runs"][state["commits"][0]]
                ],
            },
        },
    )


def mend(lab: Lab) -> None:
    lab.write_states(("forge",))
