""".env names another address than the image was built with."""

from lab.changes import restore_env, set_env
from lab.deployment import Lab

flips: set[str] = {"pre.application.environment.api-base-url"}
touches: set[str] = {".env"}


def inject(lab: Lab) -> None:
    set_env(lab, VITE_API_BASE_URL="https://api.zebu.test/api/v1")


def mend(lab: Lab) -> None:
    restore_env(lab)
