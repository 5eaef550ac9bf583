"""Unattended upgrades leave out the security suite."""

from lab.deployment import Lab

flips: set[str] = {"post.maintenance.updates.os"}
touches: set[str] = {"updates"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "printf '#clear Unattended-Upgrade::Origins-Pattern;\\nUnattended-Upgrade::Origins-Pattern { \"origin=Debian,codename=bookworm,label=Debian\"; };\\n' > /etc/apt/apt.conf.d/99fault"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell("rm /etc/apt/apt.conf.d/99fault")
