"""An exception for one network."""

from lab.deployment import Lab

flips: set[str] = {"pre.security.ssh.root-restricted"}
touches: set[str] = {"sshd"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "printf 'Match Address 192.0.2.0/24\\n  PermitRootLogin yes\\n' > /etc/ssh/sshd_config.d/98-root.conf; systemctl reload ssh"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell("rm /etc/ssh/sshd_config.d/98-root.conf; systemctl reload ssh")
