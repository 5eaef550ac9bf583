"""The proxy asks for a password of its own; whether the application turns strangers away is not seen."""

from lab.changes import edit_proxy, restore_proxy
from lab.deployment import Lab

flips: set[str] = {
    "pre.application.functionality.authentication",
    "pre.application.environment.cors-complete",
    "deploy.backend.authentication",
    "deploy.backend.cors-headers",
    "deploy.database.reachable",
}
outcomes: dict[str, str] = {"deploy.database.reachable": "not_assessed"}
touches: set[str] = {"proxy-api"}


def inject(lab: Lab) -> None:
    edit_proxy(
        lab,
        "tls",
        r"s|location / { proxy_pass http://10.77.0.10:8000; }|location /api/v1/portfolios { add_header WWW-Authenticate 'Bearer' always; return 401; } &|",
    )


def mend(lab: Lab) -> None:
    restore_proxy(lab, "tls")
