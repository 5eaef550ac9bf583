"""Odd but right: the description is meant to be hidden, and is."""

from lab.changes import edit_proxy, restore_proxy
from lab.deployment import Lab

flips: set[str] = set()
touches: set[str] = {"proxy-api"}
settings: tuple[tuple[str, str], ...] = (('docs = "public"', 'docs = "hidden"'),)


def inject(lab: Lab) -> None:
    edit_proxy(
        lab,
        "tls",
        r"s#location / { proxy_pass http://10.77.0.10:8000; }#location ~ ^/(docs|redoc|openapi.json) { return 404; } location / { proxy_pass http://10.77.0.10:8000; }#",
    )


def mend(lab: Lab) -> None:
    restore_proxy(lab, "tls")
