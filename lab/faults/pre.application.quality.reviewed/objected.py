"""One approved, another asks for changes."""

from lab.deployment import Lab

flips: set[str] = {"pre.application.quality.reviewed"}
touches: set[str] = {"forge"}


def inject(lab: Lab) -> None:
    lab.change_state(
        "forge",
        lambda state: {
            **state,
            "reviews": {
                number: [*found, {**found[0], "user": {"login": "security"}, "state": "CHANGES_REQUESTED"}]
                for number, found in state["reviews"].items()
            },
        },
    )


def mend(lab: Lab) -> None:
    lab.write_states(("forge",))
