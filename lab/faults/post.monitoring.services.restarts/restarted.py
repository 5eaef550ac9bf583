"""The backend ended since the last run, and its restart policy brought it back."""

from lab.changes import forget, recreate, remember_restarts
from lab.deployment import Lab

flips: set[str] = {
    "post.monitoring.services.restarts",
    "post.maintenance.capacity.baseline",
    "ops.monthly.restore-test",
}
outcomes: dict[str, str] = {"post.maintenance.capacity.baseline": "attested", "ops.monthly.restore-test": "attested"}
touches: set[str] = {"backend", "backend-files", "backend-restart", "history"}
settings: tuple[tuple[str, str], ...] = (("/history.sqlite3", "/fault-history.sqlite3"),)


def inject(lab: Lab) -> None:
    remember_restarts(lab)
    lab.vm.shell(
        "docker exec zebu-backend-1 sh -c 'kill 1'; for n in $(seq 100); do [ $(docker inspect -f '{{.RestartCount}}{{.State.Health.Status}}' zebu-backend-1) = 1healthy ] && exit 0; sleep 0.2; done; exit 1"
    )


def mend(lab: Lab) -> None:
    recreate(lab, "backend")
    forget(lab)
