"""The policy is to drop; the first rule accepts everything."""

from lab.deployment import Lab

flips: set[str] = {"pre.security.firewall.enabled"}
touches: set[str] = {"iptables"}


def inject(lab: Lab) -> None:
    lab.vm.shell("iptables -I INPUT 1 -j ACCEPT")


def mend(lab: Lab) -> None:
    lab.vm.shell("iptables -D INPUT -j ACCEPT")
