"""Four workers, each with the whole pool."""

from lab.changes import recreate
from lab.deployment import Lab

flips: set[str] = {"pre.database.configuration.pooling", "pre.database.configuration.max-connections"}
touches: set[str] = {"backend"}


def inject(lab: Lab) -> None:
    recreate(
        lab,
        "backend",
        '    command: ["uvicorn", "zebu.main:app", "--host", "0.0.0.0", "--port", "8000", "--workers", "4"]\n',
    )


def mend(lab: Lab) -> None:
    recreate(lab, "backend")
