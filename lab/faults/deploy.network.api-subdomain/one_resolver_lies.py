"""One resolver has another address of the API's name."""

from lab.deployment import Lab

flips: set[str] = {"deploy.network.api-subdomain", "pre.infrastructure.dns-records"}
touches: set[str] = {"dns"}


def inject(lab: Lab) -> None:
    lab.daemons.lying_resolver("api.zebu.test")


def mend(lab: Lab) -> None:
    lab.daemons.lying_resolver("")
