"""What is in the cache stays there for good."""

from lab.deployment import Lab

flips: set[str] = {"deploy.redis.cache"}
touches: set[str] = {"redis"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "for k in $(docker exec zebu-redis-1 redis-cli --raw keys '*'); do docker exec zebu-redis-1 redis-cli persist $k >/dev/null; done"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell(
        "for k in $(docker exec zebu-redis-1 redis-cli --raw keys '*'); do docker exec zebu-redis-1 redis-cli expire $k 86000 >/dev/null; done"
    )
