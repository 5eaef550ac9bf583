"""Whatever was asked for over http, the redirect leads to the first page."""

from lab.changes import edit_proxy, restore_proxy
from lab.deployment import Lab

flips: set[str] = {"deploy.network.https-redirect"}
touches: set[str] = {"proxy-http"}


def inject(lab: Lab) -> None:
    edit_proxy(lab, "http", "s|return 301 .*|return 301 https://$host/; }|")


def mend(lab: Lab) -> None:
    restore_proxy(lab, "http")
