"""A dump of a month ago is still there."""

from lab.deployment import Lab

flips: set[str] = {"pre.database.backups.retention"}
touches: set[str] = {"dumps"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "cd /var/backups/zebu; cp \"$(ls -t | tail -n 1)\" zebu-20260101T023000Z.dump; touch -d '30 days ago' zebu-20260101T023000Z.dump"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell("rm /var/backups/zebu/zebu-20260101T023000Z.dump")
