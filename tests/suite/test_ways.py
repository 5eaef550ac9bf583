"""The healthy machine, seen otherwise from outside: what browsers and resolvers would make of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import pytest
from msgspec.structs import replace

from lab import recordings
from pytest_zebu.facts.answer import Known, Reason, Unknown
from pytest_zebu.facts.dns import Resolution
from pytest_zebu.facts.http import Step
from pytest_zebu.facts.web import Answer, Web
from pytest_zebu.gather.places import PLACES
from pytest_zebu.plugin.judge import Evidence
from pytest_zebu.verdict.outcome import Outcome
from tests_prod.pre_deployment.test_infrastructure import LOOKED_AT

PASSED, FAILED, OPEN = Outcome.PASSED, Outcome.FAILED, Outcome.NOT_ASSESSED
SITE, WWW, API = "https://zebu.test", "https://www.zebu.test", "https://api.zebu.test"
CALLED, STRANGERS = "deploy.backend.cors-headers", "pre.security.application.cors-restricted"
DOCS, PROXY, HTTPS = "deploy.backend.docs", "pre.infrastructure.reverse-proxy", "deploy.frontend.https"
HEALTH_SITE, HEALTH_API = "deploy.initial.health-site", "deploy.initial.health-api"
RECORDS, DOMAIN = "pre.infrastructure.dns-records", "deploy.network.domain"
CERTIFICATE, AUTHORITY = "pre.security.https.certificate", "pre.infrastructure.certificates"
LOST = Unknown(Reason.UNREACHABLE, "nobody answers")


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    return recordings.evidence(recordings.read_healthy(), tmp_path_factory.mktemp("healthy"))


def judged(
    healthy: Evidence, item: str, fact: str, change: Callable[[Any], Any], **domains: Any
) -> tuple[Outcome, str]:
    """What is made of the healthy machine with one fact otherwise, and with other settings of its domains."""
    known = healthy.fact(fact)
    assert isinstance(known, Known)
    settings = healthy.target.settings
    application = domains.pop("application", {})
    settings = settings.model_copy(
        update={
            "domains": settings.domains.model_copy(update=domains),
            "application": settings.application.model_copy(update=application),
        }
    )
    target = healthy.target.model_copy(update={"settings": settings})
    read = {**healthy._read, fact: Known(change(known.value))}
    found = replace(healthy, target=target, _read=read).judge(item)
    return found.outcome, found.reason


def _headers(said: Answer, more: Mapping[str, tuple[str, ...] | None]) -> Answer:
    headers = {**said.headers, **{name.replace("_", "-"): value for name, value in more.items() if value is not None}}
    return replace(
        said, headers={name: value for name, value in headers.items() if more.get(name.replace("-", "_"), value)}
    )


def answering(
    kind: str, origins: tuple[str, ...] = (SITE, WWW), status: int = 0, **headers: Any
) -> Callable[[Web], Web]:
    """The API answers requests, or preflights, of these origins with other headers; `@` stands for the origin."""

    def change(web: Web) -> Web:
        answers: dict[str, Any] = dict(getattr(web, kind))
        for origin in origins:
            more = {
                f"access_control_allow_{name}" if name != "vary" else name: value and tuple(
                    one.replace("@", origin) for one in (value if isinstance(value, tuple) else (value,))
                )
                for name, value in headers.items()
            }  # fmt: skip
            said = answers[origin].value
            answers[origin] = Known(_headers(replace(said, status=status or said.status), more))
        changed: dict[str, Any] = {kind: answers}
        return replace(web, **changed)

    return change


ALL_METHODS = "GET, POST, PUT, DELETE"


@pytest.mark.parametrize(("change", "outcome", "reason"), [
    (answering("simple", origin="@"), PASSED, ""),
    (answering("simple", origin=("@", "@")), FAILED, "is allowed for https://zebu.test, https://zebu.test"),
    (answering("simple", origin="*"), FAILED, "for * with credentials"), (answering("simple", origin="*", credentials=()), PASSED, ""),
    (answering("simple", origin="*", credentials="false"), PASSED, ""),
    (answering("simple", origin="null"), FAILED, "is allowed for null"), (answering("simple", origin=()), FAILED, "is allowed for nobody"),
    (answering("simple", origin="@/"), FAILED, "is allowed for https://zebu.test/"), (answering("simple", origin="HTTPS://ZEBU.TEST"), FAILED, "is allowed for HTTPS"),
    (answering("simple", origin="@:443"), FAILED, "is allowed for https://zebu.test:443"),
    (answering("simple", credentials="True"), FAILED, "with 'True'"), (answering("simple", credentials=("true", "true")), FAILED, "with 'true, true'"),
    (answering("simple", credentials=()), PASSED, ""), (answering("simple", (WWW,), origin=SITE), FAILED, "from https://www.zebu.test: is allowed for https://zebu.test"),
    (answering("simple", status=429), OPEN, "too many requests"), (answering("simple", vary=()), PASSED, ""),
    (answering("preflight", status=204), PASSED, ""), (answering("preflight", status=301), FAILED, "is answered with 301"), (answering("preflight", status=401), FAILED, "is answered with 401"),
    (answering("preflight", methods="GET"), FAILED, "method DELETE"), (answering("preflight", methods=()), FAILED, "method DELETE"), (answering("preflight", methods="delete"), FAILED, "method DELETE"),
    (answering("preflight", methods=("GET", "DELETE")), PASSED, ""), (answering("preflight", methods=ALL_METHODS), PASSED, ""), (answering("preflight", methods="*"), FAILED, "method DELETE"),
    (answering("preflight", methods="*", headers="Authorization, *", credentials=()), PASSED, ""), (answering("preflight", methods="*", headers="*", credentials=()), FAILED, "header authorization"),
    (answering("preflight", headers="Authorization,Content-Type"), PASSED, ""), (answering("preflight", headers=("authorization", "CONTENT-TYPE")), PASSED, ""),
    (answering("preflight", headers="authorization"), FAILED, "header content-type"), (answering("preflight", headers="authorization, *"), FAILED, "header content-type"),
    (answering("preflight", headers="x-authorization, content-type"), FAILED, "header authorization"), (answering("preflight", headers=()), FAILED, "header authorization"),
])  # fmt: skip
def test_whether_pages_may_call(change: Callable[[Web], Web], outcome: Outcome, reason: str, healthy: Evidence) -> None:
    found = judged(healthy, CALLED, "web", change)
    assert found[0] is outcome, found[1]
    assert reason in found[1]


STRANGER = "https://zebu-readiness.example"


@pytest.mark.parametrize(("change", "outcome", "reason"), [
    (answering("simple", (STRANGER,), origin="@"), FAILED, f"request from {STRANGER}: is allowed"), (answering("simple", (STRANGER,), origin="*"), FAILED, "is allowed (*)"),
    (answering("simple", ("null",), origin="null"), FAILED, "request from null"), (answering("simple", ("http://zebu.test",), origin="@"), FAILED, "request from http://zebu.test"),
    (answering("simple", ("https://zebu-readiness.zebu.test",), origin="@"), FAILED, "is allowed"), (answering("simple", ("https://zebu-test",), origin="@"), FAILED, "is allowed"),
    (answering("preflight", (STRANGER,), origin="@"), FAILED, "preflight from"), (answering("simple", (STRANGER,), origin=("@", "@")), FAILED, "is allowed"),
    (answering("simple", (STRANGER,), origin=SITE), PASSED, ""), (answering("preflight", (STRANGER, "null"), origin=SITE), PASSED, ""),
    (answering("simple", (STRANGER,), origin="null"), PASSED, ""), (answering("simple", (STRANGER,), status=429), OPEN, "429"),
])  # fmt: skip
def test_whether_strangers_may_call(
    change: Callable[[Web], Web], outcome: Outcome, reason: str, healthy: Evidence
) -> None:
    """A server that names its production page to everybody allows nobody else."""
    found = judged(healthy, STRANGERS, "web", change)
    assert found[0] is outcome, found[1]
    assert reason in found[1]


def breaking(status: int, preflight: int = 0, location: str = "") -> Callable[[Web], Web]:
    """The API answers every request so, and every preflight as it does, or so."""

    def answered(answers: Mapping[str, Any], code: int) -> dict[str, Any]:
        made = (
            (origin, replace(one.value, status=code or one.value.status, location=location))
            for origin, one in answers.items()
        )
        return {origin: Known(replace(one, headers={})) for origin, one in made}

    return lambda web: replace(
        web,
        simple=answered(web.simple, status),
        preflight=answered(web.preflight, preflight) if preflight else web.preflight,
        refused=answered(web.refused, status),
    )


@pytest.mark.parametrize(("change", "restricted", "called"), [
    # Nobody is told apart where the API is down; where only its work breaks, preflights tell.
    (breaking(502, 502), OPEN, FAILED), (breaking(504, 504), OPEN, FAILED), (breaking(500), PASSED, FAILED), (breaking(500, 500), OPEN, FAILED),
    (breaking(302, 302, "https://login.example/"), OPEN, FAILED), (breaking(503, 503), OPEN, FAILED), (breaking(503), OPEN, FAILED),
])  # fmt: skip
def test_an_api_that_is_down_tells_nobody_apart(
    change: Callable[[Web], Web], restricted: Outcome, called: Outcome, healthy: Evidence
) -> None:
    for item, outcome in ((STRANGERS, restricted), (CALLED, called)):
        found = judged(healthy, item, "web", change)
        assert found[0] is outcome, (item, found[1])


COMPLETE, SIGN_IN = "pre.application.environment.cors-complete", "deploy.backend.authentication"


def counted(status: int, *left: str) -> Callable[[Web], Web]:
    """Who counts requests answers all of these, and lets others pass."""

    def change(web: Web) -> Web:
        changed: dict[str, Any] = {
            group: {name: Known(replace(one.value, status=status, headers={}, body="")) for name, one in getattr(web, group).items()}
            for group in left
        }  # fmt: skip
        return replace(web, **changed)

    return change


@pytest.mark.parametrize("status", [429, 503])
def test_who_counts_requests_says_nothing_of_the_api(status: int, healthy: Evidence) -> None:
    """nginx does so with 503; where it lets nobody pass, the API is out of order."""
    asks = "deploy.database.reachable"
    for item, group in ((COMPLETE, "simple"), (CALLED, "simple"), (SIGN_IN, "refused"), (asks, "refused")):
        assert judged(healthy, item, "web", counted(status, group))[0] is OPEN
    if status == 503:
        for item in (COMPLETE, CALLED, SIGN_IN, asks):
            assert judged(healthy, item, "web", counted(503, "simple", "refused", "preflight"))[0] is FAILED


@pytest.mark.parametrize(("first", "second", "outcome"), [
    ("zebu-readiness", "b", PASSED), ("a", "b", PASSED), ("a", "a", FAILED), ("a", "", OPEN), ("", "b", PASSED),
])  # fmt: skip
def test_a_proxy_may_mark_requests_itself(first: str, second: str, outcome: Outcome, healthy: Evidence) -> None:
    """As with nginx's `$request_id`; an answer that is kept has the mark of before."""

    def change(web: Web) -> Web:
        marked = {}
        for group, mark in (("fronts", first), ("health", second)):
            said = getattr(web, group)["api.zebu.test"].value
            headers = {**said.headers, "x-correlation-id": (mark,) if mark else ()}
            marked[group] = {**getattr(web, group), "api.zebu.test": Known(replace(said, headers=headers))}
        changed: dict[str, Any] = {**marked}
        return replace(web, **changed)

    assert judged(healthy, PROXY, "web", change)[0] is outcome


def saying(body: str, kind: str = "application/json", status: int = 200, **more: Any) -> Known[Answer]:
    return Known(Answer(f"{API}/docs", status, "", {"content-type": (kind,)}, body, "", **more))


JSON, YAML, SHELL = (
    saying('{"openapi":"3.1.0"}'),
    saying("openapi: 3.1.0\n", "text/yaml"),
    saying("<div id='swagger-ui'>", "text/html"),
)
NOT_THERE, DOWN, LIMITED = saying("{}", status=404), saying("", "text/html", 502), saying("", status=429)
CUT, SILENT = saying('{"info":', is_cut=True), saying("", status=0)
LED = Answer(f"{API}/docs", 307, f"{API}/docs/", {}, "", "", way=Known((Step(f"{API}/docs/", 200),)))


@pytest.mark.parametrize(("found", "hidden", "public"), [
    ({"/docs": NOT_THERE}, PASSED, FAILED), ({"/docs": NOT_THERE, "/api/v1/openapi.json": JSON}, FAILED, PASSED), ({"/openapi.yaml": YAML}, FAILED, PASSED),
    ({"/docs": SHELL, "/openapi.json": NOT_THERE}, FAILED, FAILED), ({"/docs": SHELL, "/openapi.json": JSON}, FAILED, PASSED), ({"/docs": SHELL, "/openapi.json": LOST}, FAILED, PASSED),
    ({"/docs": DOWN}, OPEN, OPEN), ({"/docs": LIMITED}, OPEN, OPEN), ({"/docs": SILENT}, OPEN, OPEN), ({"/docs": LOST}, OPEN, OPEN), ({"/openapi.json": CUT}, OPEN, OPEN),
    ({"/docs": saying("", status=401)}, PASSED, FAILED), ({"/docs": saying("<title>openapi: 3.1</title>", "text/html")}, PASSED, FAILED),
    ({"/docs": saying("<script id=api-reference data-url=x>", "text/html"), "/x": saying('{"info":{},"swagger":"2.0"}', "text/plain")}, FAILED, PASSED),
    ({"/docs": Known(replace(LED, end=SHELL.value)), "/openapi.json": JSON}, FAILED, PASSED), ({"/docs": Known(replace(LED, end=NOT_THERE.value))}, PASSED, FAILED),
    ({"/docs": Known(LED)}, OPEN, OPEN), ({"/docs": Known(replace(LED, way=LOST))}, OPEN, OPEN),
])  # fmt: skip
def test_whether_the_description_is_shown(
    found: Mapping[str, Known[Answer] | Unknown], hidden: Outcome, public: Outcome, healthy: Evidence
) -> None:
    """What cannot be told is neither hidden nor shown: a server that is down hides nothing."""
    for intent, outcome in (("hidden", hidden), ("public", public)):
        application = {"docs": intent}
        said = judged(healthy, DOCS, "web", lambda web: replace(web, documentation=found), application=application)
        assert said[0] is outcome, said[1]


def leading(
    group: str, name: str, location: str, end: Answer | None, *steps: str, status: int = 301
) -> Callable[[Web], Web]:
    """A name's answer leads elsewhere, and there is this."""
    way = Known(tuple(Step(url, 200) for url in (*steps, location)))

    def change(web: Web) -> Web:
        said = getattr(web, group)[name].value
        led = replace(said, status=status, location=location, body="", headers={}, way=way, end=end)
        changed: dict[str, Any] = {group: {**getattr(web, group), name: Known(led)}}
        return replace(web, **changed)

    return change


def page(healthy: Evidence, url: str) -> Answer:
    known = healthy.fact("web")
    assert isinstance(known, Known)
    said: Answer = known.value.fronts["zebu.test"].value
    return replace(said, url=url)


def test_a_site_may_lead_to_where_its_page_is(healthy: Evidence) -> None:
    """To its other name, or to a path of its own: what counts is the page at the end, and that it is ours."""
    there = page(healthy, f"{WWW}/")
    for item in (HTTPS, PROXY):
        assert judged(healthy, item, "web", leading("fronts", "zebu.test", f"{WWW}/", there))[0] is PASSED
    ours, other = page(healthy, f"{SITE}/app"), replace(there, sha256="other")
    for end, outcome in ((ours, PASSED), (other, FAILED), (replace(ours, status=502), FAILED), (None, OPEN)):
        for item in (HTTPS, PROXY):
            found = judged(healthy, item, "web", leading("fronts", "zebu.test", f"{SITE}/app", end))
            assert found[0] is outcome, found[1]
    away = judged(healthy, HTTPS, "web", leading("fronts", "zebu.test", "https://elsewhere.test/", there))
    assert away[0] is FAILED
    assert "not declared" in away[1]


def test_an_api_that_leads_elsewhere_is_not_the_backend(healthy: Evidence) -> None:
    web = healthy.fact("web")
    assert isinstance(web, Known)
    well: Answer = web.value.health["api.zebu.test"].value
    rows = [(f"{API}/health/", well, PASSED), (f"{SITE}/health", well, FAILED), (f"{API}/health/", None, OPEN)]
    for location, end, outcome in rows:
        there = end and replace(end, headers={**end.headers, "x-correlation-id": ("zebu-readiness",)})
        for item, group in ((PROXY, "fronts"), (HEALTH_API, "health")):
            found = judged(healthy, item, "web", leading(group, "api.zebu.test", location, there))
            assert found[0] is outcome, found[1]


def test_the_sites_health_may_be_at_its_other_name(healthy: Evidence) -> None:
    well = Answer(f"{WWW}/health", 200, "", {"content-type": ("text/plain",)}, "healthy\n", "")
    for location, end, outcome in (
        (f"{WWW}/health", well, PASSED), (f"{API}/health", well, FAILED), (f"{SITE}/", page(healthy, SITE), FAILED),
    ):  # fmt: skip
        assert judged(healthy, HEALTH_SITE, "web", leading("health", "zebu.test", location, end))[0] is outcome


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_one_name_may_lead_to_the_other_for_a_while_only(status: int, healthy: Evidence) -> None:
    """As some proxies do by default; a page that moves on by itself is an address of its own."""
    led = leading("fronts", "www.zebu.test", f"{SITE}/", None, status=status)
    assert judged(healthy, "deploy.network.www", "web", led)[0] is PASSED


def going(*steps: str) -> Callable[[Any], Any]:
    """Over http, the deep path of the site leads this way."""

    def change(plain: Any) -> Any:
        path, said = next((path, one.value) for path, one in plain["zebu.test"].items() if path != "/")
        urls = [step.replace("@", path) for step in steps]
        led = replace(said, location=urls[0], way=Known(tuple(Step(url, 200) for url in urls)))
        return {**plain, "zebu.test": {**plain["zebu.test"], path: Known(led)}}

    return change


@pytest.mark.parametrize(("steps", "outcome"), [
    ((f"{SITE}@",), PASSED), ((f"{SITE}@", f"{WWW}@"), PASSED), ((f"{SITE}@", f"{WWW}/"), FAILED), ((f"{SITE}@", f"{SITE}/login"), PASSED), ((f"{WWW}@", f"{SITE}@"), PASSED), ((f"{SITE}/",), FAILED),
])  # fmt: skip
def test_the_whole_way_keeps_what_was_asked_for(steps: tuple[str, ...], outcome: Outcome, healthy: Evidence) -> None:
    """From name to name; what a name makes of its own paths is the application's."""
    found = judged(healthy, "deploy.network.https-redirect", "plain_http", going(*steps))
    assert found[0] is outcome, found[1]


def resolving(change: Callable[[Resolution], Resolution], *servers: int) -> Callable[[Any], Any]:
    """Of the site, some servers, counted from the first one, say otherwise: two are authorities, three resolvers."""

    def changed(names: Any) -> Any:
        name = names["zebu.test"].value
        rows = tuple(change(one) if number in servers else one for number, one in enumerate(name.resolutions))
        return {**names, "zebu.test": Known(replace(name, resolutions=rows))}

    return changed


def at(*addresses: str) -> Callable[[Resolution], Resolution]:
    return lambda one: replace(one, answer=Known(addresses))


def refusing(code: str) -> Callable[[Resolution], Resolution]:
    return lambda one: replace(one, answer=LOST, refusal=code)


def unseen(one: Resolution) -> Resolution:
    return replace(one, answer=LOST)


def aside(one: Resolution) -> Resolution:
    return replace(one, is_aside=True)


def out_of_order(one: Resolution) -> Resolution:
    return replace(one, is_out_of_order=True)


def both(*changes: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda names: reduce(lambda found, change: change(found), changes, names)


def all_out_of_order(change: Callable[[Resolution], Resolution]) -> Callable[[Any], Any]:
    return both(resolving(change, 2, 3, 4), resolving(out_of_order, 2, 3, 4))


@pytest.mark.parametrize(("item", "change", "outcome", "reason"), [
    # Whoever denies what surely exists says nothing of a name; whoever tells other names does
    (DOMAIN, all_out_of_order(refusing("SERVFAIL")), OPEN, "this resolver cannot be asked from here"), (RECORDS, all_out_of_order(at()), OPEN, "cannot be asked from here"),
    (DOMAIN, all_out_of_order(at("127.0.0.1")), OPEN, "cannot be asked from here"), (DOMAIN, both(resolving(refusing("SERVFAIL"), 2, 3, 4), resolving(out_of_order, 2)), FAILED, "is resolved by none"),
    (DOMAIN, both(resolving(at(), 2, 3), resolving(out_of_order, 4)), FAILED, "has no address"),
    (RECORDS, resolving(at("192.0.2.1"), 0), FAILED, "is 192.0.2.1"), (RECORDS, resolving(at(), 1), FAILED, "has no address"), (RECORDS, resolving(unseen, 0), OPEN, "nobody answers"),
    (RECORDS, resolving(refusing("REFUSED"), 0), FAILED, "does not serve the zone (REFUSED)"), (RECORDS, resolving(refusing("no address"), 1), FAILED, "does not serve the zone"),
    (RECORDS, resolving(refusing("REFUSED"), 0, 1), OPEN, "none of the authoritative servers"), (RECORDS, resolving(aside, 0, 1), OPEN, "none of the authoritative servers"),
    (RECORDS, resolving(aside, 0), PASSED, ""), (RECORDS, resolving(refusing("SERVFAIL"), 2), OPEN, "nobody answers"), (RECORDS, resolving(refusing("SERVFAIL"), 2, 3, 4), FAILED, "is resolved by none"),
    (RECORDS, resolving(refusing("REFUSED"), 2, 3, 4), OPEN, "nobody answers"), (DOMAIN, resolving(refusing("SERVFAIL"), 2, 3, 4), FAILED, "is resolved by none"),
    (DOMAIN, resolving(at("192.0.2.1"), 0), PASSED, ""), (DOMAIN, resolving(at("192.0.2.1"), 4), FAILED, "is 192.0.2.1"), (DOMAIN, resolving(unseen, 2), OPEN, "nobody answers"),
    # A resolver of a network without IPv4 makes addresses of its own
    (RECORDS, resolving(at("10.99.0.80", "64:ff9b::a63:50"), 4), PASSED, ""), (DOMAIN, resolving(at("64:ff9b::a63:50"), 2), PASSED, ""),
    (DOMAIN, resolving(at("64:ff9b::a63:51"), 2), FAILED, "is 10.99.0.81"), (RECORDS, resolving(at("64:ff9b::a63:50"), 0), FAILED, "is 64:ff9b::a63:50"),
])  # fmt: skip
def test_what_servers_say_of_a_name(
    item: str, change: Callable[[Any], Any], outcome: Outcome, reason: str, healthy: Evidence
) -> None:
    found = judged(healthy, item, "names", change)
    assert found[0] is outcome, found[1]
    assert reason in found[1]


@pytest.mark.parametrize(("change", "outcome", "reason"), [
    (resolving(at(), 2, 3, 4), FAILED, "zebu.test is resolved by none, though they resolve other names"), (resolving(refusing("SERVFAIL"), 2, 3, 4), FAILED, "is resolved by none"),
    (both(resolving(at(), 2, 3, 4), resolving(out_of_order, 4)), FAILED, "is resolved by none"), (all_out_of_order(at()), OPEN, "domains.addresses are not declared"),
    (resolving(at(), 2, 3), OPEN, "domains.addresses are not declared"), (resolving(unseen, 2, 3, 4), OPEN, "domains.addresses are not declared"), (lambda names: names, OPEN, "domains.addresses are not declared"),
])  # fmt: skip
def test_a_name_that_nobody_resolves_is_broken_whatever_is_declared(
    change: Callable[[Any], Any], outcome: Outcome, reason: str, healthy: Evidence
) -> None:
    found = judged(healthy, DOMAIN, "names", change, addresses=())
    assert found[0] is outcome, found[1]
    assert reason in found[1]


def test_what_is_wrong_is_said_though_something_else_is_not_known(healthy: Evidence) -> None:
    for item in (RECORDS, DOMAIN):
        found = judged(
            healthy, item, "names", lambda names: resolving(at("192.0.2.1"), 4)(resolving(unseen, 0, 2)(names))
        )
        assert found[0] is FAILED
        assert "is 192.0.2.1" in found[1]


def everywhere(address: str) -> Callable[[Any], Any]:
    """All names lead to one address, whoever is asked."""

    def changed(names: Any) -> Any:
        return {
            name: Known(replace(one.value, resolutions=tuple(at(address)(row) for row in one.value.resolutions)))
            for name, one in names.items()
        }

    return changed


def test_a_site_of_ipv6_alone_needs_no_other_address(healthy: Evidence) -> None:
    """Where one is declared, whoever has no IPv6 needs it."""
    address = "2001:db8::80"
    only, both = (address,), ("10.99.0.80", address)
    assert judged(healthy, RECORDS, "names", everywhere(address), addresses=only)[0] is PASSED
    found = judged(healthy, RECORDS, "names", everywhere(address), addresses=both)
    assert found[0] is FAILED
    assert "has no A record" in found[1]


@pytest.mark.parametrize(("declared", "outcome"), [
    (("192.0.2.0/24",), PASSED), (("192.0.2.0/25", "198.51.100.1"), PASSED), (("192.0.2.128/25",), FAILED), (("2001:db8::/32",), FAILED),
])  # fmt: skip
def test_a_network_in_front_may_move_its_addresses(
    declared: tuple[str, ...], outcome: Outcome, healthy: Evidence
) -> None:
    for item in (RECORDS, DOMAIN):
        assert judged(healthy, item, "names", everywhere("192.0.2.80"), addresses=declared)[0] is outcome


def test_an_api_under_the_site_may_not_mark_its_answers(healthy: Evidence) -> None:
    """Then its refusal of strangers shows that it is the backend that answers."""

    def bare(refusal: Any) -> Callable[[Web], Web]:
        greeting = Answer(f"{SITE}/api/v1/", 200, "", {"content-type": ("application/json",)}, "{}", "")
        return lambda web: replace(web, root=Known(greeting), refused={**web.refused, "no token": refusal})

    rows = [
        (saying("{}", status=401), PASSED),
        (saying("", "text/html", 401), OPEN),
        (saying("{}"), OPEN),
        (LOST, OPEN),
    ]
    for refusal, outcome in rows:
        assert judged(healthy, HEALTH_API, "web", bare(refusal), api="same-origin")[0] is outcome


def served(**changes: Any) -> Callable[[Any], Any]:
    return lambda known: {name: Known(replace(one.value, **changes)) for name, one in known.items()}


NO_ISSUER = "unable to get local issuer certificate"


@pytest.mark.parametrize(("organization", "trouble", "outcome"), [
    ("CloudFlare, Inc.", NO_ISSUER, OPEN), ("Nobody, Inc.", NO_ISSUER, FAILED), ("CloudFlare, Inc.", "certificate has expired", FAILED), ("CloudFlare, Inc.", "", PASSED),
])  # fmt: skip
def test_an_origins_certificate_may_be_for_the_network_in_front_only(
    organization: str, trouble: str, outcome: Outcome, healthy: Evidence
) -> None:
    """What only that network accepts cannot be told by us; of what users see, browsers decide."""
    known = healthy.fact("certificates")
    assert isinstance(known, Known)
    change = served(issuer_organization=organization, trust_error=trouble)
    tls = healthy.target.settings.tls.model_copy(update={"issuer": "CloudFlare"})
    target = healthy.target.model_copy(update={"settings": healthy.target.settings.model_copy(update={"tls": tls})})
    at_origin = replace(
        healthy, target=target, _read={**healthy._read, "origin_certificates": Known(change(known.value))}
    )
    settings = {"origin": "10.77.0.20"}
    assert judged(at_origin, CERTIFICATE, "certificates", lambda same: same, **settings)[0] is outcome
    from_it = judged(at_origin, AUTHORITY, "certificates", lambda same: same, **settings)[0]
    assert from_it is (outcome if organization.startswith("CloudFlare") else FAILED)
    assert judged(healthy, CERTIFICATE, "certificates", change)[0] is (FAILED if trouble else PASSED)


def test_a_redirect_that_is_counted_is_none_that_lacks(healthy: Evidence) -> None:
    """Too many requests say nothing of where http leads, nor of health."""

    def busy(plain: Any) -> Any:
        return {
            name: {path: Known(replace(one.value, status=429, location="")) for path, one in answers.items()}
            for name, answers in plain.items()
        }

    for item in ("pre.security.https.force-ssl", "deploy.network.https-redirect"):
        assert judged(healthy, item, "plain_http", busy)[0] is OPEN
    for item, name in ((HEALTH_SITE, "zebu.test"), (HEALTH_API, "api.zebu.test")):
        found = judged(healthy, item, "web", _busy_health(name))
        assert found[0] is OPEN, found[1]


def _busy_health(name: str) -> Callable[[Web], Web]:
    limit = Known(Answer(f"https://{name}/health", 429, "", {"content-type": ("text/html",)}, "", ""))
    return lambda web: replace(web, health={**web.health, name: limit})


@pytest.mark.parametrize(("status", "outcome"), [(500, PASSED), (404, PASSED), (429, OPEN), (502, OPEN), (504, OPEN)])
def test_a_proxys_own_error_shows_no_debugging(status: int, outcome: Outcome, healthy: Evidence) -> None:
    """Where the application is not reached, it is not seen how it answers."""
    found = judged(healthy, "pre.security.application.app-debug", "web", counted(status, "refused"))
    assert found[0] is outcome, found[1]


def _undeclared(healthy: Evidence, **read: Known[Any] | Unknown) -> Evidence:
    """The same, where nobody declared the addresses: they were read from DNS for this run."""
    settings = healthy.target.settings.model_copy(update={"seen": frozenset({"domains.addresses"})})
    target = healthy.target.model_copy(update={"settings": settings})
    return replace(healthy, target=target, _read={**healthy._read, **read})


def _seen_of(web: Web, name: str, answer: Known[Answer] | Unknown) -> dict[str, Any]:
    return {"web": Known(replace(web, fronts={**web.fronts, name: answer}))}


API_NAME = "deploy.network.api-subdomain"


@pytest.mark.parametrize("item", [RECORDS, DOMAIN, API_NAME])
def test_addresses_that_dns_told_are_not_proven_by_dns(item: str, healthy: Evidence) -> None:
    """What was read from DNS agrees with it always: only what answers at each address shows that names lead here."""
    web = healthy.fact("web")
    assert isinstance(web, Known)
    name = "api.zebu.test" if item == API_NAME else "zebu.test"
    other = Known(
        replace(web.value.fronts[name].value, sha256="0" * 64, body="{}", headers={"content-type": ("text/html",)})
    )
    assert _undeclared(healthy).judge(item).outcome is PASSED
    for read in (
        {"web": LOST},
        _seen_of(web.value, name, other),
        _seen_of(web.value, name, LOST),
        _seen_of(web.value, name, Known(replace(web.value.fronts[name].value, status=0, trouble="ConnectTimeout"))),
        {"web": Known(replace(web.value, fronts={}))},
    ):
        found = _undeclared(healthy, **read).judge(item)
        assert found.outcome is OPEN, read
        assert "domains.addresses is not declared" in found.reason
        # Whoever declared them is not asked for another witness.
        assert replace(healthy, _read={**healthy._read, **read}).judge(item).outcome is PASSED
    if item != API_NAME:
        assert _undeclared(healthy, own_page=LOST).judge(item).outcome is OPEN


def test_a_server_that_differs_from_most_is_no_fault_where_nobody_declared(healthy: Evidence) -> None:
    names = healthy.fact("names")
    assert isinstance(names, Known)
    found = _undeclared(healthy, names=Known(resolving(at("192.0.2.1"), 4)(names.value))).judge(DOMAIN)
    assert found.outcome is OPEN
    assert "unlike what most servers say" in found.reason


def _found(healthy: Evidence, *keys: str, **domains: Any) -> Evidence:
    """The same, where nobody declared some keys: they were found for this run."""
    settings = healthy.target.settings
    update = {"seen": frozenset(keys), "domains": settings.domains.model_copy(update=domains)}
    return replace(healthy, target=healthy.target.model_copy(update={"settings": settings.model_copy(update=update)}))


@pytest.mark.parametrize("item", [RECORDS, DOMAIN, API_NAME])
def test_what_only_our_own_resolvers_say_is_not_what_the_internet_is_told(item: str, healthy: Evidence) -> None:
    """Neither that a name leads here, nor that it leads nowhere: a router may have names of its own."""
    names = healthy.fact("names")
    assert isinstance(names, Known)
    for addresses in (healthy.target.settings.domains.addresses, ()):
        known = _found(healthy, "domains.addresses", "domains.resolvers", addresses=addresses)
        for said in (names.value, resolving(at(), 2, 3, 4)(names.value)):
            found = replace(known, _read={**healthy._read, "names": Known(said)}).judge(item)
            assert found.outcome is OPEN, found.reason
            assert "not declared" in found.reason


def test_a_site_that_only_cors_names_is_not_proven_by_cors(healthy: Evidence) -> None:
    """Whoever may ask is the site by that alone: only this machine's page under that name shows it."""
    web = healthy.fact("web")
    assert isinstance(web, Known)
    known = _found(healthy, "domains.site")
    assert known.judge(STRANGERS).outcome is PASSED
    other = Known(replace(web.value.fronts["zebu.test"].value, sha256="0" * 64))
    for read in (_seen_of(web.value, "zebu.test", other), {"own_page": LOST}):
        found = replace(known, _read={**healthy._read, **read}).judge(STRANGERS)
        assert found.outcome is OPEN
        assert "domains.site is not declared" in found.reason
        assert replace(healthy, _read={**healthy._read, **read}).judge(STRANGERS).outcome is PASSED


def test_more_addresses_than_are_looked_at_are_not_witnessed(healthy: Evidence) -> None:
    many = tuple(f"10.99.0.{n}" for n in range(80, 88))
    names = healthy.fact("names")
    assert isinstance(names, Known)
    everywhere = Known({
        name: Known(replace(one.value, resolutions=tuple(replace(row, answer=Known(many)) for row in one.value.resolutions)))
        for name, one in names.value.items()
    })  # fmt: skip
    known = _undeclared(healthy, names=everywhere)
    domains = known.target.settings.domains.model_copy(update={"addresses": many})
    settings = known.target.settings.model_copy(update={"domains": domains})
    found = replace(known, target=known.target.model_copy(update={"settings": settings})).judge(DOMAIN)
    assert found.outcome is OPEN
    assert "no more than 6 addresses" in found.reason


def test_as_many_addresses_are_looked_at_as_a_look_goes_to() -> None:
    assert LOOKED_AT == PLACES


PAGES = (
    "deploy.frontend.console-clean",
    "deploy.frontend.assets",
    "deploy.frontend.mobile",
    "deploy.performance.page-load",
)


def distrusting(healthy: Evidence, word: str, chain: list[str] | None = None, name: str = "zebu.test") -> Evidence:
    """The browser refuses every page of the site; with another chain that a name serves, where one is given."""
    trouble = f"Page.goto: net::{word} at https://zebu.test/"
    looks = dict(healthy.gathered.looks)
    seen = looks["browser@here routes"]
    none = [{**page, "status": 0, "errors": [trouble], "failed": []} for page in seen["pages"]]
    loads = [{**one, "trouble": trouble} for one in seen["loads"]]
    screens = [{**one, "trouble": trouble} for one in seen["screens"]]
    looks["browser@here routes"] = {**seen, "pages": none, "loads": loads, "screens": screens}
    if chain is not None:
        shown = looks[f"tls@here {name}"]["at"]
        looks[f"tls@here {name}"] = {"at": {place: {**row, "chain": chain} for place, row in shown.items()}}
    return replace(healthy, gathered=replace(healthy.gathered, looks=looks), _read={})


@pytest.mark.parametrize("item", PAGES)
def test_a_certificate_that_only_this_browser_distrusts_is_not_the_sites_fault(item: str, healthy: Evidence) -> None:
    found = distrusting(healthy, "ERR_CERT_AUTHORITY_INVALID").judge(item)
    assert found.outcome is OPEN
    assert "this machine's browser does not trust the certificate (net::ERR_CERT_AUTHORITY_INVALID)" in found.reason
    # What a browser says of a name, and what nobody trusts, is of the site.
    found = distrusting(healthy, "ERR_CERT_COMMON_NAME_INVALID").judge(item)
    assert found.outcome is FAILED
    assert "net::ERR_CERT_COMMON_NAME_INVALID" in found.reason
    assert "the browser does not trust its certificate" in found.reason
    chain = next(iter(healthy.gathered.looks["tls@here zebu.test"]["at"].values()))["chain"]
    # The browser names the address that it was sent to, also where the site leads to another name, whose certificate it refuses.
    found = distrusting(healthy, "ERR_CERT_AUTHORITY_INVALID", chain[:1], "www.zebu.test").judge(item)
    assert found.outcome is FAILED
    found = distrusting(healthy, "ERR_CERT_AUTHORITY_INVALID", chain[:1]).judge(item)
    assert found.outcome is FAILED
    assert "[tls] ca_file" in found.fix
