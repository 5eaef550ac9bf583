"""The root has room; the disk with the dumps has not."""

from lab.deployment import Lab

flips: set[str] = {"deploy.performance.disk"}
touches: set[str] = {"dumps"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "mkdir /root/dumps && cp -a /var/backups/zebu/. /root/dumps/ && mount -t tmpfs -o size=40m tmpfs /var/backups/zebu && cp -a /root/dumps/. /var/backups/zebu/ && rm -r /root/dumps && head -c 25m /dev/zero > /var/backups/zebu/filler"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell("umount /var/backups/zebu")
