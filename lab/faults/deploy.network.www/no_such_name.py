"""Odd but right: there is no www name, and no page of that name may call."""

from lab.changes import recreate
from lab.deployment import Lab

flips: set[str] = {"deploy.network.www"}
outcomes: dict[str, str] = {"deploy.network.www": "not_applicable"}
touches: set[str] = {"backend", "domains"}
settings: tuple[tuple[str, str], ...] = (('www = "www.zebu.test"\n', ""),)


def inject(lab: Lab) -> None:
    recreate(lab, "backend", '    environment: { CORS_ORIGINS: "https://zebu.test" }\n')


def mend(lab: Lab) -> None:
    recreate(lab, "backend")
