"""The job stopped two days ago; what it made before is all there."""

from lab.deployment import Lab

flips: set[str] = {"post.recovery.backups.daily"}
touches: set[str] = {"dumps"}


def inject(lab: Lab) -> None:
    lab.vm.shell("cd /var/backups/zebu; mkdir /root/dumps; mv $(ls -t zebu-*.dump | head -n 2) /root/dumps/")


def mend(lab: Lab) -> None:
    lab.vm.shell("mv /root/dumps/* /var/backups/zebu/; rmdir /root/dumps")
