"""A temporary redirect."""

from lab.changes import edit_proxy, restore_proxy
from lab.deployment import Lab

flips: set[str] = {"pre.security.https.force-ssl", "deploy.network.https-redirect"}
touches: set[str] = {"proxy-http"}


def inject(lab: Lab) -> None:
    edit_proxy(lab, "http", "s/return 301 https/return 302 https/")


def mend(lab: Lab) -> None:
    restore_proxy(lab, "http")
