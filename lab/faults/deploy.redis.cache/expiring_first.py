"""Odd but right: when it is full, what expires anyway goes first."""

from lab.deployment import Lab

flips: set[str] = set()
touches: set[str] = {"redis"}


def inject(lab: Lab) -> None:
    lab.vm.shell("docker exec zebu-redis-1 redis-cli config set maxmemory-policy volatile-ttl >/dev/null")


def mend(lab: Lab) -> None:
    lab.vm.shell("docker exec zebu-redis-1 redis-cli config set maxmemory-policy allkeys-lru >/dev/null")
