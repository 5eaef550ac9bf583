"""The newest dump lists well, and ends in the middle."""

from lab.deployment import Lab

flips: set[str] = {"post.recovery.backups.verified"}
touches: set[str] = {"dumps"}
uses: set[str] = {"postgres"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "newest=/var/backups/zebu/zebu-$(date -u +%Y%m%dT%H%M%SZ).dump; docker exec zebu-db-1 pg_dump -Fc -U zebu_admin zebu > $newest; truncate -s $(($(stat -c %s $newest) * 7 / 10)) $newest; echo $newest > /root/fault.dump"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell("rm $(cat /root/fault.dump) /root/fault.dump")
