"""The backups of the machine lie on the node's own disks."""

from lab.changes import only_vm_backups, own_dumps_again
from lab.deployment import Lab

flips: set[str] = {"pre.database.backups.off-vm", "post.recovery.backups.size"}
outcomes: dict[str, str] = {"post.recovery.backups.size": "not_assessed"}
touches: set[str] = {"proxmox", "timers", "dumps", "pre.database.backups.retention", "pre.database.backups.off-vm"}
settings: tuple[tuple[str, str], ...] = (('folder = "/var/backups/zebu"\n', ""),)


def inject(lab: Lab) -> None:
    only_vm_backups(lab, kind="dir")


def mend(lab: Lab) -> None:
    own_dumps_again(lab)
