"""Odd but right: the proxy speaks HTTP/1.1 only on the way to the API."""

from lab.changes import edit_proxy, restore_proxy
from lab.deployment import Lab

flips: set[str] = {"pre.security.https.http2"}
touches: set[str] = {"proxy-api", "http2"}
right_for = {"deploy.performance.api", "deploy.backend.api", "deploy.frontend.https"}


def inject(lab: Lab) -> None:
    edit_proxy(
        lab, "tls", "s|listen 443 ssl http2;|listen 443 ssl;|; s|listen \\[::\\]:443 ssl http2;|listen [::]:443 ssl;|"
    )


def mend(lab: Lab) -> None:
    restore_proxy(lab, "tls")
