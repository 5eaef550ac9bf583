"""Odd but right: a user has a password, and a good one."""

from lab.deployment import Lab

flips: set[str] = set()
touches: set[str] = {"shadow"}


def inject(lab: Lab) -> None:
    lab.vm.shell("cp -p /etc/shadow /root/shadow.kept; echo observer:Rk7-vLq2-xW9d | chpasswd")


def mend(lab: Lab) -> None:
    lab.vm.shell("cp -p /root/shadow.kept /etc/shadow; rm /root/shadow.kept")
