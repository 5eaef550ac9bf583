"""One resolver has another address of the site."""

from lab.deployment import Lab

flips: set[str] = {"deploy.network.domain", "pre.infrastructure.dns-records", "deploy.network.api-subdomain"}
touches: set[str] = {"dns"}


def inject(lab: Lab) -> None:
    lab.daemons.lying_resolver("zebu.test")


def mend(lab: Lab) -> None:
    lab.daemons.lying_resolver("")
