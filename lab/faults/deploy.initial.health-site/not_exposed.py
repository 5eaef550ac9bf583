"""Odd but right: the site's health is not meant to be asked."""

flips: set[str] = {"deploy.initial.health-site"}
outcomes: dict[str, str] = {"deploy.initial.health-site": "not_applicable"}
settings: tuple[tuple[str, str], ...] = (("[application]\n", "[application]\nhealth_exposed = false\n"),)
