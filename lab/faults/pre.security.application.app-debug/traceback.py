"""The settings are right, and an error answer shows a traceback all the same."""

from lab.changes import edit_proxy, restore_proxy
from lab.deployment import Lab

flips: set[str] = {"pre.security.application.app-debug"}
touches: set[str] = {"proxy-api"}


def inject(lab: Lab) -> None:
    edit_proxy(
        lab,
        "tls",
        "s|location / { proxy_pass http://10.77.0.10:8000; }|location = /api/v1/zebu-readiness-missing { return 500 'Traceback (most recent call last):'; } &|",
    )


def mend(lab: Lab) -> None:
    restore_proxy(lab, "tls")
