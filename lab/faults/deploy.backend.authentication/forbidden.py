"""Strangers are turned away with 403: clients do not know that they may log in."""

from lab.changes import restart
from lab.deployment import Lab

flips: set[str] = {
    "deploy.backend.authentication",
    "deploy.database.reachable",
    "deploy.performance.api",
    "pre.application.functionality.authentication",
    "pre.application.environment.api-base-url",
}
outcomes: dict[str, str] = {"deploy.database.reachable": "not_assessed", "deploy.performance.api": "not_assessed"}
touches: set[str] = {"backend-files"}


def inject(lab: Lab) -> None:
    lab.vm.shell("docker exec -u 0 zebu-backend-1 sed -i.kept 's/Refused(401/Refused(403/' /app/zebu/errors.py")
    restart(lab, "backend")


def mend(lab: Lab) -> None:
    lab.vm.shell("docker exec -u 0 zebu-backend-1 mv /app/zebu/errors.py.kept /app/zebu/errors.py")
    restart(lab, "backend")
