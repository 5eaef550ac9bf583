"""The newest copy is three days old."""

from lab.deployment import Lab

flips: set[str] = {"pre.database.backups.off-vm"}


def inject(lab: Lab) -> None:
    lab.machines["nas"].shell(
        "mkdir /home/backup/kept; cd /home/backup/zebu; for f in $(ls -t | head -n 3); do mv $f ../kept/; done"
    )


def mend(lab: Lab) -> None:
    lab.machines["nas"].shell("mv /home/backup/kept/* /home/backup/zebu/; rmdir /home/backup/kept")
