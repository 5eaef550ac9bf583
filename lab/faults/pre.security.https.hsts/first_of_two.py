"""Two headers: the first, which counts, is worthless."""

from lab.changes import edit_proxy, restore_proxy
from lab.deployment import Lab

flips: set[str] = {"pre.security.https.hsts"}
touches: set[str] = {"proxy-api", "proxy-hsts"}


def inject(lab: Lab) -> None:
    edit_proxy(lab, "tls", "s/^  add_header Strict.*/  add_header Strict-Transport-Security max-age=60 always;\\n&/")


def mend(lab: Lab) -> None:
    restore_proxy(lab, "tls")
