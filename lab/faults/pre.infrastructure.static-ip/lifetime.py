"""The address has a lifetime: a client that sets no route protocol got it."""

from lab.deployment import Lab

flips: set[str] = {"pre.infrastructure.static-ip"}
touches: set[str] = {"route"}


def inject(lab: Lab) -> None:
    lab.vm.shell("ip addr change 10.77.0.10/24 dev eth0 valid_lft 36000 preferred_lft 36000")


def mend(lab: Lab) -> None:
    lab.vm.shell("ip addr change 10.77.0.10/24 dev eth0 valid_lft forever preferred_lft forever")
