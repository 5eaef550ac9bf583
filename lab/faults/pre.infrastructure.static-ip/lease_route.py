"""The default route came by DHCP."""

from lab.deployment import Lab

flips: set[str] = {"pre.infrastructure.static-ip"}
touches: set[str] = {"route"}


def inject(lab: Lab) -> None:
    lab.vm.shell("ip route replace default via 10.77.0.1 dev eth0 proto dhcp")


def mend(lab: Lab) -> None:
    lab.vm.shell("ip route replace default via 10.77.0.1 dev eth0 proto boot")
