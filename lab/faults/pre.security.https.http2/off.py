"""The handshake agrees on HTTP/1.1."""

from lab.changes import edit_proxy, restore_proxy
from lab.deployment import Lab

flips: set[str] = {"pre.security.https.http2"}
touches: set[str] = {"proxy-listen"}


def inject(lab: Lab) -> None:
    edit_proxy(lab, "tls", "s/ ssl http2;/ ssl;/")


def mend(lab: Lab) -> None:
    restore_proxy(lab, "tls")
