"""logrotate does not come back after a reboot."""

from lab.deployment import Lab

flips: set[str] = {"post.monitoring.disk.log-cleanup", "post.monitoring.logs.rotation"}
touches: set[str] = {"logrotate"}


def inject(lab: Lab) -> None:
    lab.vm.shell("systemctl disable -q logrotate.timer")


def mend(lab: Lab) -> None:
    lab.vm.shell("systemctl enable -q logrotate.timer")
