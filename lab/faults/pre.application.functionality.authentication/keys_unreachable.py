"""The sign-in provider gives its keys to nobody."""

from lab.deployment import Lab

flips: set[str] = {"pre.application.functionality.authentication"}
touches: set[str] = {"signin"}


def inject(lab: Lab) -> None:
    lab.change_state("signin", lambda state: {**state, "refuse": {"status": 503, "body": {}}})


def mend(lab: Lab) -> None:
    lab.write_states(("signin",))
