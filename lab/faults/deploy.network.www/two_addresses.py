"""Both names answer for themselves."""

from lab.changes import edit_proxy, restore_proxy
from lab.deployment import Lab

flips: set[str] = {"deploy.network.www"}
touches: set[str] = {"proxy-www"}


def inject(lab: Lab) -> None:
    edit_proxy(
        lab,
        "tls",
        r"s|return 301 https://zebu.test.request_uri;|location / { proxy_pass http://10.77.0.10:80; }|",
    )


def mend(lab: Lab) -> None:
    restore_proxy(lab, "tls")
