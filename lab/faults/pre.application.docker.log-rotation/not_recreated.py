"""The container was made when the bound was none to speak of."""

from lab.changes import recreate
from lab.deployment import Lab

flips: set[str] = {"pre.application.docker.log-rotation"}
touches: set[str] = {"redis"}


def inject(lab: Lab) -> None:
    recreate(lab, "redis", "    logging: !override { driver: json-file, options: { max-size: 1000g } }\n")


def mend(lab: Lab) -> None:
    recreate(lab, "redis")
