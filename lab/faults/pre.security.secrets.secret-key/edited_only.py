"""A new value in .env; the backend still runs with the old one."""

from lab.changes import restore_env, set_env
from lab.deployment import Lab

flips: set[str] = {"pre.security.secrets.secret-key", "deploy.initial.env-present"}
touches: set[str] = {".env"}


def inject(lab: Lab) -> None:
    set_env(lab, SECRET_KEY="7f4c1b0e9d8a6352" * 4)


def mend(lab: Lab) -> None:
    restore_env(lab)
