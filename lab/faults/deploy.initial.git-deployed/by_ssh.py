"""Odd but right: the checkout fetches from the same repository by ssh."""

from lab.deployment import Lab

flips: set[str] = set()
touches: set[str] = {"git"}


def inject(lab: Lab) -> None:
    lab.vm.shell("runuser -u deploy -- git -C /opt/zebu remote set-url origin git@forge.zebu.test:zebu/zebu.git")


def mend(lab: Lab) -> None:
    lab.vm.shell("runuser -u deploy -- git -C /opt/zebu remote set-url origin https://forge.zebu.test/zebu/zebu.git")
