"""The checkout is of another repository."""

from lab.deployment import Lab

flips: set[str] = {"deploy.initial.git-deployed"}
touches: set[str] = {"git"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "runuser -u deploy -- git -C /opt/zebu remote set-url origin https://forge.zebu.test/somebody/fork.git"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell("runuser -u deploy -- git -C /opt/zebu remote set-url origin https://forge.zebu.test/zebu/zebu.git")
