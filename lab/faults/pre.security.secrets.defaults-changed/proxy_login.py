"""The proxy's administration still opens to its first login."""

from lab.deployment import Lab

flips: set[str] = {"pre.security.secrets.defaults-changed"}
touches: set[str] = {"npm"}


def inject(lab: Lab) -> None:
    lab.change_state("npm", lambda state: {**state, "users": {**state["users"], "admin@example.com": "changeme"}})


def mend(lab: Lab) -> None:
    lab.write_states(("npm",))
