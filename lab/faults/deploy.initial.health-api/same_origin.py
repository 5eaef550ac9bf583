"""Odd but right: the API is served under the site."""

flips: set[str] = {
    "pre.application.environment.cors-complete",
    "deploy.backend.cors-headers",
    "deploy.network.api-subdomain",
}
right_for = {
    "deploy.initial.health-api",
    "deploy.backend.api",
    "deploy.backend.authentication",
    "deploy.database.reachable",
    "deploy.performance.api",
}
outcomes: dict[str, str] = {
    "pre.application.environment.cors-complete": "not_applicable",
    "deploy.backend.cors-headers": "not_applicable",
    "deploy.network.api-subdomain": "not_applicable",
}
touches: set[str] = {"domains", "proxy-certificates", "proxy-site", "proxy-api", "deploy.backend.docs"}
# Under the site, the paths of the description belong to the single page: they are hidden.
settings: tuple[tuple[str, str], ...] = (
    ('api = "api.zebu.test"\n', 'api = "same-origin"\n'),
    ('docs = "public"\n', 'docs = "hidden"\n'),
)
