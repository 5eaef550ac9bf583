"""The hypervisor's job is the only one, and is switched off."""

from lab.changes import only_vm_backups, own_dumps_again
from lab.deployment import Lab

flips: set[str] = {"pre.database.backups.scheduled"}
touches: set[str] = {"proxmox", "timers"}


def inject(lab: Lab) -> None:
    only_vm_backups(lab, hours_ago=6, is_enabled=False)


def mend(lab: Lab) -> None:
    own_dumps_again(lab)
