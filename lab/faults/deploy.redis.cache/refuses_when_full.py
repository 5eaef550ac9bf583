"""The cache is bound, and refuses what comes when it is full."""

from lab.deployment import Lab

flips: set[str] = {"deploy.redis.cache"}
touches: set[str] = {"redis"}


def inject(lab: Lab) -> None:
    lab.vm.shell("docker exec zebu-redis-1 redis-cli config set maxmemory-policy noeviction >/dev/null")


def mend(lab: Lab) -> None:
    lab.vm.shell("docker exec zebu-redis-1 redis-cli config set maxmemory-policy allkeys-lru >/dev/null")
