"""fail2ban runs without its sshd jail."""

from lab.deployment import Lab

flips: set[str] = {"pre.security.ssh.brute-force"}


def inject(lab: Lab) -> None:
    lab.vm.shell("fail2ban-client stop sshd")


def mend(lab: Lab) -> None:
    lab.vm.shell(
        "fail2ban-client reload; for n in $(seq 50); do fail2ban-client status sshd >/dev/null 2>&1 && break; sleep 0.1; done"
    )
