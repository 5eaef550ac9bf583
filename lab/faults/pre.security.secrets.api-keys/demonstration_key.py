"""The key is the one of the samples."""

from lab.changes import restore_env, set_env
from lab.deployment import Lab

flips: set[str] = {
    "pre.security.secrets.api-keys",
    "deploy.initial.env-present",
    "pre.application.environment.alpha-vantage",
    "pre.application.environment.required-variables",
}
touches: set[str] = {".env"}


def inject(lab: Lab) -> None:
    set_env(lab, ALPHA_VANTAGE_API_KEY="demo")


def mend(lab: Lab) -> None:
    restore_env(lab)
