"""Odd but right: the image tells no revision, and is younger than what it was built from."""

from lab.changes import recreate
from lab.deployment import Lab

flips: set[str] = {"post.recovery.snapshots.post-deployment"}
right_for = {"deploy.initial.images-built"}
touches: set[str] = {"frontend"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "docker tag zebu/frontend:1.2.0 zebu/frontend:kept; printf 'FROM zebu/frontend:kept\\nLABEL org.opencontainers.image.revision=unknown\\n' | DOCKER_BUILDKIT=0 docker build -q -t zebu/frontend:1.2.0 - >/dev/null"
    )
    recreate(lab, "frontend")


def mend(lab: Lab) -> None:
    lab.vm.shell("docker tag zebu/frontend:kept zebu/frontend:1.2.0; docker rmi zebu/frontend:kept >/dev/null")
    recreate(lab, "frontend")
    lab.vm.shell("docker image prune -f >/dev/null")
