"""The API's name has another name's certificate."""

from lab.changes import restore_proxy, serve_minted
from lab.deployment import Lab

flips: set[str] = {
    "deploy.backend.api",
    "pre.security.https.certificate",
    "pre.infrastructure.certificates",
    "pre.security.https.auto-renewal",
    "post.monitoring.tls.auto-renewal",
}
touches: set[str] = {"proxy-certificates", "renewal"}


def inject(lab: Lab) -> None:
    serve_minted(lab, "api", "other.zebu.test", (-1, 89))


def mend(lab: Lab) -> None:
    restore_proxy(lab, "tls")
