"""Odd but right: the name of the API is an alias of the site."""

from lab.deployment import Lab

flips: set[str] = set()
touches: set[str] = {"dns"}
right_for = {"deploy.network.api-subdomain", "deploy.network.domain", "deploy.backend.api"}


def inject(lab: Lab) -> None:
    for name in ("ns1", "ns2"):
        lab.daemons.zone(name, lambda text: text.replace("api  A   10.99.0.80", "api  CNAME @"))


def mend(lab: Lab) -> None:
    for name in ("ns1", "ns2"):
        lab.daemons.zone(name, lambda text: text)
