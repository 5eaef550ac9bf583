"""Who wrote the change approved it."""

from lab.deployment import Lab

flips: set[str] = {"pre.application.quality.reviewed"}
touches: set[str] = {"forge"}


def inject(lab: Lab) -> None:
    lab.change_state(
        "forge",
        lambda state: {
            **state,
            "reviews": {
                number: [{**one, "user": {"login": "development"}} for one in found]
                for number, found in state["reviews"].items()
            },
        },
    )


def mend(lab: Lab) -> None:
    lab.write_states(("forge",))
