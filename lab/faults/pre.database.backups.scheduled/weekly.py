"""The timer fires once a week."""

from lab.deployment import Lab

flips: set[str] = {"pre.database.backups.scheduled"}
touches: set[str] = {"timers"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "mkdir /etc/systemd/system/zebu-backup.timer.d; printf '[Timer]\\nOnCalendar=\\nOnCalendar=weekly\\n' > /etc/systemd/system/zebu-backup.timer.d/weekly.conf; systemctl daemon-reload; systemctl restart zebu-backup.timer"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell(
        "rm -r /etc/systemd/system/zebu-backup.timer.d; systemctl daemon-reload; systemctl restart zebu-backup.timer"
    )
