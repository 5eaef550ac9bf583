"""Odd but right: there is no www name, and no page of that name may call."""

flips: set[str] = {"deploy.network.www"}
right_for = {"deploy.network.www", "deploy.backend.cors-headers"}
outcomes: dict[str, str] = {"deploy.network.www": "not_applicable"}
touches: set[str] = {"domains"}
settings: tuple[tuple[str, str], ...] = (('www = "www.zebu.test"\n', ""),)
override = {"backend": {"environment": {"CORS_ORIGINS": "https://zebu.test"}}}
