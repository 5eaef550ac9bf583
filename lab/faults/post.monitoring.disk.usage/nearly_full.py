"""The disk of the dumps is nine tenths full."""

from lab.deployment import Lab

flips: set[str] = {"post.monitoring.disk.usage", "deploy.performance.disk", "post.recovery.backups.size"}
touches: set[str] = {"dumps"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "mkdir /root/dumps && cp -a /var/backups/zebu/. /root/dumps/ && mount -t tmpfs -o size=16m tmpfs /var/backups/zebu && cp -a /root/dumps/. /var/backups/zebu/ && rm -r /root/dumps && head -c 14m /dev/zero > /var/backups/zebu/filler"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell("umount /var/backups/zebu")
