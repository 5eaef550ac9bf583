"""A reboot is asked for since nine days."""

from lab.deployment import Lab

flips: set[str] = {"post.maintenance.updates.os"}
touches: set[str] = {"updates"}


def inject(lab: Lab) -> None:
    lab.vm.shell("touch -d '9 days ago' /run/reboot-required")


def mend(lab: Lab) -> None:
    lab.vm.shell("rm /run/reboot-required")
