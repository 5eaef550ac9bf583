"""Nobody has asked for a price yet: an empty cache says nothing."""

from lab.deployment import Lab

flips: set[str] = {"deploy.redis.cache"}
outcomes: dict[str, str] = {"deploy.redis.cache": "not_assessed"}
touches: set[str] = {"redis", "backend", "postgres"}  # what mends it needs the application


def inject(lab: Lab) -> None:
    lab.vm.shell("docker exec zebu-redis-1 redis-cli flushall >/dev/null")


def mend(lab: Lab) -> None:
    lab.read_price()
