"""fail2ban runs, and would not after a reboot."""

from lab.deployment import Lab

flips: set[str] = {"pre.security.ssh.brute-force"}


def inject(lab: Lab) -> None:
    lab.vm.shell("systemctl disable -q fail2ban")


def mend(lab: Lab) -> None:
    lab.vm.shell("systemctl enable -q fail2ban")
