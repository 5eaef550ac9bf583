"""Root may log in by any method."""

from lab.deployment import Lab

flips: set[str] = {"pre.security.ssh.root-restricted"}
touches: set[str] = {"sshd"}


def inject(lab: Lab) -> None:
    lab.vm.shell("echo PermitRootLogin yes > /etc/ssh/sshd_config.d/01-root.conf; systemctl reload ssh")


def mend(lab: Lab) -> None:
    lab.vm.shell("rm /etc/ssh/sshd_config.d/01-root.conf; systemctl reload ssh")
