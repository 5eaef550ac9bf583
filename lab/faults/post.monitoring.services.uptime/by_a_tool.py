"""Odd but right: an uptime tool runs in a container beside the project."""

from lab.deployment import Lab

flips: set[str] = {"post.monitoring.services.uptime"}
outcomes: dict[str, str] = {"post.monitoring.services.uptime": "passed"}
touches: set[str] = {"uptime", "watch"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "docker tag zebu-lab/redis:7-busybox twinproduction/gatus:5; docker run -d --name uptime --network none --restart unless-stopped twinproduction/gatus:5 sleep 100000 >/dev/null"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell("docker rm -f uptime >/dev/null; docker rmi twinproduction/gatus:5 >/dev/null")
