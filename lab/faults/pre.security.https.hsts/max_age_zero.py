"""The header is there, and tells browsers to forget."""

from lab.changes import edit_proxy, restore_proxy
from lab.deployment import Lab

flips: set[str] = {"pre.security.https.hsts"}
touches: set[str] = {"proxy-api", "proxy-hsts"}


def inject(lab: Lab) -> None:
    edit_proxy(lab, "tls", "s/max-age=63072000/max-age=0/")


def mend(lab: Lab) -> None:
    restore_proxy(lab, "tls")
