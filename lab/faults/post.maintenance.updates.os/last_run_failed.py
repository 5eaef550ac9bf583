"""The last run of unattended upgrades logged an error."""

from lab.deployment import Lab

flips: set[str] = {"post.maintenance.updates.os"}
touches: set[str] = {"updates", "history"}  # an earlier run saw the month's updates done


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "cp -p /var/log/unattended-upgrades/unattended-upgrades.log /root/uu.kept; echo \"$(date '+%F %T'),000 ERROR Installing the upgrades failed!\" >> /var/log/unattended-upgrades/unattended-upgrades.log"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell("cp -p /root/uu.kept /var/log/unattended-upgrades/unattended-upgrades.log")
