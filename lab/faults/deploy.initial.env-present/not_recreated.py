"""`.env` was edited, and the containers are those of before."""

from lab.changes import restore_env, set_env
from lab.deployment import Lab

flips: set[str] = {"deploy.initial.env-present", "pre.application.environment.log-level"}
touches: set[str] = {".env"}


def inject(lab: Lab) -> None:
    set_env(lab, APP_LOG_LEVEL="WARNING")


def mend(lab: Lab) -> None:
    restore_env(lab)
