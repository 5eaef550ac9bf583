"""A service that is there and does nothing."""

from lab.deployment import Lab

flips: set[str] = {
    "deploy.initial.services-healthy",
    "deploy.redis.running",
    "deploy.redis.reachable",
    "deploy.redis.cache",
}
outcomes: dict[str, str] = {"deploy.redis.cache": "not_assessed"}
touches: set[str] = {"redis", "backend"}


def inject(lab: Lab) -> None:
    lab.vm.shell("docker pause zebu-redis-1")


def mend(lab: Lab) -> None:
    lab.vm.shell("docker unpause zebu-redis-1")
    lab.wait_for_application()
