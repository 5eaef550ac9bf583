"""The clone has no history to search."""

from lab.deployment import Lab

flips: set[str] = {"pre.security.secrets.not-committed"}
outcomes: dict[str, str] = {"pre.security.secrets.not-committed": "not_assessed"}
touches: set[str] = {"git"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        'cd /opt/zebu; g() { sudo -u deploy git -c user.name=development -c user.email=development@zebu.test "$@"; }; g rev-parse HEAD | sudo -u deploy tee .git/shallow'
    )


def mend(lab: Lab) -> None:
    lab.vm.shell("rm /opt/zebu/.git/shallow")
