"""Pre-Deployment / Application / Environment Configuration. Values were judged on the machine; no secret is here."""

from __future__ import annotations

import ipaddress
import re

from msgspec import Struct
from msgspec.structs import replace

from pytest_zebu.facts import urls
from pytest_zebu.facts.answer import Known, NotAssessed, Unknown, need
from pytest_zebu.facts.browser import Asked, Page
from pytest_zebu.facts.environment import DOTENV, EXAMPLE, RUNNING, Environment, Required, Variable, Wanted
from pytest_zebu.facts.logs import Logs
from pytest_zebu.facts.web import Scripts, Web
from pytest_zebu.plugin.checks import Cases, item
from pytest_zebu.settings import Settings
from pytest_zebu.verdict.outcome import NotApplicable

TOO_MANY = 429
UNSEEN = (0, TOO_MANY, 503)
"""What came to us of an address that did not answer, or counts requests: that says nothing of who is there."""
QUIET_LEVELS = ("INFO", "WARN", "WARNING", "ERROR", "CRITICAL", "FATAL")
LOUD_LEVELS = ("ALL", "DEBUG", "NOTSET", "SPAM", "TRACE", "VERBOSE")
QUIET_NUMBER = 20
"""Levels have numbers, too: this is that of INFO."""
RATE_LIMITS = ("ALPHA_VANTAGE_RATE_LIMIT_PER_MIN", "ALPHA_VANTAGE_RATE_LIMIT_PER_DAY")


@item("pre.application.environment.required-variables")
def test_required_variables_are_set(environment: Environment, required: Required, case: Cases) -> None:
    """What compose and the program need must be there, with values of one's own. The example may list more, or less.

    Fix: set each variable that is named in `.env`, replace every CHANGE_ME, and add to the example what it lacks.
    See: the compose files and the settings in the source; the example in the checkout.
    """
    listed = {variable.name: variable for variable in environment.declared(EXAMPLE)}
    for wanted in required.wanted:
        # What a file of secrets or another file of variables gives to a container is set too.
        found = _value_of(wanted.name, environment)
        if found is None and "settings" in wanted.how:
            found = _as_settings_read_it(wanted.name, environment)
        with case(wanted.name, wanted.text, f"{found.length} characters" if found else wanted.given or "absent"):
            if found is None:
                _expect_given(wanted, environment)
                continue
            assert found.length or wanted.how.keys() <= {"plain"}, "is empty"
            assert not found.is_placeholder, "is still a placeholder"
    for name, variable in listed.items():
        if not variable.is_placeholder or required.get(name):
            continue
        found = _value_of(name, environment)
        with case(name, "only the example asks for it", f"{found.length} characters" if found else "absent"):
            # Where it reaches a container, the program may read it in a way that was not seen.
            reached = [one for one in environment.elsewhere(name) if one.is_placeholder]
            assert not reached, f"is still a placeholder, and {reached[0].where} has it"
    case.saw(
        *(f"{one.name}: the example does not list it" for one in required.wanted if listed and one.name not in listed)
    )
    with case("what asks for variables"):
        if required.lacking:
            raise NotAssessed(f"was not read whole: {required.lacking}")
        if not required.wanted:
            raise NotAssessed("neither compose nor the source asks for any variable in a way that is known")


def _value_of(name: str, environment: Environment) -> Variable | None:
    given = environment.elsewhere(name)
    return environment.get(DOTENV, name) or (given[0] if given else None)


def _as_settings_read_it(name: str, environment: Environment) -> Variable | None:
    """Pydantic's settings take a variable in small letters and in capitals; a group of them has one for each of its fields, as `NAME__FIELD`."""
    places = (DOTENV, *dict.fromkeys(one.where for one in environment.variables if one.where.startswith(RUNNING)))
    found = [one for place in places for one in environment.declared(place)]
    alike = [one for one in found if one.name.upper() == name]
    parts = [one for one in found if one.name.upper().startswith(f"{name}__")]
    # Of a group, the one that is not yet as it should be is shown.
    return next(iter([*alike, *sorted(parts, key=lambda one: not one.is_placeholder)]), None)


def _expect_given(wanted: Wanted, environment: Environment) -> None:
    """What `.env` does not set is set elsewhere.

    Raises:
        NotAssessed: it may be, where that is not seen.
    """
    if wanted.given:
        return
    if environment.elsewhere(f"{wanted.name}_FILE"):
        raise NotAssessed("is kept in a file that was not read")
    if wanted.how.keys() <= {"plain"}:
        raise NotAssessed("compose takes it from the shell of who deploys, or leaves it empty")
    raise AssertionError("is not set")


class _Base(Struct, frozen=True):
    """An address of an API that pages ask, and what was answered there: the best that was seen of it.

    Attributes:
        reached: the backend answered; nothing where the browser did not let the page see it.
        said: what was answered, in words.
    """

    url: urls.Url
    reached: bool | None
    said: str


_API_PATH = re.compile(r"(?:/[^/?]+)*?/api(?:/v[0-9]+)?(?=[/?]|$)")


_VERSIONED = re.compile(r".*/api/v[0-9]+$")


def _is_local(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host.removesuffix(".") == "localhost" or host.removesuffix(".").endswith(".localhost")
    return address.is_loopback or address.is_unspecified


def _base_of(asked: Asked, settings: Settings) -> _Base | None:
    """The API's address in what a page asked for; nothing where it asked for something else."""
    domains, third_parties = settings.domains, settings.browser.third_parties
    api, pages = urls.origin(domains.api_origin or ""), {urls.origin(one) for one in domains.page_origins}
    there = urls.read(asked.url)
    if there is None or any(there.host == name or there.host.endswith(f".{name}") for name in third_parties):
        return None
    found = _API_PATH.match(there.path)
    is_own = there.origin in pages or there.origin == api
    is_lost = asked.is_page and there.origin in pages
    # Services of others have an /api as well; one with this product's kind of version is taken for the product's.
    is_named = found is not None and (is_own or _VERSIONED.match(found[0]) is not None)
    if not (is_named or is_lost or _is_local(there.host) or (there.origin == api and api not in pages)):
        return None
    base = replace(there, path=found[0] if found else there.path)
    said = f"{asked.method} {asked.url} is answered {asked.status} {asked.type}".rstrip()
    if not asked.status:
        return _Base(base, None, f"{asked.method} {asked.url} is not answered to the page ({asked.failure or 'late'})")
    return _Base(base, _is_backends(asked.status, asked.type), said)


def _is_backends(status: int, kind: str) -> bool | None:
    """Whether it is the backend that answered a page so; nothing where something broke, which it may be that did, or somebody counts."""
    if status >= 500 or status == TOO_MANY:
        return None
    if urls.is_json(kind):
        return status not in (404, 405)
    return status < 400 and urls.media_type(kind) != "text/html"


def _asked_bases(pages: tuple[Page, ...], settings: Settings) -> tuple[_Base, ...]:
    """What pages really ask, by address; what reached the backend counts before what did not."""
    origins = {urls.origin(one) for one in settings.domains.page_origins}
    best: dict[str, _Base] = {}
    for asked in (one for page in pages for one in page.asked):
        found = _base_of(asked, settings)
        if found is None:
            continue
        known = best.get(found.url.text)
        if known is None or (not known.reached and found.reached is not None):
            best[found.url.text] = found
    # Where a page does not know an address of its own, one that it does not reach is told only if it reaches none.
    lost = {text for text, base in best.items() if not _API_PATH.match(base.url.path) and base.url.origin in origins}
    return tuple(base for text, base in best.items() if text not in lost or lost == best.keys())


def _expect_own(there: urls.Url, settings: Settings) -> None:
    domains = settings.domains
    known = {urls.origin(one) for one in (*domains.page_origins, domains.api_origin or "")}
    assert not _is_local(there.host), "is an address of the developer's own machine"
    # Another port is another origin.
    assert there.origin.replace("http:", "https:", 1) in known, f"leads to {there.origin}, which is not declared"
    assert there.scheme == "https", "is not https"


@item("pre.application.environment.api-base-url", either=("pages", "scripts"))
def test_pages_call_the_production_api(
    pages: Known[tuple[Page, ...]] | Unknown,
    scripts: Known[Scripts] | Unknown,
    environment: Environment,
    settings: Settings,
    case: Cases,
) -> None:
    """The address is baked into the scripts when the image is built: `.env` may say something else by now.

    What a page really asks decides; texts in its scripts, only where it asks nothing before somebody signs in.

    Fix: set VITE_API_BASE_URL in `.env` and build the frontend's image again: `docker compose build frontend`, `up -d`.
    See: https://vite.dev/guide/env-and-mode
    """
    site = f"https://{settings.domains.site}/"
    asked = _asked_bases(pages.value, settings) if isinstance(pages, Known) else ()
    for base in asked:
        with case(base.url.text, base.said):
            _expect_own(base.url, settings)
            if base.reached is None:
                answer = _answer_of(scripts, base.url, site)
                if answer is None or answer[0] in UNSEEN:
                    raise NotAssessed(f"{base.said}: whether the backend is there is not known")
                assert answer[0] == 401 and urls.is_json(answer[1]), f"does not reach the backend: {base.said}"
            assert base.reached is not False, f"does not reach the backend: {base.said}"
    bases = frozenset(base.url.text for base in asked) or _named_bases(scripts, settings, site, case)
    declared = environment.get(DOTENV, "VITE_API_BASE_URL")
    with case(DOTENV, declared.plain if declared else "does not set VITE_API_BASE_URL"):
        if declared is not None and declared.length:
            said = declared.plain.rstrip("/")
            # What is relative is so to the page that asks, be it at the site's other name.
            pages_at = (site, *(f"{origin}/" for origin in settings.domains.page_origins))
            wanted = {there.text.rstrip("/") for page in pages_at if (there := urls.read(said, page))}
            built, told = {base.rstrip("/") for base in bases}, ", ".join(sorted(bases))
            if not wanted & built and any(base.startswith(f"{one}/") for one in wanted for base in built):
                raise NotAssessed(f"says {said}, {told} is asked: whether the program adds the rest is not known")
            assert wanted & built, f"says {said}, the scripts were built with {told}"


def _answer_of(scripts: Known[Scripts] | Unknown, base: urls.Url, site: str) -> tuple[int, str] | None:
    """What an address that is named in the scripts answered to us, who are no page."""
    found = scripts.value.bases if isinstance(scripts, Known) else {}
    for text, answer in found.items():
        if (there := urls.read(text, site)) and there.text == base.text:
            return answer
    return None


def _named_bases(scripts: Known[Scripts] | Unknown, settings: Settings, site: str, case: Cases) -> frozenset[str]:
    """The addresses that the scripts name, where pages asked for none."""
    said = need(scripts)
    case.saw("no page asks for anything before somebody signs in")
    case.saw(*(f"{url} answers {status} {kind}" for url, status, kind in said.scripts))
    if not said.bases:
        raise NotAssessed("pages ask for nothing before somebody signs in, and no script names the address of an API")
    right, troubles, unseen = set(), [], ""
    for text, (status, kind) in said.bases.items():
        there = urls.read(text, site)
        try:
            assert there is not None, "is no address"
            _expect_own(there, settings)
            if status in UNSEEN:
                unseen = unseen or f"{text} answers {status or 'nothing'}: whether the backend is there is not known"
            else:
                assert status == 401 and urls.is_json(kind), f"does not reach the backend: it answers {status} {kind}"
            right.add(there.text)
        except AssertionError as error:
            troubles.append((text, str(error).partition("\n")[0]))  # without what pytest adds
    for text, trouble in troubles:
        with case(text):
            assert right, trouble
            # It may be a fallback that nothing comes to; and it may be what is asked.
            raise NotAssessed(f"{trouble}; {', '.join(sorted(right))} is named too, and which is asked was not seen")
    with case("what the scripts name"):
        if unseen:
            raise NotAssessed(unseen)
    return frozenset(right)


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
    listed = urls.listed_origins(declared.plain) if declared else ()
    for origin in settings.domains.page_origins:
        with case(origin):
            answer = need(web.simple[origin])
            allowed = answer.header("access-control-allow-origin")
            case.saw(f"{origin}: the API answers {answer.status}, allows {allowed or 'nothing'}")
            assert declared is not None, "CORS_ORIGINS does not reach the backend"
            assert origin in listed, "is not in the running backend's CORS_ORIGINS"
            if not answer.status:
                raise NotAssessed(f"the API does not answer ({answer.trouble})")
            if web.is_counted(answer):
                raise NotAssessed(f"the API {answer.says_nothing or f'answers {answer.status}'}: too many requests")
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
        level = found.plain.strip().upper() if found is not None else "INFO"
        number = found.number if found is not None else None
        is_loud = level in LOUD_LEVELS or (number is not None and number < QUIET_NUMBER)
        assert not is_loud, f"the running backend logs at {level}"
        if level not in QUIET_LEVELS and number is None:
            raise NotAssessed(f"is {level or 'set, and empty'}, which is no level that is known")
    with case("SQL echo", echo.plain if echo else "off by default"):
        assert echo is None or not echo.is_on, "SQL echo is on"
        if echo is not None and echo.is_on is None:
            raise NotAssessed(f"is {echo.plain}, which is neither on nor off")
    # Whatever the environment says, the code may say otherwise: the log shows what is done.
    with case("the backend's log"):
        written = need(logs).of(environment.service)
        if written is None or not written.is_readable:
            raise NotAssessed("cannot be read: whether it shows statements is not known")
        case.saw(
            f"the backend's log since its start, of a week at most: {written.statements or 'no'} lines with statements of SQL"
        )
        assert not written.statements, "shows what is asked of the database"
    declared = environment.get(DOTENV, "APP_LOG_LEVEL")
    with case(".env", declared.plain if declared else "not set"):
        if declared is not None and found is not None:
            assert declared.group == found.group, f".env says {declared.plain}, the backend runs with {found.plain}"
