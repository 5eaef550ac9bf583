"""A Match block lets one user in by password."""

from lab.deployment import Lab

flips: set[str] = {"pre.security.ssh.no-passwords"}
touches: set[str] = {"sshd"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "printf 'Match User observer\\n  PasswordAuthentication yes\\n' > /etc/ssh/sshd_config.d/99-match.conf; systemctl reload ssh"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell("rm /etc/ssh/sshd_config.d/99-match.conf; systemctl reload ssh")
