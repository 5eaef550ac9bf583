"""The proxy answers 200 with a page of its own."""

from lab.changes import edit_proxy, restore_proxy
from lab.deployment import Lab

flips: set[str] = {
    "pre.infrastructure.reverse-proxy",
    "pre.application.environment.api-base-url",
    "deploy.frontend.console-clean",
}
outcomes: dict[str, str] = {"pre.application.environment.api-base-url": "not_assessed"}
touches: set[str] = {"proxy"}


def inject(lab: Lab) -> None:
    edit_proxy(
        lab, "tls", "0,/server_name zebu.test;/s|server_name zebu.test;|server_name zebu.test; return 200 default;|"
    )


def mend(lab: Lab) -> None:
    restore_proxy(lab, "tls")
