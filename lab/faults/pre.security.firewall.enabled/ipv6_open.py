"""IPv4 is shut, IPv6 is open, and the backend behind it."""

from lab.deployment import Lab

flips: set[str] = {
    "pre.security.firewall.enabled",
    "pre.security.firewall.backend-not-exposed",
    "pre.security.firewall.required-ports-only",
}
touches: set[str] = {"iptables"}


def inject(lab: Lab) -> None:
    lab.vm.shell("ip6tables -P INPUT ACCEPT")


def mend(lab: Lab) -> None:
    lab.vm.shell("ip6tables -P INPUT DROP")
