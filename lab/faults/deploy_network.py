"""Faults of deploy.network."""

from lab.changes import edit_page, edit_proxy, restore_page, restore_proxy
from lab.deployment import Lab
from lab.fault import fault
from lab.network import PUBLIC_ADDRESS
from pytest_zebu.verdict.outcome import Outcome


def mend_by_another_name(lab: Lab) -> None:
    for name in ("ns1", "ns2"):
        lab.daemons.zone(name, lambda text: text)


@fault(
    "deploy.network.api-subdomain",
    flips=set(),
    right_for={"deploy.network.api-subdomain", "deploy.network.domain", "deploy.backend.api"},
    touches={"dns"},
    mend=mend_by_another_name,
)
def by_another_name(lab: Lab) -> None:
    """Odd but right: the name of the API is an alias of the site."""
    for name in ("ns1", "ns2"):
        lab.daemons.zone(name, lambda text: text.replace("api  A   10.99.0.80", "api  CNAME @"))


@fault(
    "deploy.network.api-subdomain",
    name="one_resolver_lies",
    flips={"deploy.network.api-subdomain", "pre.infrastructure.dns-records"},
    touches={"dns"},
    mend=lambda lab: lab.daemons.lying_resolver(""),
)
def api_subdomain_one_resolver_lies(lab: Lab) -> None:
    """One resolver has another address of the API's name."""
    lab.daemons.lying_resolver("api.zebu.test")


@fault(
    "deploy.network.domain",
    flips=set(),
    right_for={"deploy.network.domain", "pre.infrastructure.dns-records", "pre.security.https.certificate"},
    touches={"domains"},
    settings=((f'addresses = ["{PUBLIC_ADDRESS}"]', 'addresses = ["10.99.0.64/27"]'),),
)
def in_a_declared_network(lab: Lab) -> None:
    """Odd but right: of what stands in front, only the network is declared in which its addresses are."""


@fault(
    "deploy.network.domain",
    name="one_resolver_lies",
    flips={"deploy.network.domain", "pre.infrastructure.dns-records", "deploy.network.api-subdomain"},
    touches={"dns"},
    mend=lambda lab: lab.daemons.lying_resolver(""),
)
def domain_one_resolver_lies(lab: Lab) -> None:
    """One resolver has another address of the site."""
    lab.daemons.lying_resolver("zebu.test")


@fault(
    "deploy.network.https-redirect",
    flips={"deploy.network.https-redirect"},
    touches={"proxy-http"},
    mend=lambda lab: restore_proxy(lab, "http"),
)
def loses_the_way(lab: Lab) -> None:
    """Whatever was asked for over http, the redirect leads to the first page."""
    edit_proxy(lab, "http", "s|return 301 .*|return 301 https://$host/; }|")


@fault(
    "deploy.network.https-redirect",
    flips={"deploy.network.https-redirect"},
    touches={"proxy-www"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def loses_the_way_later(lab: Lab) -> None:
    """Over https, www leads to the first page of the site, whatever was asked for."""
    edit_proxy(lab, "tls", r"s|return 301 https://zebu.test.request_uri;|return 301 https://zebu.test/;|")


@fault(
    "deploy.network.https-redirect",
    flips=set(),
    touches={"proxy-http"},
    mend=lambda lab: restore_proxy(lab, "http"),
)
def permanent_by_method(lab: Lab) -> None:
    """Odd but right: the redirect is 308, which keeps the method."""
    edit_proxy(lab, "http", "s|return 301|return 308|")


@fault(
    "deploy.network.no-mixed-content",
    flips=set(),
    touches={"index", "frontend"},
    mend=restore_page,
)
def link_to_http(lab: Lab) -> None:
    """Odd but right: the page has a link to an address over http, and asks for nothing there."""
    edit_page(lab, "s|</body>|<p>More on <a href=http://example.org/>paper trading</a> elsewhere.</p></body>|")


@fault(
    "deploy.network.no-mixed-content",
    flips={"deploy.network.no-mixed-content", "deploy.frontend.console-clean"},
    touches={"index", "frontend"},
    mend=restore_page,
)
def script_over_http(lab: Lab) -> None:
    """A script is asked for over http."""
    edit_page(lab, "s|</body>|<script src=http://www.zebu.test/assets/main.js></script></body>|")


@fault(
    "deploy.network.www",
    flips=set(),
    touches={"proxy-www"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def for_a_while(lab: Lab) -> None:
    """Odd but right: www leads to the site with 302, as some proxies do by default."""
    edit_proxy(lab, "tls", r"s|return 301 https://zebu.test.request_uri;|return 302 https://zebu.test$request_uri;|")


@fault(
    "deploy.network.www",
    flips={"deploy.network.www"},
    outcomes={"deploy.network.www": Outcome.NOT_APPLICABLE},
    right_for={"deploy.network.www", "deploy.backend.cors-headers"},
    touches={"domains"},
    settings=(('www = "www.zebu.test"\n', ""),),
    override={"backend": {"environment": {"CORS_ORIGINS": "https://zebu.test"}}},
)
def no_such_name(lab: Lab) -> None:
    """Odd but right: there is no www name, and no page of that name may call."""


@fault(
    "deploy.network.www",
    flips={"deploy.network.www"},
    touches={"proxy-www"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def two_addresses(lab: Lab) -> None:
    """Both names answer for themselves."""
    edit_proxy(
        lab,
        "tls",
        r"s|return 301 https://zebu.test.request_uri;|location / { proxy_pass http://10.77.0.10:80; }|",
    )
