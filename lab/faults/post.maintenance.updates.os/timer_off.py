"""The timer that upgrades does not come back after a reboot."""

from lab.deployment import Lab

flips: set[str] = {"post.maintenance.updates.os"}
touches: set[str] = {"updates"}


def inject(lab: Lab) -> None:
    lab.vm.shell("systemctl disable -q apt-daily-upgrade.timer")


def mend(lab: Lab) -> None:
    lab.vm.shell("systemctl enable -q apt-daily-upgrade.timer")
