"""The clean-up of images is enabled, and its last run failed."""

from lab.deployment import Lab

flips: set[str] = {"post.monitoring.disk.image-cleanup", "pre.application.docker.storage-limits"}
touches: set[str] = {"prune"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "mkdir -p /etc/systemd/system/docker-prune.service.d; printf '[Service]\\nExecStart=/bin/false\\n' > /etc/systemd/system/docker-prune.service.d/fault.conf; systemctl daemon-reload; systemctl start docker-prune.service || true"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell(
        "rm -r /etc/systemd/system/docker-prune.service.d; systemctl daemon-reload; systemctl start docker-prune.service"
    )
