"""The timer is loaded and waits, and would not after a reboot."""

from lab.deployment import Lab

flips: set[str] = {"pre.database.backups.scheduled"}
touches: set[str] = {"timers"}


def inject(lab: Lab) -> None:
    lab.vm.shell("systemctl disable -q zebu-backup.timer")


def mend(lab: Lab) -> None:
    lab.vm.shell("systemctl enable -q zebu-backup.timer")
