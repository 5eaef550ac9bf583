"""One service is down."""

from lab.deployment import Lab

flips: set[str] = {
    "deploy.initial.services-healthy",
    "deploy.redis.running",
    "deploy.redis.reachable",
    "deploy.redis.cache",
    "deploy.performance.cpu",
    "deploy.performance.memory",
}
outcomes: dict[str, str] = {
    "deploy.redis.cache": "not_assessed",
    "deploy.performance.cpu": "not_assessed",
    "deploy.performance.memory": "not_assessed",
}
touches: set[str] = {"redis", "backend"}


def inject(lab: Lab) -> None:
    lab.vm.shell("docker stop zebu-redis-1")


def mend(lab: Lab) -> None:
    lab.vm.shell("docker start zebu-redis-1")
    lab.wait_for_application()
