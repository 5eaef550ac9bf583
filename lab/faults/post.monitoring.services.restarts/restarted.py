"""The backend ended, and its restart policy brought it back."""

from lab.changes import recreate
from lab.deployment import Lab

flips: set[str] = {"post.monitoring.services.restarts"}
touches: set[str] = {"backend", "backend-files", "backend-restart"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "docker exec zebu-backend-1 sh -c 'kill 1'; for n in $(seq 100); do [ $(docker inspect -f '{{.RestartCount}}{{.State.Health.Status}}' zebu-backend-1) = 1healthy ] && exit 0; sleep 0.2; done; exit 1"
    )


def mend(lab: Lab) -> None:
    recreate(lab, "backend")
