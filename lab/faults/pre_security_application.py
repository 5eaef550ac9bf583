"""Faults of pre.security.application."""

from lab.changes import before_api, edit_backend, edit_proxy, restore_backend, restore_proxy
from lab.deployment import Lab
from lab.fault import fault


@fault(
    "pre.security.application.app-debug",
    flips={"pre.security.application.app-debug"},
    override={"backend": {"environment": {"APP_DEBUG": "true"}}},
)
def debug_on(lab: Lab) -> None:
    """The container runs with debugging on."""


@fault(
    "pre.security.application.app-debug",
    flips={"pre.security.application.app-debug"},
    touches={"proxy-api"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def traceback(lab: Lab) -> None:
    """The settings are right, and an error answer shows a traceback all the same."""
    before_api(lab, "location = /api/v1/zebu-readiness-missing { return 500 'Traceback (most recent call last):'; }")


@fault(
    "pre.security.application.app-env",
    flips={"pre.security.application.app-env"},
    override={"backend": {"environment": {"APP_ENV": "staging"}}},
)
def not_recreated(lab: Lab) -> None:
    """.env says production; the container was made when it said otherwise."""


@fault(
    "pre.security.application.cors-restricted",
    flips={"pre.security.application.cors-restricted"},
    override={
        "backend": {"environment": {"CORS_ORIGINS": "https://zebu.test,https://www.zebu.test,http://localhost:5173"}}
    },
)
def developers_machine(lab: Lab) -> None:
    """The developer's machine is among the origins."""


@fault(
    "pre.security.application.cors-restricted",
    flips={"pre.security.application.cors-restricted"},
    touches={"proxy-api"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def matches_by_prefix(lab: Lab) -> None:
    """An origin that only begins like the site is allowed."""
    edit_proxy(
        lab,
        "tls",
        "1i map $http_origin $allowed { default ''; ~^https://(www.)?zebu.test $http_origin; }",
        "s|proxy_pass http://10.77.0.10:8000;|proxy_pass http://10.77.0.10:8000; proxy_hide_header Access-Control-Allow-Origin; add_header Access-Control-Allow-Origin $allowed always; add_header Strict-Transport-Security max-age=63072000 always;|",
    )


@fault(
    "pre.security.application.cors-restricted",
    flips={"pre.security.application.cors-restricted"},
    touches={"proxy-api"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def matches_below(lab: Lab) -> None:
    """Whatever name is below the site's is allowed: whoever takes over a forgotten one may call."""
    edit_proxy(
        lab,
        "tls",
        "1i map $http_origin $allowed { default ''; ~^https://([a-z-]+[.])?zebu[.]test$ $http_origin; }",
        "s|proxy_pass http://10.77.0.10:8000;|proxy_pass http://10.77.0.10:8000; proxy_hide_header Access-Control-Allow-Origin; add_header Access-Control-Allow-Origin $allowed always; add_header Strict-Transport-Security max-age=63072000 always;|",
    )


@fault(
    "pre.security.application.cors-restricted",
    flips={"pre.security.application.cors-restricted"},
    touches={"proxy-api"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def matches_by_suffix(lab: Lab) -> None:
    """Any origin that ends like the site is allowed: a stranger can have such a name."""
    edit_proxy(
        lab,
        "tls",
        "1i map $http_origin $allowed { default ''; ~zebu.test$ $http_origin; }",
        "s|proxy_pass http://10.77.0.10:8000;|proxy_pass http://10.77.0.10:8000; proxy_hide_header Access-Control-Allow-Origin; add_header Access-Control-Allow-Origin $allowed always; add_header Strict-Transport-Security max-age=63072000 always;|",
    )


@fault(
    "pre.security.application.cors-restricted",
    flips={"pre.security.application.cors-restricted"},
    touches={"proxy-api"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def reflects_any(lab: Lab) -> None:
    """The proxy reflects whatever origin asks."""
    edit_proxy(
        lab,
        "tls",
        "s|proxy_pass http://10.77.0.10:8000;|proxy_pass http://10.77.0.10:8000; proxy_hide_header Access-Control-Allow-Origin; add_header Access-Control-Allow-Origin $http_origin always; add_header Strict-Transport-Security max-age=63072000 always;|",
    )


@fault(
    "pre.security.application.input-validation",
    name="breaks",
    flips={"pre.security.application.input-validation"},
    touches={"backend-files"},
    probes={"functional"},
    mend=lambda lab: restore_backend(lab, "errors.py"),
)
def input_validation_breaks(lab: Lab) -> None:
    """What is malformed breaks the application."""
    edit_backend(lab, "errors.py", "s/status_code=422/status_code=500/")


@fault(
    "pre.security.application.input-validation",
    flips={"pre.security.application.input-validation"},
    touches={"backend-files"},
    probes={"functional"},
    mend=lambda lab: restore_backend(lab, "errors.py"),
)
def taken_for_good(lab: Lab) -> None:
    """What is malformed is answered with 200, and an error in the text."""
    edit_backend(lab, "errors.py", "s/status_code=422/status_code=200/")


def mend_none(lab: Lab) -> None:
    restore_proxy(lab, "tls")
    lab.write_states(("npm",))


def _no_limits_of_hosts(lab: Lab) -> None:
    lab.change_state(
        "npm",
        lambda state: {**state, "proxy_hosts": [{**host, "advanced_config": ""} for host in state["proxy_hosts"]]},
    )


@fault(
    "pre.security.application.rate-limit",
    flips={"pre.security.application.rate-limit"},
    touches={"proxy-limits", "npm"},
    mend=mend_none,
)
def none(lab: Lab) -> None:
    """Neither the proxy's nginx nor a host of its administration limits requests."""
    edit_proxy(lab, "tls", "/^limit_req/d")
    _no_limits_of_hosts(lab)


@fault(
    "pre.security.application.rate-limit",
    flips={"pre.security.application.rate-limit"},
    touches={"proxy-limits", "npm"},
    mend=mend_none,
)
def only_counted(lab: Lab) -> None:
    """The limit is only tried: nginx counts who exceeds it, and lets everybody pass."""
    edit_proxy(lab, "tls", "s/^limit_req_status.*/&\\nlimit_req_dry_run on;/")
    _no_limits_of_hosts(lab)


@fault(
    "pre.security.application.rate-limit",
    flips={"pre.security.application.rate-limit"},
    touches={"proxy-limits", "npm"},
    mend=mend_none,
)
def wider_than_any_client(lab: Lab) -> None:
    """The limit lets so many requests of one client pass that it is none."""
    edit_proxy(lab, "tls", "s/rate=50r/rate=50000r/")
    _no_limits_of_hosts(lab)


@fault(
    "pre.security.application.rate-limit",
    flips={"pre.security.application.rate-limit"},
    touches={"proxy-limits", "npm"},
    mend=mend_none,
)
def of_known_networks_only(lab: Lab) -> None:
    """What is counted by is empty for a stranger: only who comes from a network that is named is limited."""
    edit_proxy(
        lab,
        "tls",
        "1i geo $named { default 0; 10.0.0.0/8 1; }\\nmap $named $counted { 0 ''; 1 $binary_remote_addr; }",
        # A zone that is there keeps what it counts by.
        "s/^limit_req_zone [^ ]*/limit_req_zone $counted/; s/zone=clients/zone=named/",
    )
    _no_limits_of_hosts(lab)


@fault(
    "pre.security.application.rate-limit",
    flips=set(),
    touches={"proxy-limits", "npm"},
    mend=mend_none,
)
def beside_a_wildcard(lab: Lab) -> None:
    """Odd but right: a server for all other names has no limit; ours, which is named, has."""
    edit_proxy(
        lab,
        "tls",
        "$a server { listen 8444; server_name *.zebu.test; limit_req_dry_run on; return 404; }",
    )
    _no_limits_of_hosts(lab)


@fault(
    "pre.security.application.rate-limit",
    flips={"pre.security.application.rate-limit"},
    touches={"proxy-limits", "npm"},
    mend=mend_none,
)
def of_others_only(lab: Lab) -> None:
    """Only another application's host is limited; in the settings of ours the directive is a comment."""
    edit_proxy(
        lab,
        "tls",
        "s/^limit_req zone.*/# limit_req zone=clients;/",
        "$a server { listen 8444; server_name cloud.zebu.test; limit_req zone=clients; return 404; }",
    )
    lab.change_state(
        "npm",
        lambda state: {
            **state,
            "proxy_hosts": [{**host, "advanced_config": "# limit_req zone=clients;"} for host in state["proxy_hosts"]],
        },
    )


@fault(
    "pre.security.application.rate-limit",
    flips={"pre.security.application.rate-limit"},
    touches={"proxy-api"},
    probes={"attack"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def not_in_force(lab: Lab) -> None:
    """A limit is configured, and only for the health path: a burst is let through."""
    edit_proxy(
        lab,
        "tls",
        "s/^limit_req zone.*//",
        "/server_name api/,/}/ s|location / |location = /health { limit_req zone=clients burst=200 nodelay; proxy_pass http://10.77.0.10:8000; } location / |",
    )


@fault(
    "pre.security.application.sql-injection",
    name="breaks",
    flips={"pre.security.application.sql-injection"},
    touches={"proxy-api"},
    probes={"attack"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def sql_injection_breaks(lab: Lab) -> None:
    """The source looks right; an injected string breaks a route all the same."""
    before_api(lab, "location ~ UNION { add_header X-Correlation-ID x always; return 500; }")


@fault(
    "pre.security.application.sql-injection",
    flips={"pre.security.application.sql-injection"},
    touches={"backend-source"},
    uses={"backend"},
    mend=lambda lab: lab.vm.shell("docker exec -u 0 zebu-backend-1 rm /app/zebu/reports.py"),
)
def built_statement(lab: Lab) -> None:
    """A module of the deployed source puts a value into a statement."""
    source = (
        "def found(session, name):\n    return session.execute(f\"SELECT id FROM portfolios WHERE name = '{name}'\")\n"
    )
    lab.vm.run(
        ["docker", "exec", "-i", "-u", "0", "zebu-backend-1", "sh", "-c", "cat > /app/zebu/reports.py"],
        stdin=source.encode(),
    )


MESSAGES = """class Page[T]:
    def rows(self, session):
        try:
            logger.info(f"Create portfolio {self.name} for {self.user}")
            return session.execute(text("SELECT id FROM portfolios WHERE name = :name"), {"name": self.name})
        except KeyError, ValueError as error:
            raise NotFound(f"Update of {self.name} was set by {self.user}") from error
"""


@fault(
    "pre.security.application.sql-injection",
    flips=set(),
    touches={"backend-source"},
    uses={"backend"},
    mend=lambda lab: lab.vm.shell("docker exec -u 0 zebu-backend-1 rm /app/zebu/messages.py"),
)
def messages(lab: Lab) -> None:
    """Odd but right: syntax of a newer Python, and messages that begin as statements do."""
    lab.vm.run(
        ["docker", "exec", "-i", "-u", "0", "zebu-backend-1", "sh", "-c", "cat > /app/zebu/messages.py"],
        stdin=MESSAGES.encode(),
    )
