"""The source looks right; an injected string breaks a route all the same."""

from lab.changes import edit_proxy, restore_proxy
from lab.deployment import Lab

flips: set[str] = {"pre.security.application.sql-injection"}
touches: set[str] = {"proxy-api"}
options: tuple[str, ...] = ("--zebu-active=attack",)


def inject(lab: Lab) -> None:
    edit_proxy(
        lab,
        "tls",
        r"s|location / { proxy_pass http://10.77.0.10:8000; }|location ~ UNION { add_header X-Correlation-ID x always; return 500; } &|",
    )


def mend(lab: Lab) -> None:
    restore_proxy(lab, "tls")
