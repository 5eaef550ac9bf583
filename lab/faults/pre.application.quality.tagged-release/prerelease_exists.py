"""Odd but right: a newer pre-release is tagged, and not deployed."""

from lab.deployment import Lab

flips: set[str] = set()


def inject(lab: Lab) -> None:
    lab.vm.shell("runuser -u deploy -- git -C /opt/zebu tag v1.3.0-rc.1 origin/main")


def mend(lab: Lab) -> None:
    lab.vm.shell("runuser -u deploy -- git -C /opt/zebu tag -d v1.3.0-rc.1")
