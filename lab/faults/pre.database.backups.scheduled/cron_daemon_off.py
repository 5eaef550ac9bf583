"""A cron entry instead of the timer, and no cron daemon."""

from lab.deployment import Lab

flips: set[str] = {"pre.database.backups.scheduled"}
touches: set[str] = {"timers"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "systemctl disable -q --now zebu-backup.timer; mv /etc/systemd/system/zebu-backup.timer /root/; systemctl daemon-reload; echo '30 2 * * * root /usr/local/sbin/zebu-backup' > /etc/cron.d/zebu-backup; systemctl stop cron"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell(
        "rm /etc/cron.d/zebu-backup; systemctl start cron; mv /root/zebu-backup.timer /etc/systemd/system/; systemctl daemon-reload; systemctl enable -q --now zebu-backup.timer"
    )
