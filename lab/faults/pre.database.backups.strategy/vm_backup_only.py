"""Odd but right: nothing dumps the database; the hypervisor saves the whole machine every night."""

from lab.changes import only_vm_backups, own_dumps_again
from lab.deployment import Lab

flips: set[str] = set()
touches: set[str] = {"proxmox", "timers"}


def inject(lab: Lab) -> None:
    only_vm_backups(lab, hours_ago=6)


def mend(lab: Lab) -> None:
    own_dumps_again(lab)
