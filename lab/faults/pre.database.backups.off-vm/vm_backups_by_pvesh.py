"""Odd but right: no dumps and no API token; the node tells by pvesh that its backups of the machine are on a share."""

from lab.changes import PVESH_SETTINGS, install_pvesh, only_vm_backups, own_dumps_again, remove_pvesh
from lab.deployment import Lab

flips: set[str] = {"post.recovery.backups.size"}
outcomes: dict[str, str] = {"post.recovery.backups.size": "not_assessed"}
right_for = {"pre.database.backups.off-vm"}
touches: set[str] = {"proxmox", "timers", "dumps", "pre.database.backups.retention", "pre.database.backups.off-vm"}
settings: tuple[tuple[str, str], ...] = (('folder = "/var/backups/zebu"\n', ""), *PVESH_SETTINGS)


def inject(lab: Lab) -> None:
    only_vm_backups(lab)
    install_pvesh(lab)


def mend(lab: Lab) -> None:
    remove_pvesh(lab)
    own_dumps_again(lab)
