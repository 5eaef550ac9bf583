"""Only the first page is redirected."""

from lab.changes import edit_proxy, restore_proxy
from lab.deployment import Lab

flips: set[str] = {"pre.security.https.force-ssl", "deploy.network.https-redirect"}
touches: set[str] = {"proxy-http"}


def inject(lab: Lab) -> None:
    edit_proxy(lab, "http", "s#location / { return 301#location / { return 200 ok; } location = / { return 301#")


def mend(lab: Lab) -> None:
    restore_proxy(lab, "http")
