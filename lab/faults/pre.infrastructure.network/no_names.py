"""Addresses answer; names do not resolve."""

from lab.deployment import Lab

flips: set[str] = {"pre.infrastructure.network", "pre.database.backups.off-vm"}
outcomes: dict[str, str] = {"pre.database.backups.off-vm": "not_assessed"}
# A container that is started meanwhile keeps what it finds then.
touches: set[str] = {"names", "backend", "backend-files", "backend-restart", "frontend", "redis", "postgres"}


def inject(lab: Lab) -> None:
    lab.vm.shell("cp /etc/resolv.conf /root/resolv.kept; echo 'nameserver 10.99.0.99' > /etc/resolv.conf")


def mend(lab: Lab) -> None:
    lab.vm.shell("cp /root/resolv.kept /etc/resolv.conf")
