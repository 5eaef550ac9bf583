"""One name serves its certificate without the chain, which browsers paper over."""

from lab.changes import edit_proxy, restore_proxy
from lab.deployment import Lab

flips: set[str] = {"pre.security.https.certificate", "pre.infrastructure.certificates", "deploy.backend.api"}
touches: set[str] = {"proxy-certificates"}


def inject(lab: Lab) -> None:
    edit_proxy(lab, "tls", "/server_name api/,$ s/fullchain.pem/cert.pem/")


def mend(lab: Lab) -> None:
    restore_proxy(lab, "tls")
