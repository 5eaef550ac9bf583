"""An origin with a slash at its end matches no page."""

from lab.changes import recreate
from lab.deployment import Lab

flips: set[str] = {
    "pre.application.environment.cors-complete",
    "pre.security.application.cors-restricted",
    "deploy.backend.cors-headers",
}
touches: set[str] = {"backend"}


def inject(lab: Lab) -> None:
    recreate(lab, "backend", "    environment: { CORS_ORIGINS: 'https://zebu.test/,https://www.zebu.test' }\n")


def mend(lab: Lab) -> None:
    recreate(lab, "backend")
