"""/docs is closed, and /openapi.json is open."""

from lab.changes import edit_proxy, restore_proxy
from lab.deployment import Lab

flips: set[str] = {"deploy.backend.docs"}
touches: set[str] = {"proxy-api"}
settings: tuple[tuple[str, str], ...] = (('docs = "public"', 'docs = "hidden"'),)


def inject(lab: Lab) -> None:
    edit_proxy(
        lab,
        "tls",
        r"s#location / { proxy_pass http://10.77.0.10:8000; }#location ~ ^/(docs|redoc) { return 404; } location / { proxy_pass http://10.77.0.10:8000; }#",
    )


def mend(lab: Lab) -> None:
    restore_proxy(lab, "tls")
