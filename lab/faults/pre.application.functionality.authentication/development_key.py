"""The pages were built with the key of a development instance."""

from lab.changes import restore_env, set_env
from lab.deployment import Lab

flips: set[str] = {"pre.application.functionality.authentication", "pre.application.environment.required-variables"}
touches: set[str] = {".env"}


def inject(lab: Lab) -> None:
    set_env(lab, VITE_CLERK_PUBLISHABLE_KEY="pk_test_Y2xlcmsuemVidS50ZXN0JA")


def mend(lab: Lab) -> None:
    restore_env(lab)
