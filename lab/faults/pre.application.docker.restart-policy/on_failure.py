"""One service restarts only after a failure, so not after a reboot."""

from lab.deployment import Lab

flips: set[str] = {"pre.application.docker.restart-policy"}
touches: set[str] = {"redis"}


def inject(lab: Lab) -> None:
    lab.vm.shell("docker update --restart=on-failure zebu-redis-1")


def mend(lab: Lab) -> None:
    lab.vm.shell("docker update --restart=unless-stopped zebu-redis-1")
