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
        "deploy.database.reachable",
        "deploy.performance.api",
        "pre.application.functionality.authentication",
    },
    outcomes={
        "deploy.database.reachable": Outcome.NOT_ASSESSED,
        "deploy.performance.api": Outcome.NOT_ASSESSED,
    },
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


OURS = r"1s|^|map $http_origin $page { ~^https://(www[.])?zebu[.]test$ $http_origin; }\n|"
"""For the proxy's file: the origin, where it is one of ours."""


def answer_preflights(lab: Lab, methods: str, headers: str) -> None:
    """Let the proxy answer the preflights of our pages itself."""
    words = {"Origin": "$page", "Credentials": "true", "Methods": f'"{methods}"', "Headers": f'"{headers}"'}
    lines = " ".join(f"add_header Access-Control-Allow-{name} {value};" for name, value in words.items())
    location = r"location / { proxy_pass http://10.77.0.10:8000; }"
    edit_proxy(
        lab,
        "tls",
        OURS,
        f"s#{location}#location / {{ if ($request_method = OPTIONS) {{ {lines} return 204; }} proxy_pass http://10.77.0.10:8000; }}#",
    )


@fault(
    "deploy.backend.cors-headers",
    flips={"deploy.backend.cors-headers"},
    touches={"proxy-api"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def preflights_of_another(lab: Lab) -> None:
    """The proxy answers preflights itself, as a recipe says, and does not know that pages delete."""
    answer_preflights(lab, "GET, POST, OPTIONS", "DNT,User-Agent,Authorization,Content-Type")


@fault(
    "deploy.backend.cors-headers",
    flips=set(),
    touches={"proxy-api"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def preflights_by_the_proxy(lab: Lab) -> None:
    """Odd but right: the proxy answers preflights itself, without a body, and allows what pages send in other letters."""
    answer_preflights(lab, "GET,POST,DELETE", "Authorization, Content-Type, X-Requested-With")


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
    flips={"deploy.backend.docs"},
    touches={"proxy-api"},
    settings=(('docs = "public"', 'docs = "hidden"'),),
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def elsewhere(lab: Lab) -> None:
    """The usual places are closed, and the description stands below what the routes begin with."""
    before_api(
        lab,
        "location = /api/v1/openapi.json { rewrite ^ /openapi.json break; proxy_pass http://10.77.0.10:8000; } location ~ ^/(docs|redoc|openapi.json) { return 404; }",
    )


@fault(
    "deploy.backend.docs",
    flips=set(),
    touches={"proxy-api"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def one_page_of_two(lab: Lab) -> None:
    """Odd but right: the description is meant to be public, and is; one of its two pages is off."""
    before_api(lab, "location = /docs { return 404; }")


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
