"""Pre-Deployment / Application / Environment Configuration. Values were judged on the machine; no secret is here."""

from __future__ import annotations

from pytest_zebu.facts import urls
from pytest_zebu.facts.answer import Known, NotAssessed, Unknown, need
from pytest_zebu.facts.environment import DOTENV, EXAMPLE, Environment
from pytest_zebu.facts.logs import Logs
from pytest_zebu.facts.web import Scripts, Web
from pytest_zebu.plugin.checks import Cases, item
from pytest_zebu.settings import Settings
from pytest_zebu.verdict.outcome import NotApplicable

LOCAL = ("localhost", "127.0.0.1", "0.0.0.0", "::1")  # noqa: S104 (compared, not bound)
QUIET_LEVELS = ("INFO", "WARNING", "ERROR", "CRITICAL")
RATE_LIMITS = ("ALPHA_VANTAGE_RATE_LIMIT_PER_MIN", "ALPHA_VANTAGE_RATE_LIMIT_PER_DAY")


@item("pre.application.environment.required-variables")
def test_required_variables_are_set(environment: Environment, case: Cases) -> None:
    """What the example leaves to be filled in must be filled in, and with values of one's own.

    Fix: compare `.env` with `.env.production.example`; replace every CHANGE_ME and empty value.
    See: the example in the checkout.
    """
    required = [variable for variable in environment.declared(EXAMPLE) if variable.is_placeholder]
    if not required:
        raise NotAssessed("the checkout has no example of the production .env that declares what is required")
    for wanted in required:
        # What a file of secrets or another file of variables gives to a container is set too.
        given = environment.elsewhere(wanted.name)
        found = environment.get(DOTENV, wanted.name) or (given[0] if given else None)
        with case(wanted.name, f"{found.length} characters" if found else "absent"):
            if found is None and environment.elsewhere(f"{wanted.name}_FILE"):
                raise NotAssessed("is kept in a file that was not read")
            assert found is not None, "is not set"
            assert found.length, "is empty"
            assert not found.is_placeholder, "is still a placeholder"


@item("pre.application.environment.api-base-url")
def test_pages_call_the_production_api(
    scripts: Scripts, environment: Environment, settings: Settings, case: Cases
) -> None:
    """The address is baked into the scripts when the image is built: `.env` may say something else by now.

    Fix: set VITE_API_BASE_URL in `.env` and build the frontend's image again: `docker compose build frontend`, `up -d`.
    See: https://vite.dev/guide/env-and-mode
    """
    case.saw(*(f"{url} answers {status} {kind}" for url, status, kind in scripts.scripts))
    if not scripts.bases:
        raise NotAssessed("no script of the first page names the address of an API")
    known = {urls.origin(one) for one in (*settings.domains.page_origins, settings.domains.api_origin or "")}
    for base, (status, kind) in scripts.bases.items():
        with case(base, f"answers {status} {kind}"):
            there = urls.read(base, f"https://{settings.domains.site}/")
            assert there is not None, "is no address"
            assert there.host not in LOCAL, "is an address of the developer's own machine"
            # Another port is another origin.
            assert there.origin.replace("http:", "https:", 1) in known, (
                f"leads to {there.origin}, which is not declared"
            )
            assert there.scheme == "https", "is not https"
            assert status == 401 and urls.is_json(kind), f"does not reach the backend: it answers {status} {kind}"
    declared = environment.get(DOTENV, "VITE_API_BASE_URL")
    with case(DOTENV, declared.plain if declared else "does not set VITE_API_BASE_URL"):
        if declared is not None and declared.length:
            wanted = declared.plain.rstrip("/")
            assert wanted in scripts.bases, f"says {wanted}, the scripts were built with {', '.join(scripts.bases)}"


@item("pre.application.environment.cors-complete")
def test_every_page_may_call_the_api(environment: Environment, web: Web, settings: Settings, case: Cases) -> None:
    """A page whose origin is missing loads, and then shows nothing.

    Fix: CORS_ORIGINS with `https://` and the exact name of every page (site and www), without slashes or blanks.
    See: https://fetch.spec.whatwg.org/#http-cors-protocol
    """
    if settings.domains.api == "same-origin":
        raise NotApplicable("the API is served under the site: pages need no CORS")
    if not settings.domains.page_origins or not settings.domains.api:
        raise NotAssessed("domains.site and domains.api are not declared")
    declared = environment.backend("CORS_ORIGINS")
    listed = declared.plain.split(",") if declared else []
    for origin in settings.domains.page_origins:
        with case(origin):
            answer = need(web.simple[origin])
            allowed = answer.header("access-control-allow-origin")
            case.saw(f"{origin}: the API answers {answer.status}, allows {allowed or 'nothing'}")
            assert declared is not None, "CORS_ORIGINS does not reach the backend"
            assert origin in listed, "is not in the running backend's CORS_ORIGINS"
            if not answer.status:
                raise NotAssessed(f"the API does not answer ({answer.trouble})")
            assert allowed == origin, f"is not allowed by the API's answer ({allowed or 'no header'})"


@item("pre.application.environment.alpha-vantage")
def test_the_price_source_is_configured(environment: Environment, case: Cases) -> None:
    """Without a key of one's own prices are samples; without limits the day's quota is gone by noon.

    Fix: ALPHA_VANTAGE_API_KEY and both ALPHA_VANTAGE_RATE_LIMIT variables in `.env`, passed on by the compose file.
    See: https://www.alphavantage.co/support/#api-key (25 requests a day)
    """
    expect_price_key(environment, case)
    for name in RATE_LIMITS:
        found = environment.backend(name)
        with case(name, found.plain if found else "does not reach the backend"):
            assert found is not None, "does not reach the backend: the compose file does not pass it on"
            assert found.number is not None, "is no number"
            assert found.number > 0, "is no limit"


def expect_price_key(environment: Environment, case: Cases) -> None:
    """The key of the price source is there, is its own, looks like one, and reaches the backend."""
    name = "ALPHA_VANTAGE_API_KEY"
    declared, running = environment.get(DOTENV, name), environment.backend(name)
    with case(".env", f"{declared.length} characters" if declared else "absent"):
        assert declared is not None and declared.length, f"does not set {name}"
        assert not declared.is_placeholder, "has a placeholder or the demonstration key"
        assert 8 <= declared.length <= 40 and "!" not in declared.classes, "does not look like a key"
    with case("running backend", f"{running.length} characters" if running else "absent"):
        assert running is not None and running.length, f"has no {name}"
        assert declared is None or running.group == declared.group, "runs with another key than .env has"


@item("pre.application.environment.log-level", either=("logs",))
def test_the_log_level_is_quiet(environment: Environment, logs: Known[Logs] | Unknown, case: Cases) -> None:
    """Debug logs and echoed SQL fill the disk and tell what users do.

    Fix: `APP_LOG_LEVEL=INFO` and no DB_ECHO in `.env`, no `echo=True` in the code; `docker compose up -d` makes the backend anew.
    See: OWASP Logging Cheat Sheet.
    """
    found, echo = environment.backend("APP_LOG_LEVEL"), environment.backend("DB_ECHO")
    with case("log level", found.plain if found else "the backend's default, INFO"):
        assert found is None or found.plain.upper() in QUIET_LEVELS, f"the running backend logs at {found.plain}"
    with case("SQL echo", echo.plain if echo else "off by default"):
        assert echo is None or not echo.is_on, "SQL echo is on"
        if echo is not None and echo.is_on is None:
            raise NotAssessed(f"is {echo.plain}, which is neither on nor off")
    # Whatever the environment says, the code may say otherwise: the log shows what is done.
    with case("the backend's log"):
        written = need(logs).of(environment.service)
        if written is None or not written.is_readable:
            raise NotAssessed("cannot be read: whether it shows statements is not known")
        case.saw(f"{written.statements} lines with statements")
        assert not written.statements, "shows what is asked of the database"
    declared = environment.get(DOTENV, "APP_LOG_LEVEL")
    with case(".env", declared.plain if declared else "not set"):
        if declared is not None and found is not None:
            assert declared.group == found.group, f".env says {declared.plain}, the backend runs with {found.plain}"
