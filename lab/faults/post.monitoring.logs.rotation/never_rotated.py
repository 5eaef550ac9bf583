"""A text log has grown, and nothing rotates it."""

from lab.deployment import Lab

flips: set[str] = {"post.monitoring.logs.rotation"}
touches: set[str] = {"biglog"}


def inject(lab: Lab) -> None:
    lab.vm.shell("fallocate -l 300M /var/log/forgotten.log")


def mend(lab: Lab) -> None:
    lab.vm.shell("rm /var/log/forgotten.log")
