"""Odd but right: `always` in place of `unless-stopped`."""

from lab.deployment import Lab

flips: set[str] = set()
touches: set[str] = {"redis"}


def inject(lab: Lab) -> None:
    lab.vm.shell("docker update --restart=always zebu-redis-1")


def mend(lab: Lab) -> None:
    lab.vm.shell("docker update --restart=unless-stopped zebu-redis-1")
