"""The proxy answers 200 with a page of its own."""

from lab.changes import edit_proxy, restore_proxy
from lab.deployment import Lab

flips: set[str] = {
    "pre.infrastructure.reverse-proxy",
    "pre.application.environment.api-base-url",
    "deploy.frontend.console-clean",
    "deploy.frontend.https",
    "deploy.frontend.assets",
    "deploy.frontend.mobile",
    "deploy.network.no-mixed-content",
    "deploy.performance.page-load",
    "deploy.initial.health-site",
}
outcomes: dict[str, str] = {"pre.application.environment.api-base-url": "not_assessed"}
touches: set[str] = {"proxy-site"}


def inject(lab: Lab) -> None:
    edit_proxy(
        lab, "tls", "0,/server_name zebu.test;/s|server_name zebu.test;|server_name zebu.test; return 200 default;|"
    )


def mend(lab: Lab) -> None:
    restore_proxy(lab, "tls")
