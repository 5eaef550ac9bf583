"""The host reaches Redis, the backend does not."""

from lab.deployment import Lab

flips: set[str] = {"deploy.redis.reachable"}
touches: set[str] = {"redis", "backend"}


def inject(lab: Lab) -> None:
    lab.vm.shell("docker network disconnect zebu_default zebu-redis-1")


def mend(lab: Lab) -> None:
    lab.vm.shell("docker network connect --alias redis zebu_default zebu-redis-1; sleep 1")
