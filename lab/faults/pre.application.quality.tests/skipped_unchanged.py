"""Odd but right: skipped, since nothing changed there; the commit before has run them on the same files."""

from lab.deployment import Lab

flips: set[str] = set()
touches: set[str] = {"forge"}


def inject(lab: Lab) -> None:
    lab.change_state(
        "forge",
        lambda state: {
            **state,
            "check_runs": {
                **state["check_runs"],
                state["commits"][0]: [
                    {**run, "conclusion": "skipped"} if run["name"] == "frontend-tests" else run
                    for run in state["check_runs"][state["commits"][0]]
                ],
            },
        },
    )


def mend(lab: Lab) -> None:
    lab.write_states(("forge",))
