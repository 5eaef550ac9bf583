"""Sign-in is not configured: every protected route breaks, and nobody is let in."""

from lab.changes import recreate
from lab.deployment import Lab

flips: set[str] = {
    "pre.application.environment.cors-complete",
    "pre.application.functionality.authentication",
    "pre.application.environment.api-base-url",
    "deploy.backend.authentication",
    "deploy.backend.cors-headers",
    "deploy.database.reachable",
    "deploy.performance.api",
}
touches: set[str] = {"backend"}


def inject(lab: Lab) -> None:
    recreate(lab, "backend", '    environment: { CLERK_SECRET_KEY: "test" }\n')


def mend(lab: Lab) -> None:
    recreate(lab, "backend")
