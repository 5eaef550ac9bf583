"""There is room on the disk, and no inodes are left."""

from lab.deployment import Lab

flips: set[str] = {"deploy.performance.disk"}
touches: set[str] = {"dumps"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "mkdir /root/dumps && cp -a /var/backups/zebu/. /root/dumps/ && mount -t tmpfs -o size=64m,nr_inodes=60 tmpfs /var/backups/zebu && cp -a /root/dumps/. /var/backups/zebu/ && rm -r /root/dumps && cd /var/backups/zebu && for n in $(seq 40); do : > filler-$n; done"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell("umount /var/backups/zebu")
