"""Faults of post.monitoring.logs."""

from lab.changes import DIRTY_TREE
from lab.deployment import Lab
from lab.fault import fault
from pytest_zebu.verdict.outcome import Outcome


@fault(
    "post.monitoring.logs.accessible",
    flips={"post.monitoring.logs.accessible", "pre.security.secrets.api-keys"},
    # What it writes nobody can look through for secrets.
    outcomes={"pre.security.secrets.api-keys": Outcome.NOT_ASSESSED},
    override={"frontend": {"logging": {"driver": "none", "options": {}}}},
)
def no_log(lab: Lab) -> None:
    """A service writes its log nowhere."""


@fault(
    "post.monitoring.logs.accessible",
    flips={"post.monitoring.logs.accessible", *DIRTY_TREE},
    touches={"Taskfile"},
    mend=lambda lab: lab.vm.shell("cp -p /root/Taskfile.yml /opt/zebu/"),
)
def no_task(lab: Lab) -> None:
    """The task that shows the logs is gone."""
    lab.vm.shell(
        "cp -p /opt/zebu/Taskfile.yml /root/; sed -i 's/proxmox-vm:logs/proxmox-vm:tail/' /opt/zebu/Taskfile.yml"
    )


@fault(
    "post.monitoring.logs.rotation",
    flips={"post.monitoring.logs.rotation"},
    touches={"journald"},
    mend=lambda lab: lab.vm.shell("rm /etc/systemd/journald.conf.d/zz-fault.conf"),
)
def journal_unbounded(lab: Lab) -> None:
    """The journal may take nearly the whole disk."""
    lab.vm.shell("printf '[Journal]\\nSystemMaxUse=15G\\n' > /etc/systemd/journald.conf.d/zz-fault.conf")


@fault(
    "post.monitoring.logs.rotation",
    flips={"post.monitoring.logs.rotation"},
    touches={"biglog"},
    mend=lambda lab: lab.vm.shell("rm /var/log/forgotten.log"),
)
def never_rotated(lab: Lab) -> None:
    """A text log has grown, and nothing rotates it."""
    lab.vm.shell("fallocate -l 300M /var/log/forgotten.log")


@fault(
    "post.monitoring.logs.rotation",
    flips=set(),
    touches={"biglog"},
    mend=lambda lab: lab.vm.shell("rm /var/log/lastlog.fault"),
)
def sparse(lab: Lab) -> None:
    """Odd but right: a log of two gigabytes that takes no room, as lastlog is where user ids are high."""
    lab.vm.shell("truncate -s 2G /var/log/lastlog.fault")
