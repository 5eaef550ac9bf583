"""The role has another password than the backend was given: what is connected stays, nothing new connects."""

from lab.changes import restart, sql
from lab.deployment import Lab

flips: set[str] = {
    "pre.database.configuration.password",
    "pre.application.functionality.authentication",
    "deploy.backend.authentication",
    "deploy.database.reachable",
    "deploy.performance.api",
}
touches: set[str] = {"role", "backend", "backend-files", "backend-restart", "postgres"}


def inject(lab: Lab) -> None:
    sql(lab, "ALTER ROLE zebu_app PASSWORD 'another-one-of-the-fault'")
    restart(lab, "backend")


def mend(lab: Lab) -> None:
    value = lab.vm.shell("sed -n s/^APP_DB_PASSWORD=//p /opt/zebu/.env").strip()
    sql(lab, f"ALTER ROLE zebu_app PASSWORD '{value}'")
    restart(lab, "backend")
