"""The backend is cut off from its database; /health stays green."""

from lab.changes import restart
from lab.deployment import Lab

flips: set[str] = {
    "deploy.database.reachable",
    "pre.application.functionality.authentication",
    "deploy.backend.authentication",
    "deploy.performance.api",
    "pre.security.secrets.postgres-password",
    "pre.database.configuration.password",
    "pre.security.secrets.defaults-changed",
}
outcomes: dict[str, str] = {
    "pre.security.secrets.postgres-password": "not_assessed",
    "pre.database.configuration.password": "not_assessed",
    "pre.security.secrets.defaults-changed": "not_assessed",
}
touches: set[str] = {"backend", "postgres"}


def inject(lab: Lab) -> None:
    lab.vm.shell("docker network disconnect zebu_default zebu-db-1")
    restart(lab, "backend")  # over a connection of before it would wait, for a quarter of an hour


def mend(lab: Lab) -> None:
    lab.vm.shell("docker network connect --alias db zebu_default zebu-db-1; sleep 1")
