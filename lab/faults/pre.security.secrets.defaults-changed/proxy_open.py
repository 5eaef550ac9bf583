"""The proxy's set-up page waits for whoever comes first."""

from lab.deployment import Lab

flips: set[str] = {"pre.security.secrets.defaults-changed"}
touches: set[str] = {"npm"}


def inject(lab: Lab) -> None:
    lab.change_state("npm", lambda state: {**state, "setup": False})


def mend(lab: Lab) -> None:
    lab.write_states(("npm",))
