"""Faults of post.monitoring.disk."""

from lab.changes import dumps_on_own_disk, dumps_on_root_disk, edit_watch, watch_again
from lab.deployment import Lab
from lab.fault import fault
from pytest_zebu.verdict.outcome import Outcome


@fault(
    "post.monitoring.disk.alerts",
    flips={"post.monitoring.disk.alerts"},
    outcomes={"post.monitoring.disk.alerts": Outcome.NOT_ASSESSED},
    touches={"watch"},
    mend=watch_again,
)
def shown_only(lab: Lab) -> None:
    """What watches shows the disks, and looks at nothing of what it shows."""
    edit_watch(lab, "/^df /,/^done/c df -h")


@fault(
    "post.monitoring.disk.image-cleanup",
    flips={"post.monitoring.disk.image-cleanup", "pre.application.docker.storage-limits"},
    touches={"prune"},
    mend=lambda lab: lab.vm.shell("rm -r /etc/systemd/system/docker-prune.service.d; systemctl daemon-reload"),
)
def printed_only(lab: Lab) -> None:
    """The clean-up is a trial: it prints what it would run."""
    lab.vm.shell(
        "mkdir -p /etc/systemd/system/docker-prune.service.d; printf '[Service]\\nExecStart=\\nExecStart=/bin/echo docker image prune --force\\n' > /etc/systemd/system/docker-prune.service.d/fault.conf; systemctl daemon-reload"
    )


@fault(
    "post.monitoring.disk.image-cleanup",
    flips={"post.monitoring.disk.image-cleanup", "pre.application.docker.storage-limits"},
    touches={"prune"},
    mend=lambda lab: lab.vm.shell(
        "rm -r /etc/systemd/system/docker-prune.service.d; systemctl daemon-reload; systemctl start docker-prune.service"
    ),
)
def last_run_failed(lab: Lab) -> None:
    """The clean-up of images is enabled, and its last run failed."""
    lab.vm.shell(
        "mkdir -p /etc/systemd/system/docker-prune.service.d; printf '[Service]\\nExecStart=/bin/false\\n' > /etc/systemd/system/docker-prune.service.d/fault.conf; systemctl daemon-reload; systemctl start docker-prune.service || true"
    )


@fault(
    "post.monitoring.disk.log-cleanup",
    flips={"post.monitoring.disk.log-cleanup", "post.monitoring.logs.rotation"},
    touches={"logrotate"},
    mend=lambda lab: lab.vm.shell("systemctl enable -q logrotate.timer"),
)
def timer_off(lab: Lab) -> None:
    """logrotate does not come back after a reboot."""
    lab.vm.shell("systemctl disable -q logrotate.timer")


@fault(
    "post.monitoring.disk.usage",
    flips={"post.monitoring.disk.usage", "deploy.performance.disk", "post.recovery.backups.size"},
    touches={"dumps"},
    mend=dumps_on_root_disk,
)
def nearly_full(lab: Lab) -> None:
    """The disk of the dumps is nine tenths full."""
    dumps_on_own_disk(lab, "size=16m", "head -c 14m /dev/zero > filler")
