"""Odd but right: the dumps are on a small disk of their own, with room."""

from lab.deployment import Lab

flips: set[str] = set()
touches: set[str] = {"dumps"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "mkdir /root/dumps && cp -a /var/backups/zebu/. /root/dumps/ && mount -t tmpfs -o size=64m,mode=0700 tmpfs /var/backups/zebu && cp -a /root/dumps/. /var/backups/zebu/ && rm -r /root/dumps"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell("umount /var/backups/zebu")
