"""The newest dump has the right name and date, and nothing in it."""

from lab.deployment import Lab

flips: set[str] = {"post.recovery.backups.daily", "post.recovery.backups.verified"}
touches: set[str] = {"dumps"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "newest=/var/backups/zebu/zebu-$(date -u +%Y%m%dT%H%M%SZ).dump; : > $newest; echo $newest > /root/fault.dump"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell("rm $(cat /root/fault.dump) /root/fault.dump")
