"""Odd but right: a reboot is asked for since this morning."""

from lab.deployment import Lab

flips: set[str] = set()
touches: set[str] = {"updates"}


def inject(lab: Lab) -> None:
    lab.vm.shell("touch /run/reboot-required")


def mend(lab: Lab) -> None:
    lab.vm.shell("rm /run/reboot-required")
