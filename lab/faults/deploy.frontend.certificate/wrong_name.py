"""The site has another name's certificate; the API has its own."""

from lab.changes import restore_proxy, serve_minted
from lab.deployment import Lab

flips: set[str] = {
    "deploy.frontend.certificate",
    "deploy.network.www",
    "deploy.frontend.console-clean",
    "deploy.frontend.assets",
    "deploy.frontend.mobile",
    "deploy.network.no-mixed-content",
    "deploy.performance.page-load",
    "pre.security.https.certificate",
    "pre.infrastructure.certificates",
    "pre.security.https.auto-renewal",
    "post.monitoring.tls.auto-renewal",
}
touches: set[str] = {"proxy-certificates", "renewal"}


def inject(lab: Lab) -> None:
    serve_minted(lab, "zebu", "other.zebu.test", (-1, 89))


def mend(lab: Lab) -> None:
    restore_proxy(lab, "tls")
