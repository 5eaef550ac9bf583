"""The newest dump is whole, and has one table of all."""

from lab.deployment import Lab

flips: set[str] = {"post.recovery.backups.daily"}
touches: set[str] = {"dumps"}
uses: set[str] = {"postgres"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "newest=/var/backups/zebu/zebu-$(date -u +%Y%m%dT%H%M%SZ).dump; docker exec zebu-db-1 pg_dump -Fc -t api_keys -U zebu_admin zebu > $newest; echo $newest > /root/fault.dump"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell("rm $(cat /root/fault.dump) /root/fault.dump")
