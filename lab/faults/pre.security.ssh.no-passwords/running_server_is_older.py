"""The files are right again, but the running server still has what they said before."""

from lab.deployment import Lab

flips: set[str] = {"pre.security.ssh.no-passwords", "pre.security.ssh.root-restricted"}
outcomes = {"pre.security.ssh.root-restricted": "not_assessed"}
touches: set[str] = {"sshd"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "echo PasswordAuthentication yes > /etc/ssh/sshd_config.d/00-cloud-init.conf; systemctl reload ssh; sleep 2; rm /etc/ssh/sshd_config.d/00-cloud-init.conf; touch /etc/ssh/sshd_config.d/10-hardening.conf"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell("systemctl reload ssh")
