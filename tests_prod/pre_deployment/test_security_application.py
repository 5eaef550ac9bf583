"""Pre-Deployment / Security / Application Security."""

from __future__ import annotations

from pytest_zebu.checks import Cases, item
from pytest_zebu.facts.base import need
from pytest_zebu.facts.environment import DOTENV, Environment
from pytest_zebu.facts.web import Web
from pytest_zebu.outcome import NotAssessed
from pytest_zebu.settings import Settings

TRACEBACK = "Traceback (most recent call last)"


@item("pre.security.application.cors-restricted")
def test_foreign_pages_may_not_call(environment: Environment, web: Web, settings: Settings, case: Cases) -> None:
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
        listed = {part for part in found.plain.split(",") if part}
        same_origin = settings.domains.api == "same-origin"
        assert listed <= pages, f"allows {', '.join(sorted(listed - pages))}, which is no production page"
        assert listed or same_origin, "allows nobody, and the API has a name of its own"
    for kind, answers in (("request", web.simple), ("preflight", web.preflight)):
        for origin, answer in answers.items():
            if origin in pages:
                continue
            with case(f"{kind} from {origin}"):
                said = need(answer)
                assert said.status, "the API does not answer"
                allowed = said.header("access-control-allow-origin")
                assert not allowed, f"is allowed ({allowed})"


def _expect_everywhere(environment: Environment, case: Cases, name: str, wanted: tuple[str, ...]) -> None:
    for where, found in ((DOTENV, environment.get(DOTENV, name)), ("running backend", environment.backend(name))):
        with case(where, found.plain if found else "not set"):
            assert found is not None, f"does not set {name}"
            assert found.plain.lower() in wanted, f"has {name}={found.plain}"


@item("pre.security.application.app-env")
def test_the_application_knows_that_it_is_production(environment: Environment, case: Cases) -> None:
    """Only in production does the backend insist on sign-in and write machine-readable logs.

    Fix: `APP_ENV=production` in `.env`, then `docker compose up -d`: a restart does not read `.env` again.
    See: the application's deployment document.
    """
    _expect_everywhere(environment, case, "APP_ENV", ("production",))


@item("pre.security.application.app-debug")
def test_debugging_is_off(environment: Environment, web: Web, case: Cases) -> None:
    """A traceback tells an attacker what to try next.

    Fix: `APP_DEBUG=false` in `.env`, then `docker compose up -d`.
    See: CWE-489, CWE-209.
    """
    _expect_everywhere(environment, case, "APP_DEBUG", ("false", "0", "no", "off"))
    for name, answer in {"a missing route": web.missing, **web.refused}.items():
        with case(f"error answer to {name}"):
            said = need(answer)
            assert said.status, "the API does not answer"
            assert TRACEBACK not in said.body, "shows a traceback"
