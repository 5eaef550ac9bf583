"""A service that is there and does nothing."""

from lab.deployment import Lab

flips: set[str] = {"deploy.initial.services-healthy"}
touches: set[str] = {"redis", "backend"}


def inject(lab: Lab) -> None:
    lab.vm.shell("docker pause zebu-redis-1")


def mend(lab: Lab) -> None:
    lab.vm.shell("docker unpause zebu-redis-1")
    lab.wait_for_application()
