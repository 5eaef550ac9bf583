"""A required variable is there, with nothing behind it."""

from lab.changes import restore_env, set_env
from lab.deployment import Lab

flips: set[str] = {
    "pre.application.environment.required-variables",
    "deploy.initial.env-present",
    "deploy.initial.images-built",
}
outcomes: dict[str, str] = {"deploy.initial.env-present": "not_assessed", "deploy.initial.images-built": "not_assessed"}
touches: set[str] = {".env"}


def inject(lab: Lab) -> None:
    set_env(lab, API_KEY_HMAC_SECRET="")


def mend(lab: Lab) -> None:
    restore_env(lab)
