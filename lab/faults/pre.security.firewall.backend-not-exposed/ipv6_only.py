"""The rule stands for IPv4 only; over IPv6 the backend answers to the LAN."""

from lab.deployment import Lab

flips: set[str] = {"pre.security.firewall.backend-not-exposed", "pre.security.firewall.required-ports-only"}
touches: set[str] = {"iptables"}


def inject(lab: Lab) -> None:
    lab.vm.shell("ip6tables -I INPUT -p tcp --dport 8000 -j ACCEPT")


def mend(lab: Lab) -> None:
    lab.vm.shell("ip6tables -D INPUT -p tcp --dport 8000 -j ACCEPT")
