""".env has the key; in the container it is empty."""

from lab.changes import recreate
from lab.deployment import Lab

flips: set[str] = {"pre.security.secrets.api-keys", "pre.application.environment.alpha-vantage"}
touches: set[str] = {"backend"}


def inject(lab: Lab) -> None:
    recreate(lab, "backend", '    environment: { ALPHA_VANTAGE_API_KEY: "" }\n')


def mend(lab: Lab) -> None:
    recreate(lab, "backend")
