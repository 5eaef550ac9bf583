"""Odd but right: a database of another project on the same machine is down."""

from lab.deployment import Lab

flips: set[str] = set()
touches: set[str] = {"other-project"}
right_for = {"deploy.initial.services-healthy", "deploy.database.running"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "docker run -d --name other-db-1 --network none --label com.docker.compose.project=other --label com.docker.compose.service=db zebu-lab/redis:7-busybox false >/dev/null"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell("docker rm -f other-db-1 >/dev/null")
