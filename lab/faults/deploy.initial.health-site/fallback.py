"""The single page answers /health too: 200, and HTML."""

from lab.changes import edit_proxy, restore_proxy
from lab.deployment import Lab

flips: set[str] = {"deploy.initial.health-site"}
touches: set[str] = {"proxy-site"}


def inject(lab: Lab) -> None:
    edit_proxy(
        lab,
        "tls",
        r"/server_name zebu.test;/,/}/ s|location / { proxy_pass http://10.77.0.10:80; }|location = /health { rewrite ^ / break; proxy_pass http://10.77.0.10:80; } location / { proxy_pass http://10.77.0.10:80; }|",
    )


def mend(lab: Lab) -> None:
    restore_proxy(lab, "tls")
