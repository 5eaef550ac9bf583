"""ufw is enabled at boot, and switched off."""

from lab.deployment import Lab

flips: set[str] = {
    "pre.security.firewall.enabled",
    "pre.security.firewall.backend-not-exposed",
    "pre.security.firewall.required-ports-only",
}
touches: set[str] = {"iptables"}


def inject(lab: Lab) -> None:
    lab.vm.shell("ufw disable")


def mend(lab: Lab) -> None:
    lab.vm.shell("ufw --force enable")
