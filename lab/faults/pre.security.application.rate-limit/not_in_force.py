"""A limit is configured, and only for the health path: a burst is let through."""

from lab.changes import edit_proxy, restore_proxy
from lab.deployment import Lab

flips: set[str] = {"pre.security.application.rate-limit"}
touches: set[str] = {"proxy-api"}
options: tuple[str, ...] = ("--zebu-active=attack",)


def inject(lab: Lab) -> None:
    edit_proxy(
        lab,
        "tls",
        "s/^limit_req zone.*//",
        "/server_name api/,/}/ s|location / |location = /health { limit_req zone=clients burst=200 nodelay; proxy_pass http://10.77.0.10:8000; } location / |",
    )


def mend(lab: Lab) -> None:
    restore_proxy(lab, "tls")
