"""A certificate that is trusted and valid, from another authority than is declared."""

from lab.changes import restore_proxy, serve_minted
from lab.deployment import Lab

flips: set[str] = {
    "pre.infrastructure.certificates",
    "pre.security.https.auto-renewal",
    "post.monitoring.tls.auto-renewal",
}
touches: set[str] = {"proxy-certificates"}


def inject(lab: Lab) -> None:
    serve_minted(lab, "zebu.test;", "zebu.test", (-1, 89))


def mend(lab: Lab) -> None:
    restore_proxy(lab, "tls")
