"""The proxy takes the header away."""

from lab.changes import edit_proxy, restore_proxy
from lab.deployment import Lab

flips: set[str] = {"deploy.backend.cors-headers", "pre.application.environment.cors-complete"}
touches: set[str] = {"proxy-api"}


def inject(lab: Lab) -> None:
    edit_proxy(
        lab,
        "tls",
        r"s|location / { proxy_pass http://10.77.0.10:8000; }|location / { proxy_pass http://10.77.0.10:8000; proxy_hide_header Access-Control-Allow-Origin; }|",
    )


def mend(lab: Lab) -> None:
    restore_proxy(lab, "tls")
