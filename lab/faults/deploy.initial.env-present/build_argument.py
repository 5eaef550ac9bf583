"""Odd but right: a build argument and a comment were edited; no container has them."""

from lab.changes import restore_env, set_env
from lab.deployment import Lab

flips: set[str] = set()
touches: set[str] = {".env"}


def inject(lab: Lab) -> None:
    set_env(lab, VITE_API_BASE_URL="/api/v1 # same origin")


def mend(lab: Lab) -> None:
    restore_env(lab)
