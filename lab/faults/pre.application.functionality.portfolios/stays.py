"""What is deleted stays."""

from lab.changes import edit_proxy, restore_proxy, sql
from lab.deployment import Lab

flips: set[str] = {"pre.application.functionality.portfolios"}
touches: set[str] = {"proxy-api", "postgres-rows"}
uses: set[str] = {"postgres"}
options: tuple[str, ...] = ("--zebu-active=functional",)


def inject(lab: Lab) -> None:
    edit_proxy(
        lab,
        "tls",
        r"s|location / { proxy_pass http://10.77.0.10:8000; }|location ~ ^/api/v1/portfolios/[^/]+$ { if ($request_method = DELETE) { return 405; } proxy_pass http://10.77.0.10:8000; } &|",
    )


def mend(lab: Lab) -> None:
    restore_proxy(lab, "tls")
    sql(
        lab,
        "DELETE FROM transactions WHERE portfolio_id IN (SELECT id FROM portfolios WHERE name LIKE 'zebu-readiness-%'); DELETE FROM portfolios WHERE name LIKE 'zebu-readiness-%'",
    )
