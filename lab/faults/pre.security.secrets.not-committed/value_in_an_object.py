"""No .env anywhere; one object has the value of a present secret."""

from lab.deployment import Lab

flips: set[str] = {"pre.security.secrets.not-committed"}
touches: set[str] = {"git"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        'cd /opt/zebu; g() { sudo -u deploy git -c user.name=development -c user.email=development@zebu.test "$@"; }; sed -n s/^SECRET_KEY=//p .env | g hash-object -w --stdin'
    )


def mend(lab: Lab) -> None:
    lab.vm.shell(
        'cd /opt/zebu; g() { sudo -u deploy git -c user.name=development -c user.email=development@zebu.test "$@"; }; g prune --expire=now'
    )
