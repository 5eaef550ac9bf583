"""Unattended upgrades are installed, and switched off."""

from lab.deployment import Lab

flips: set[str] = {"post.maintenance.updates.os"}
touches: set[str] = {"updates"}


def inject(lab: Lab) -> None:
    lab.vm.shell("printf 'APT::Periodic::Unattended-Upgrade \"0\";\\n' > /etc/apt/apt.conf.d/99fault")


def mend(lab: Lab) -> None:
    lab.vm.shell("rm /etc/apt/apt.conf.d/99fault")
