"""Odd but right: NPMplus, which logs in by cookie and has no login that is known to everybody."""

from lab.deployment import Lab

flips: set[str] = set()
touches: set[str] = {"npm"}


def inject(lab: Lab) -> None:
    lab.change_state("npm", lambda state: {**state, "flavour": "npmplus"})


def mend(lab: Lab) -> None:
    lab.write_states(("npm",))
