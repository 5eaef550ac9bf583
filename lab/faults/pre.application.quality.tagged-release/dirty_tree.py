"""Somebody edited a file on the machine."""

from lab.deployment import Lab

flips: set[str] = {"pre.application.quality.tagged-release", "deploy.initial.git-deployed"}


def inject(lab: Lab) -> None:
    lab.vm.shell("echo hotfix >> /opt/zebu/README.md")


def mend(lab: Lab) -> None:
    lab.vm.shell("runuser -u deploy -- git -C /opt/zebu checkout -q -- README.md")
