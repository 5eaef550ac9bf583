"""The machine that keeps the backups cannot be reached."""

from lab.deployment import Lab

flips: set[str] = {"pre.infrastructure.network", "pre.database.backups.off-vm"}
outcomes: dict[str, str] = {"pre.database.backups.off-vm": "not_assessed"}
touches: set[str] = {"names"}


def inject(lab: Lab) -> None:
    lab.vm.shell("iptables -I OUTPUT -d 10.77.0.30 -p tcp --dport 22 -j REJECT")


def mend(lab: Lab) -> None:
    lab.vm.shell("iptables -D OUTPUT -d 10.77.0.30 -p tcp --dport 22 -j REJECT")
