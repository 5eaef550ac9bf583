"""The server waits for the disk; for the application's role it does not."""

from lab.changes import sql
from lab.deployment import Lab

flips: set[str] = {"pre.database.configuration.production-mode"}
touches: set[str] = {"role"}
uses: set[str] = {"postgres"}


def inject(lab: Lab) -> None:
    sql(lab, "ALTER ROLE zebu_app SET synchronous_commit = off")


def mend(lab: Lab) -> None:
    sql(lab, "ALTER ROLE zebu_app RESET synchronous_commit")
