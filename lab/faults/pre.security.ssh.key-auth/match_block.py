"""A Match block takes the key away from one user."""

from lab.deployment import Lab

flips: set[str] = {"pre.security.ssh.key-auth"}
touches: set[str] = {"sshd"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "printf 'Match User observer\\n  PubkeyAuthentication no\\n' > /etc/ssh/sshd_config.d/90-fault.conf; systemctl reload ssh; sleep 1.2"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell("rm /etc/ssh/sshd_config.d/90-fault.conf; systemctl reload ssh; sleep 1.2")
