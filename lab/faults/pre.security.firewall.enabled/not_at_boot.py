"""ufw is active, and would not be after a reboot."""

from lab.deployment import Lab

flips: set[str] = {"pre.security.firewall.enabled"}
touches: set[str] = {"iptables"}


def inject(lab: Lab) -> None:
    lab.vm.shell("systemctl disable -q ufw")


def mend(lab: Lab) -> None:
    lab.vm.shell("systemctl enable -q ufw")
