"""A drop-in that sorts before the hardening: sshd takes the first value."""

from lab.deployment import Lab

flips: set[str] = {"pre.security.ssh.no-passwords"}
touches: set[str] = {"sshd"}


def inject(lab: Lab) -> None:
    lab.vm.shell("echo PasswordAuthentication yes > /etc/ssh/sshd_config.d/00-cloud-init.conf; systemctl reload ssh")


def mend(lab: Lab) -> None:
    lab.vm.shell("rm /etc/ssh/sshd_config.d/00-cloud-init.conf; systemctl reload ssh")
