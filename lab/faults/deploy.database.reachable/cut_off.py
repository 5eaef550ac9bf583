"""The backend is cut off from its database; /health stays green."""

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


def mend(lab: Lab) -> None:
    lab.vm.shell("docker network connect --alias db zebu_default zebu-db-1; sleep 1")
