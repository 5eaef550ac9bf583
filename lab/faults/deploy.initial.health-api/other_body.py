"""200, and another body."""

from lab.changes import edit_proxy, restore_proxy
from lab.deployment import Lab

flips: set[str] = {"deploy.initial.health-api", "deploy.backend.api", "pre.infrastructure.reverse-proxy"}
touches: set[str] = {"proxy-api"}


def inject(lab: Lab) -> None:
    edit_proxy(
        lab,
        "tls",
        r's|location / { proxy_pass http://10.77.0.10:8000; }|location = /health { default_type application/json; return 200 \'{"status":"starting"}\'; } location / { proxy_pass http://10.77.0.10:8000; }|',
    )


def mend(lab: Lab) -> None:
    restore_proxy(lab, "tls")
