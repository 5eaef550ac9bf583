"""Pre-Deployment / Security / Application Security."""

from __future__ import annotations

from collections import Counter

from pytest_zebu.facts import urls
from pytest_zebu.facts.answer import Known, NotAssessed, Reason, Unknown, need
from pytest_zebu.facts.environment import DOTENV, Environment, Variable
from pytest_zebu.facts.proxy import Administration, NginxServer, ProxyMachine, served_at, serving
from pytest_zebu.facts.source import Source
from pytest_zebu.facts.trials import Attack, Use
from pytest_zebu.facts.web import Web
from pytest_zebu.plugin.checks import Cases, item
from pytest_zebu.settings import Settings

from .test_infrastructure import expect_here

TRACEBACK = "Traceback (most recent call last)"
BY_OTHERS = (429, 502, 503, 504)
"""What somebody before the application answers, which is not reached."""
SITE = "domains.site"


@item("pre.security.application.cors-restricted", either=("own_page",))
def test_foreign_pages_may_not_call(
    environment: Environment, web: Web, own_page: Known[str] | Unknown, settings: Settings, case: Cases
) -> None:
    """A page of somebody else's must not act with a visitor's login.

    Fix: CORS_ORIGINS with exactly the production origins, comma-separated, no `*`, no pattern; `docker compose up -d`.
    See: OWASP HTML5 Security Cheat Sheet, Cross Origin Resource Sharing; CWE-942.
    """
    pages = set(settings.domains.page_origins)
    if not pages or not settings.domains.api:
        raise NotAssessed("domains.site and domains.api are not declared")
    found = environment.backend("CORS_ORIGINS")
    with case("running backend", found.plain if found else "has no CORS_ORIGINS"):
        assert found is not None, "has no CORS_ORIGINS: the default allows the developer's machine"
        listed = set(urls.listed_origins(found.plain))
        same_origin = settings.domains.api == "same-origin"
        assert listed <= pages, f"allows {', '.join(sorted(listed - pages))}, which is no production page"
        assert listed or same_origin, "allows nobody, and the API has a name of its own"
    if SITE in settings.seen:  # by what it allows: that agrees with itself always
        undeclared = f"{SITE} is not declared, and was read from CORS_ORIGINS itself"
        expect_here(settings.domains.site or "", undeclared, settings, Known(web), own_page, case)
    # Where the application breaks, what stands around it and adds the headers may not: that is seen by preflights.
    strange = (answer for origin, answer in web.preflight.items() if origin not in pages)
    tells_apart = any(isinstance(one, Known) and 0 < one.value.status < 500 for one in strange)
    for kind, answers in (("request", web.simple), ("preflight", web.preflight)):
        for origin, answer in answers.items():
            if origin in pages:
                continue
            with case(f"{kind} from {origin}"):
                said = need(answer)
                if said.status in (0, 429, 503):
                    raise NotAssessed(f"the API {said.says_nothing}")
                # What names a production page whoever asks allows that page only. Of two values browsers take none,
                # and whoever sends both means both.
                allowed = [value.strip() for value in said.combined("access-control-allow-origin").split(",")]
                assert not {origin, "*"} & {*allowed}, f"is allowed ({', '.join(allowed)})"
                if said.says_nothing and not tells_apart:
                    raise NotAssessed(f"the API {said.says_nothing}")
                if said.is_redirect:
                    raise NotAssessed(f"the API leads to {said.location}: what is answered there was not seen")


def _everywhere(environment: Environment, name: str) -> tuple[tuple[str, Variable | None], ...]:
    return (DOTENV, environment.get(DOTENV, name)), ("running backend", environment.backend(name))


@item("pre.security.application.app-env")
def test_the_application_knows_that_it_is_production(environment: Environment, case: Cases) -> None:
    """Only in production does the backend insist on sign-in and write machine-readable logs.

    Fix: `APP_ENV=production` in `.env`, then `docker compose up -d`: a restart does not read `.env` again.
    See: the application's deployment document.
    """
    for where, found in _everywhere(environment, "APP_ENV"):
        with case(where, found.plain if found else "not set"):
            assert found is not None, "does not set APP_ENV"
            assert found.plain.strip().lower() == "production", f"has APP_ENV={found.plain}"


@item("pre.security.application.app-debug")
def test_debugging_is_off(environment: Environment, web: Web, case: Cases) -> None:
    """A traceback tells an attacker what to try next.

    Fix: `APP_DEBUG=false` in `.env`, then `docker compose up -d`.
    See: CWE-489, CWE-209.
    """
    for where, found in _everywhere(environment, "APP_DEBUG"):
        with case(where, found.plain if found else "not set"):
            assert found is not None, "does not set APP_DEBUG"
            assert not found.is_on, f"has APP_DEBUG={found.plain}"
            if found.is_on is None:
                raise NotAssessed(f"has APP_DEBUG={found.plain}, which is neither on nor off")
    for name, answer in {"a missing route": web.missing, **web.refused}.items():
        with case(f"error answer to {name}"):
            said = need(answer)
            if not said.status:
                raise NotAssessed(f"the API does not answer ({said.trouble})")
            assert TRACEBACK not in said.body, "shows a traceback"
            if said.status in BY_OTHERS:
                raise NotAssessed(f"the API {said.says_nothing}: how the application answers errors was not seen")


Limits = dict[str, bool | Unknown]


def _has_limits(
    proxy: Known[Administration] | Unknown, proxy_machine: Known[ProxyMachine] | Unknown, names: tuple[str, ...]
) -> Limits:
    """Where requests to these names can be limited, and whether they are, as far as it was seen.

    What is configured for other applications' names says nothing of these.
    """
    seen: Limits = {}
    if isinstance(proxy_machine, Known):
        servers, (serves, _) = proxy_machine.value.servers, proxy_machine.value.serves
        if servers is not None:
            seen["nginx of the proxy"] = servers if isinstance(servers, Unknown) else _by_nginx(servers.value, names)
        elif serves:
            who = "what serves on the proxy" if serves == "?" else serves
            seen[who] = Unknown(Reason.UNDECIDABLE, f"{who} serves: its limits are not read")
    if isinstance(proxy, Known) and isinstance(proxy.value.hosts, Known):
        wanted = {one for name in names for one in (name, f"*.{name.partition('.')[2]}")}
        hosts = [host for host in proxy.value.hosts.value if host.is_enabled and set(host.names) & wanted]
        # A host of the very name serves it, and no wildcard.
        hosts = [host for host in hosts if set(host.names) & set(names)] or hosts
        if any(host.has_limits is None for host in hosts) and False not in {host.has_limits for host in hosts}:
            seen["proxy hosts"] = Unknown(
                Reason.UNDECIDABLE, "the limits of a proxy host stand behind a pattern, or in a file"
            )
        elif hosts:
            seen["proxy hosts"] = all(host.has_limits for host in hosts)
    return seen


def _by_nginx(servers: tuple[NginxServer, ...], names: tuple[str, ...]) -> bool | Unknown:
    for name in names:
        limits = {server.limits for server in serving(servers, name)}
        if limits == {"no"}:
            return False
        if limits != {"yes"}:
            why = (
                "is not named in its configuration"
                if not limits
                else "is led on by a rewriting, or has several servers"
            )
            return Unknown(Reason.UNDECIDABLE, f"whether nginx limits requests is not known: {name} {why}")
    return True


@item("pre.security.application.rate-limit", either=("attack", "proxy", "proxy_machine"))
def test_requests_are_limited(
    attack: Known[Attack] | Unknown,
    proxy: Known[Administration] | Unknown,
    proxy_machine: Known[ProxyMachine] | Unknown,
    settings: Settings,
    case: Cases,
) -> None:
    """Who may ask without end may guess without end. Zebu itself limits only backtests.

    Fix: `limit_req_zone` and `limit_req` in the proxy (NPMplus: the advanced tab of each host), with status 429.
    See: https://nginx.org/en/docs/http/ngx_http_limit_req_module.html; OWASP API4:2023.
    """
    if isinstance(attack, Known):
        with case("a burst", f"{attack.value.limited} of {attack.value.burst} requests were answered with 429"):
            assert attack.value.limited, f"{attack.value.burst} requests in a row were all let through"
        return
    domains = settings.domains
    api = domains.api_origin.removeprefix("https://").lower() if domains.api_origin else ""
    names = (api,) if api else tuple(name.lower() for name in domains.names)
    if not names:
        raise NotAssessed("no domain is declared ([domains] site, www, api)")
    seen = _has_limits(proxy, proxy_machine, names)
    if not seen:
        need(proxy_machine)
        need(need(proxy).hosts)
        raise NotAssessed(f"the proxy's administration has no host for {', '.join(names)}")
    words = {
        where: "not known" if isinstance(limits, Unknown) else "yes" if limits else "no"
        for where, limits in seen.items()
    }
    with case("a limit is configured", *(f"{where}: {word}" for where, word in words.items())):
        if True in seen.values():
            return
        if unknown := next((limits for limits in seen.values() if isinstance(limits, Unknown)), None):
            raise NotAssessed(str(unknown))
        case.adds(*(served_at(proxy_machine, name) for name in names))
        raise AssertionError(f"{' and '.join(seen)} limit nothing")


REFUSALS = (400, 404, 422)


@item("pre.security.application.input-validation")
def test_malformed_requests_are_refused(use: Use, case: Cases) -> None:
    """What is malformed must be refused by the application, in its own words, and must not break it.

    Fix: types and bounds in the models of every request (Pydantic), and handlers for what they do not cover.
    See: OWASP API8:2023; https://fastapi.tiangolo.com/tutorial/handling-errors/
    """
    if not use.malformed:
        raise NotAssessed(f"the requests could not be made: {use.broken or 'no answer'}")
    is_broken = use.status("create") >= 500
    for answer in use.malformed:
        with case(answer["what"], f"answers {answer['status']}"):
            if is_broken and answer["status"] >= 500:
                raise NotAssessed("breaks, and so does what is well-formed: of what is not, that tells nothing")
            if not answer["ours"] or answer["status"] in (401, 403):
                raise NotAssessed("was not answered by the application behind its key")
            assert answer["status"] in REFUSALS, f"answers {answer['status']}"
            assert answer["envelope"], "is not answered with the application's own error"


@item("pre.security.application.sql-injection", either=("attack",))
def test_no_statement_is_built_from_values(source: Source, attack: Known[Attack] | Unknown, case: Cases) -> None:
    """A value that becomes part of a statement can become another statement.

    Fix: bound parameters (SQLModel and SQLAlchemy expressions, `text()` with `:name`), never f-strings.
    See: OWASP SQL Injection Prevention Cheat Sheet; CWE-89.
    """
    with case("the deployed source", f"{source.files} files looked through"):
        places = [f"{place.file}:{place.line}" for place in source.built]
        fixed = [f"{place.file}:{place.line}" for place in source.fixed]
        case.saw(*([f"builds statements from what the source itself says at {', '.join(fixed[:5])}"] if fixed else []))
        assert not places, f"builds statements from values at {', '.join(places[:5])}"
        if source.unread:
            raise NotAssessed(f"{', '.join(source.unread[:3])} could not be read whole")
        if source.left:
            raise NotAssessed(f"{source.left} files were left out, since they are too long or too many")
    if not isinstance(attack, Known):
        return
    count = Counter[str]()
    for answer in attack.value.injected:
        # Of an address that is asked in several ways, only the path is told.
        name = f"{answer['path']} with {answer['text']}"
        count[name] += 1
        with case(f"{name} ({count[name]})" if count[name] > 1 else name, f"answers {answer['status']}"):
            if answer["status"] >= 500 and attack.value.total is None:
                raise NotAssessed("breaks, and so does what is harmless: of the string, that tells nothing")
            assert answer["status"] < 500, f"breaks: it answers {answer['status']}"
            assert answer["status"] in (*REFUSALS, 429), f"is taken: it answers {answer['status']}"
    with case("keys that are statements", *attack.value.refused):
        assert set(attack.value.refused) <= {401, 429}, "are not refused with 401"
