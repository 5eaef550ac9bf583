"""Faults of deploy.backend."""

from lab.changes import before_api, edit_backend, edit_proxy, restore_backend, restore_proxy, serve_minted
from lab.deployment import Lab
from lab.fault import fault
from pytest_zebu.verdict.outcome import Outcome


@fault(
    "deploy.backend.api",
    flips={
        "deploy.backend.api",
        "pre.security.https.certificate",
        "pre.infrastructure.certificates",
        "pre.security.https.auto-renewal",
        "post.monitoring.tls.auto-renewal",
    },
    touches={"proxy-certificates", "renewal"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def wrong_name(lab: Lab) -> None:
    """The API's name has another name's certificate."""
    serve_minted(lab, "api", "other.zebu.test", (-1, 89))


@fault(
    "deploy.backend.authentication",
    flips={
        "deploy.backend.authentication",
        "deploy.performance.api",
        "pre.application.functionality.authentication",
    },
    outcomes={"deploy.performance.api": Outcome.NOT_ASSESSED},
    touches={"backend-files"},
    mend=lambda lab: restore_backend(lab, "errors.py"),
)
def forbidden(lab: Lab) -> None:
    """Strangers are turned away with 403: clients do not know that they may log in."""
    edit_backend(lab, "errors.py", "s/Refused(401/Refused(403/")


@fault(
    "deploy.backend.cors-headers",
    flips={"deploy.backend.cors-headers"},
    touches={"proxy-api", "proxy-hsts"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def doubled(lab: Lab) -> None:
    """The proxy adds the header for the site once more: browsers refuse two values."""
    edit_proxy(
        lab,
        "tls",
        r"1s|^|map $http_origin $once_more { https://zebu.test https://zebu.test; }\n|",
        r"/server_name api/,/}/ s|^  add_header Strict.*|&\n  add_header Access-Control-Allow-Origin $once_more always;|",
    )


@fault(
    "deploy.backend.cors-headers",
    flips={"deploy.backend.cors-headers", "pre.application.environment.cors-complete"},
    touches={"proxy-api"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def taken_away(lab: Lab) -> None:
    """The proxy takes the header away."""
    edit_proxy(
        lab,
        "tls",
        r"s|location / { proxy_pass http://10.77.0.10:8000; }|location / { proxy_pass http://10.77.0.10:8000; proxy_hide_header Access-Control-Allow-Origin; }|",
    )


@fault(
    "deploy.backend.docs",
    flips=set(),
    touches={"proxy-api"},
    settings=(('docs = "public"', 'docs = "hidden"'),),
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def hidden(lab: Lab) -> None:
    """Odd but right: the description is meant to be hidden, and is."""
    before_api(lab, "location ~ ^/(docs|redoc|openapi.json) { return 404; }")


@fault(
    "deploy.backend.docs",
    flips={"deploy.backend.docs"},
    touches={"proxy-api"},
    settings=(('docs = "public"', 'docs = "hidden"'),),
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def one_left_open(lab: Lab) -> None:
    """/docs is closed, and /openapi.json is open."""
    before_api(lab, "location ~ ^/(docs|redoc) { return 404; }")


@fault(
    "deploy.backend.docs",
    flips={"deploy.backend.docs"},
    settings=(('docs = "public"', 'docs = "hidden"'),),
)
def open(lab: Lab) -> None:
    """The description is meant to be hidden, and is not."""
