"""Odd but right: no dumps, but backups of the machine, on a share, of which the hypervisor keeps some."""

from lab.changes import only_vm_backups, own_dumps_again
from lab.deployment import Lab

flips: set[str] = {"post.recovery.backups.size"}
outcomes: dict[str, str] = {"post.recovery.backups.size": "not_assessed"}
right_for = {"pre.database.backups.off-vm", "pre.database.backups.retention"}
touches: set[str] = {"proxmox", "timers", "dumps", "pre.database.backups.retention", "pre.database.backups.off-vm"}
settings: tuple[tuple[str, str], ...] = (('folder = "/var/backups/zebu"\n', ""),)


def inject(lab: Lab) -> None:
    only_vm_backups(lab)


def mend(lab: Lab) -> None:
    own_dumps_again(lab)
