"""Odd but right: certificates that live for six days, with three of them left."""

from lab.changes import restore_proxy, serve_minted
from lab.deployment import Lab

flips: set[str] = {
    "post.monitoring.tls.auto-renewal",
    "pre.security.https.auto-renewal",
    "pre.infrastructure.certificates",
}
touches: set[str] = {"proxy-certificates"}


def inject(lab: Lab) -> None:
    serve_minted(lab, "zebu.test;", "zebu.test", (-3, 3))


def mend(lab: Lab) -> None:
    restore_proxy(lab, "tls")
