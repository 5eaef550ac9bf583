"""One name of three sends none."""

from lab.changes import edit_proxy, restore_proxy
from lab.deployment import Lab

flips: set[str] = {"pre.security.https.hsts"}
touches: set[str] = {"proxy-api", "proxy-hsts"}


def inject(lab: Lab) -> None:
    edit_proxy(lab, "tls", "/server_name api.zebu.test/,/}/s/^  add_header Strict.*//")


def mend(lab: Lab) -> None:
    restore_proxy(lab, "tls")
