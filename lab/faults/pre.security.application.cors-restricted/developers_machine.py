"""The developer's machine is among the origins."""

from lab.changes import recreate
from lab.deployment import Lab

flips: set[str] = {"pre.security.application.cors-restricted"}
touches: set[str] = {"backend"}


def inject(lab: Lab) -> None:
    recreate(
        lab,
        "backend",
        "    environment: { CORS_ORIGINS: 'https://zebu.test,https://www.zebu.test,http://localhost:5173' }\n",
    )


def mend(lab: Lab) -> None:
    recreate(lab, "backend")
