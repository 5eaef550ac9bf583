"""One authoritative server still has the old address."""

from lab.deployment import Lab

flips: set[str] = {"pre.infrastructure.dns-records"}
touches: set[str] = {"dns"}


def inject(lab: Lab) -> None:
    lab.daemons.zone("ns2", lambda text: text.replace("@    A   10.99.0.80", "@    A   10.99.0.81"))


def mend(lab: Lab) -> None:
    lab.daemons.zone("ns2", lambda text: text)
