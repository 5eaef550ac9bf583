"""The jail reads a log that nobody writes."""

from lab.deployment import Lab

flips: set[str] = {"pre.security.ssh.brute-force"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "touch -d yesterday /var/log/old.log; fail2ban-client set sshd addlogpath /var/log/old.log tail; fail2ban-client set sshd dellogpath /var/log/auth.log"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell(
        "fail2ban-client set sshd addlogpath /var/log/auth.log tail; fail2ban-client set sshd dellogpath /var/log/old.log; rm /var/log/old.log"
    )
