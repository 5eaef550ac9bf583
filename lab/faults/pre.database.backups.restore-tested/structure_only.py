"""The newest dump lists and unpacks well; it has no rows."""

from lab.deployment import Lab

flips: set[str] = {
    "pre.database.backups.restore-tested",
    "post.recovery.backups.daily",
    "post.recovery.backups.verified",
}
touches: set[str] = {"dumps"}
uses: set[str] = {"postgres"}
options: tuple[str, ...] = ("--zebu-active=restore",)


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "newest=/var/backups/zebu/zebu-$(date -u +%Y%m%dT%H%M%SZ).dump; docker exec zebu-db-1 pg_dump -Fc --schema-only -U zebu_admin zebu > $newest; echo $newest > /root/fault.dump"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell("rm $(cat /root/fault.dump) /root/fault.dump")
