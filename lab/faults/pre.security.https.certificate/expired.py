"""A certificate that ran out yesterday; nothing else is wrong with it."""

from lab.changes import restore_proxy, serve_minted
from lab.deployment import Lab

flips: set[str] = {
    "pre.security.https.certificate",
    "pre.infrastructure.certificates",
    "pre.security.https.auto-renewal",
    "deploy.frontend.certificate",
    "deploy.network.www",
    "post.monitoring.tls.auto-renewal",
    "post.monitoring.tls.expiry",
}
touches: set[str] = {"proxy-certificates"}


def inject(lab: Lab) -> None:
    serve_minted(lab, "www", "www.zebu.test", (-90, -1))


def mend(lab: Lab) -> None:
    restore_proxy(lab, "tls")
