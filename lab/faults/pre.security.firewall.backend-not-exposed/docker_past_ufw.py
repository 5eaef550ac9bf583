"""Docker publishes 8000 on every address; nothing in DOCKER-USER stops it, ufw says "deny"."""

from lab.deployment import Lab

flips: set[str] = {"pre.security.firewall.backend-not-exposed", "pre.security.firewall.required-ports-only"}
touches: set[str] = {"iptables"}


def inject(lab: Lab) -> None:
    lab.vm.shell("iptables -F DOCKER-USER")


def mend(lab: Lab) -> None:
    lab.vm.shell("systemctl restart zebu-docker-firewall")
