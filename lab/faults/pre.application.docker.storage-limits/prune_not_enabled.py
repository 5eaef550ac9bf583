"""The timer is loaded and waits, and would not after a reboot."""

from lab.deployment import Lab

flips: set[str] = {"pre.application.docker.storage-limits", "post.monitoring.disk.image-cleanup"}
touches: set[str] = {"prune"}


def inject(lab: Lab) -> None:
    lab.vm.shell("systemctl disable -q docker-prune.timer")


def mend(lab: Lab) -> None:
    lab.vm.shell("systemctl enable -q docker-prune.timer")
