"""Requests got no connection, says the backend's log."""

from lab.changes import recreate
from lab.deployment import Lab

flips: set[str] = {"deploy.database.pool"}
touches: set[str] = {"backend", "backend-files", "backend-restart"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "docker exec zebu-backend-1 sh -c 'echo QueuePool limit of size 10 overflow 20 reached, connection timed out > /proc/1/fd/1'"
    )


def mend(lab: Lab) -> None:
    recreate(lab, "backend")
