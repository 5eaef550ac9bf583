"""A forgotten AAAA record leads elsewhere."""

from lab.deployment import Lab

flips: set[str] = {"pre.infrastructure.dns-records", "deploy.network.api-subdomain"}
touches: set[str] = {"dns"}


def inject(lab: Lab) -> None:
    for name in ("ns1", "ns2"):
        lab.daemons.zone(name, lambda text: text + "api AAAA fd00:99::99\n")


def mend(lab: Lab) -> None:
    for name in ("ns1", "ns2"):
        lab.daemons.zone(name, lambda text: text)
