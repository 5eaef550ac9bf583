"""The script is there; nothing runs it."""

from lab.deployment import Lab

flips: set[str] = {"pre.database.backups.strategy", "pre.database.backups.scheduled"}
touches: set[str] = {"timers"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "systemctl disable -q --now zebu-backup.timer; mv /etc/systemd/system/zebu-backup.timer /root/; systemctl daemon-reload"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell(
        "mv /root/zebu-backup.timer /etc/systemd/system/; systemctl daemon-reload; systemctl enable -q --now zebu-backup.timer"
    )
