"""Deployment Verification / Service Health."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sized
from urllib.parse import urlsplit

from pytest_zebu.facts import urls
from pytest_zebu.facts.answer import Known, NotAssessed, Unknown, need
from pytest_zebu.facts.browser import Page, Screen
from pytest_zebu.facts.certificates import Certificate
from pytest_zebu.facts.containers import Container, Containers
from pytest_zebu.facts.dns import Name
from pytest_zebu.facts.http import HttpAnswer, of_name, within_reach
from pytest_zebu.facts.migrations import Migrations
from pytest_zebu.facts.postgres import Database
from pytest_zebu.facts.proxy import ProxyMachine, served_at
from pytest_zebu.facts.redis import Redis
from pytest_zebu.facts.signin import SignedIn, Welcome
from pytest_zebu.facts.trials import Use
from pytest_zebu.facts.web import HEADERS, METHOD, Answer, Web
from pytest_zebu.plugin.checks import Cases, item
from pytest_zebu.settings import Settings
from pytest_zebu.settings.sections import Domains
from pytest_zebu.verdict.outcome import NotApplicable

from ..mending import text, to_run
from ..pre_deployment.test_application_functionality import expect_protected
from ..pre_deployment.test_infrastructure import (
    OWN_RESOLVERS,
    RESOLVERS,
    SERVFAIL,
    expect_resolvers,
    expect_witness,
    place_of,
)
from ..pre_deployment.test_security_https import expect_dated, to_serve
from ..sights import expect_loaded, expect_reached, expect_shown
from ..ways import arrived, expect_let_pass, expect_way, expect_whole_way
from .test_initial import expect_api_health, expect_same_page

LOGGED_OUT = re.compile(r"GET 401 (\S+)")
NOTICE = re.compile(
    r"(Uncaught )?(Error: )?ResizeObserver loop (limit exceeded|completed with undelivered notifications)\.?$"
)
"""What only programs that steer a browser hear of, and no console shows: sizes settle one frame later (https://drafts.csswg.org/resize-observer/#deliver-resize-error)."""
LOGGED_OUT_CONSOLE = re.compile(r".*status of 401 .*\((\S+)\)")


def _is_logged_out(text: str, pattern: re.Pattern[str], domains: Domains) -> bool:
    """Whether it is our API's refusal to a visitor who has not signed in: that is how it should be.

    Under a name of its own, all is the API's; beside pages, what is below `/api/`.
    """
    found = pattern.fullmatch(text)
    url = urls.read(found[1]) if found else None
    if url is None:
        return False
    pages, api = map(urls.origin, domains.page_origins), urls.origin(domains.api_origin or "")
    return url.path.startswith("/api/") if url.origin in pages else url.origin == api


def _count(things: Sized, name: str) -> str:
    """How many of something there are."""
    return f"{len(things) or 'no'} {name}{'' if len(things) == 1 else 's'}"


@item("deploy.frontend.console-clean")
def test_the_console_is_clean(pages: tuple[Page, ...], settings: Settings, case: Cases) -> None:
    """What the browser complains of, users see as a page that does not work.

    Fix: open the page with the developer tools, reload, and mend what the console and the network panel show.
    See: https://developer.chrome.com/docs/devtools/console
    """
    third_parties = settings.browser.third_parties

    def is_declared(text: str) -> bool:
        hosts = {urlsplit(url).hostname or "" for url in re.findall(r"https?://[^\s)]+", text)}
        return bool(hosts) and all(
            any(host == name or host.endswith(f".{name}") for name in third_parties) for host in hosts
        )

    for page in pages:
        with case(page.url):
            expect_loaded(page, case)
            again = ", at the second try" if page.is_again else ""
            failures = f"{_count(page.failed, 'failed request')}, {_count(page.errors, 'console error')}"
            case.saw(f"{page.url}: answered {page.status}{again}, {failures}")
            assert page.status < 400, f"answers {page.status}"
            failed = [
                text
                for text in page.failed
                if not _is_logged_out(text, LOGGED_OUT, settings.domains) and not is_declared(text)
            ]
            errors = [
                text
                for text in page.errors
                if not _is_logged_out(text, LOGGED_OUT_CONSOLE, settings.domains)
                and not is_declared(text)
                and not NOTICE.match(text)
            ]
            assert not failed, f"{_count(failed, 'failed request')}, first: {failed[0]}"
            assert not errors, f"{_count(errors, 'console error')}, first: {errors[0]}"
            # Where nothing is to be drawn, nothing is missing: scripts that do are files of the page, or have an element to fill.
            if page.shown is not None and (page.shown.empty or any(one.kind == "script" for one in page.resources)):
                assert not page.shown.trouble, page.shown.trouble


@item("deploy.database.migrations")
def test_migrations_are_applied(migrations: Migrations, database: Database, case: Cases) -> None:
    """Code and database must agree; the backend's /health does not notice when they do not.

    Fix: take a dump, then `docker compose exec backend alembic upgrade head`; several heads: merge them first.
    See: https://alembic.sqlalchemy.org/en/latest/branches.html
    """
    case.saw(f"applied: {', '.join(migrations.applied) or 'none'}", f"heads of the code: {', '.join(migrations.heads)}")
    if migrations.odd:
        raise NotAssessed(
            f"what comes before {', '.join(migrations.odd[:3])} is not declared in a way that is understood"
        )
    applied, heads = set(migrations.applied), set(migrations.heads)
    assert applied, "no migration was ever applied"
    unknown = ", ".join(sorted(applied - set(migrations.revisions)))
    assert not unknown, f"the database has {unknown}, which the deployed code does not know"
    behind = heads - applied - set(migrations.implied)
    several = " (several heads)" if len(heads) > 1 else ""
    assert not behind and applied <= heads, (
        f"applied {', '.join(migrations.applied)}, the code wants {', '.join(migrations.heads)}{several}"
    )
    there = {table.name.rpartition(".")[2] for table in database.tables}
    missing = [name for name in migrations.made if name not in there]
    assert not missing, f"marked as applied, and the table {missing[0]} is not there"


Certificates = Mapping[str, Known[Certificate | None] | Unknown]


@item("deploy.frontend.https")
def test_the_application_answers_over_https(web: Web, own_page: str, settings: Settings, case: Cases) -> None:
    """A page that answers 200 may be the proxy's own: what counts is that it is this application's.

    Fix: the proxy host of the site (forward to the machine's port 80), and `docker compose ps frontend`.
    See: the checklist.
    """
    site = settings.domains.site
    if site is None:
        raise NotAssessed("domains.site is not set")
    for place, answer in of_name(within_reach(web.fronts), site).items():
        with case(f"https://{place}/"):
            said = need(answer)
            case.saw(f"https://{place}/: {said.told}, {said.header('content-type') or 'no type'}")
            there = arrived(said, [name for name in (site, settings.domains.www) if name])
            assert there.status == 200, f"answers {there.status or 'nothing'}"
            assert there.is_page, f"is {there.header('content-type') or 'of no type'}"
            expect_same_page(there, own_page)


def _expect_trusted(domain: str, certificates: Certificates, case: Cases) -> None:
    for place, answer in of_name(within_reach(certificates), domain).items():
        with case(f"certificate of {place}"):
            certificate = need(answer)
            assert certificate is not None, "does not answer a TLS handshake on port 443"
            case.saw(f"{place}: issued by {certificate.issuer}, until {certificate.not_after:%Y-%m-%d %H:%M} UTC")
            case.fix(to_serve(certificate))
            assert certificate.covers_name, f"is for {certificate.named}"
            expect_dated(certificate)
            assert not certificate.trust_error, f"is not trusted: {certificate.trust_error}"
            assert not certificate.refused, certificate.refused


@item("deploy.frontend.certificate")
def test_browsers_trust_the_site(certificates: Certificates, settings: Settings, case: Cases) -> None:
    """What a browser does not trust, nobody sees.

    Fix: serve the full chain of a certificate of a public authority for the site's names.
    See: RFC 5280 section 6, RFC 9525.
    """
    names = [name for name in (settings.domains.site, settings.domains.www) if name]
    if not names:
        raise NotAssessed("domains.site is not set")
    for name in names:
        _expect_trusted(name, certificates, case)


ASSET = re.compile(r"\.(m?js|css|woff2?|ttf|otf|png|jpe?g|svg|webp|ico)(\?\S*)?$")
SCRIPTS = frozenset(
    f"{kind}/{name}"
    for kind in ("application", "text")
    for name in ("ecmascript", "javascript", "x-ecmascript", "x-javascript")
)
"""The types under which browsers take a script (https://mimesniff.spec.whatwg.org/#javascript-mime-type)."""
FONTS = frozenset({"application/octet-stream", "application/vnd.ms-fontobject"})


def _is_of_type(kind: str, header: str) -> bool:
    """Whether a file's type is one of what it was asked for as."""
    type_ = urls.media_type(header)
    match kind:
        case "script":
            return type_ in SCRIPTS
        case "stylesheet":
            return type_ == "text/css"
        case "font":
            return type_ in FONTS or type_.startswith(("font/", "application/font-", "application/x-font-"))
        case _:
            return type_.startswith("image/")


@item("deploy.frontend.assets")
def test_everything_that_pages_ask_for_is_there(pages: tuple[Page, ...], settings: Settings, case: Cases) -> None:
    """The single page answers a missing script with 200 and HTML; the browser then has a page that does nothing.

    Fix: build the frontend's image anew; in its nginx, `try_files $uri =404` for files with an extension.
    See: https://vite.dev/guide/build
    """
    origins = tuple(urls.origin(one) for one in settings.domains.page_origins)
    for page in pages:
        with case(page.url):
            expect_loaded(page, case)
            answers = Counter(one.status for one in page.resources)
            told = ", ".join(f"{count} answered {status or 'by nothing'}" for status, count in sorted(answers.items()))
            case.saw(f"{page.url}: {_count(page.resources, 'file')}{f': {told}' if told else ''}")
            ours = [one for one in page.resources if urls.origin(one.url) in origins]
            for one in ours:
                right = _is_of_type(one.kind, one.type)
                assert one.status < 400, f"{one.url} answers {one.status}"
                assert one.status >= 300 or right, f"{one.url} is {one.type or 'of no type'}, asked for as {one.kind}"
            # What has the wrong type under `nosniff` the browser refuses, and counts as a request that failed.
            refused = [
                text for text in page.failed if urls.origin(text.rpartition(" ")[2]) in origins and ASSET.search(text)
            ]
            assert not refused, f"could not use {refused[0]}" if refused else ""
            if not any(one.kind == "script" for one in ours):
                others = [urls.origin(one.url) for one in page.resources if one.kind == "script" and one.status < 400]
                assert others, "asks for no script at all"
                raise NotAssessed(f"has its scripts from {others[0]}, which is no declared page: they were not judged")
            if page.shown is not None and page.shown.trouble:
                raise NotAssessed(f"{page.shown.trouble}: what it would ask for was not seen")


def _viewport(content: str) -> dict[str, str]:
    """What a viewport's content says, as browsers read it (CSS Viewport Module, appendix on the meta element)."""
    return {name.lower(): value.lower() for name, value in re.findall(r"([^\s,;=]+)\s*=\s*([^\s,;=]+)", content)}


@item("deploy.frontend.mobile")
def test_the_page_fits_a_telephone(screens: tuple[Screen, ...], case: Cases) -> None:
    """Half of the visitors have a narrow screen and a thumb.

    Fix: `<meta name="viewport" content="width=device-width, initial-scale=1">`; no fixed widths; targets of 24 px or more.
    See: WCAG 2.2, 1.4.10 (Reflow) and 2.5.8 (Target Size, Minimum).
    """
    for screen in screens:
        if screen.picture:
            case.show(f"{screen.width} px", screen.picture)
        seen = "" if screen.trouble else f"page {screen.wide} px, viewport {screen.viewport or 'none'}"
        with case(f"{screen.width} px", seen):
            expect_reached(screen.trouble, "", case)
            expect_shown(screen.shown)
            # As the browser took what the page says of it: `initial-scale=1` alone is as good.
            fits = _viewport(screen.viewport).get("width") == "device-width" or screen.layout == screen.width
            assert fits, "has no viewport for narrow screens"
            # A telephone zooms out until all fits, so that its own width grows with the page: what counts is the screen's.
            assert screen.is_held or screen.wide <= screen.width, f"is {screen.wide} px wide, the screen {screen.width}"
            assert not screen.cut, f"loses what stands beyond the screen: {screen.cut}"
            assert not screen.small, f"{_count(screen.small, 'target')} too small, first: {screen.small[0]}"


@item("deploy.backend.api")
def test_the_api_answers_over_https(web: Web, certificates: Certificates, settings: Settings, case: Cases) -> None:
    """The API must be reachable where the pages look for it, under a certificate that they accept.

    Fix: the proxy host of the API's name, with its certificate; or the `/api/` location of the frontend's nginx.
    See: the checklist.
    """
    expect_api_health(web, settings, case)
    origin = settings.domains.api_origin
    if origin is not None:
        _expect_trusted(origin.removeprefix("https://"), certificates, case)


def _listed(said: Answer, header: str) -> set[str]:
    return {name.strip() for name in said.combined(header).split(",") if name.strip()}


def _expect_allowed(said: Answer, origin: str) -> None:
    """A browser lets a page of this origin see the answer: one value, byte by byte.

    `*` allows every page, unless requests go with credentials.
    """
    # Browsers refuse two values, be they the same.
    allowed = said.combined("access-control-allow-origin")
    credentials = said.combined("access-control-allow-credentials")
    assert credentials in ("", "true", "false"), f"allows credentials with {credentials!r}, which browsers do not take"
    if allowed == "*":
        assert credentials != "true", "is allowed for * with credentials, which browsers refuse"
        return
    assert allowed == origin, f"is allowed for {allowed or 'nobody'}"


def _expect_preflight(said: Answer) -> None:
    """The answer lets the page send what it sends; `*` never means the header that it signs in with.

    Methods are compared as they are written, names of headers are not (https://fetch.spec.whatwg.org/#cors-preflight-fetch).
    """
    assert 200 <= said.status < 300, f"is answered with {said.status}"
    any_ = set() if said.combined("access-control-allow-credentials") == "true" else {"*"}
    methods = _listed(said, "access-control-allow-methods")
    assert methods & {METHOD, *any_}, f"does not allow the method {METHOD}"
    headers = {name.lower() for name in _listed(said, "access-control-allow-headers")}
    for name in HEADERS:
        star = set() if name == "authorization" else any_
        assert headers & {name, *star}, f"does not allow the header {name}"


@item("deploy.backend.cors-headers")
def test_pages_are_allowed_to_call(web: Web, settings: Settings, case: Cases) -> None:
    """Without these headers the page loads, and shows nothing. An answer to no Origin proves nothing.

    Fix: CORS_ORIGINS with the origin of every page, then `docker compose up -d`; let the proxy add no headers of its own.
    See: https://fetch.spec.whatwg.org/#http-cors-protocol
    """
    if settings.domains.api == "same-origin":
        raise NotApplicable("the API is served under the site: pages need no CORS")
    if not settings.domains.page_origins or settings.domains.api is None:
        raise NotAssessed("domains.site and domains.api are not declared")
    for origin in settings.domains.page_origins:
        for kind, answers in (("request", web.simple), ("preflight", web.preflight)):
            with case(f"{kind} from {origin}"):
                said = need(answers[origin])
                allowed = said.combined("access-control-allow-origin")
                case.saw(f"{kind} from {origin}: {said.told}, allows {allowed or 'nothing'}")
                assert said.status, f"gets no answer ({said.trouble})"
                if web.is_counted(said):
                    raise NotAssessed(f"is answered with {said.status}: too many requests at once")
                _expect_allowed(said, origin)
                if kind == "preflight":
                    _expect_preflight(said)
                vary = {name.lower() for name in _listed(said, "vary")}
                if allowed == origin and len(settings.domains.page_origins) > 1 and not vary & {"origin", "*"}:
                    case.saw(
                        f"{kind} from {origin}: does not say that it varies by Origin, so that caches mix pages up"
                    )


@item("deploy.backend.authentication", either=("keyed", "signed_in"))
def test_production_turns_strangers_away(
    web: Web, keyed: Known[Welcome] | Unknown, signed_in: Known[SignedIn] | Unknown, case: Cases
) -> None:
    """Whoever shows nothing valid gets exactly 401 from the running production, and whoever may enter is let in.

    Fix: CLERK_SECRET_KEY and API_KEY_HMAC_SECRET in `.env`, then `docker compose up -d`; 500 with a valid key only:
        `docker compose logs backend`, and the versions that the image was built with.
    See: RFC 6750 section 3.
    """
    expect_protected(web, keyed, signed_in, case)


_DESCRIPTION = re.compile(
    r"""\A\ufeff?\s*\{.*?"(?:openapi|swagger)"\s*:\s*"[0-9]|^[ \t]*["']?(?:openapi|swagger)["']?:[ \t]*["']?[0-9]""",
    re.DOTALL | re.MULTILINE,
)
"""As JSON, and as YAML."""
_DESCRIBING_PAGE = re.compile(
    r"""\bid=["']?(?:swagger-ui|api-reference)\b|SwaggerUIBundle\s*\(|<(?:redoc|rapi-doc|elements-api|openapi-explorer)\b|Redoc\.(?:init|hydrate)\s*\(|\bcreateApiReference\s*\("""
)
"""Swagger UI, Scalar, Redoc, RapiDoc, Elements."""


def _describes(said: Answer) -> bool:
    """Whether an answer describes an API: as data that says which OpenAPI it is, or as a page that shows such a one.

    Where the API is served under the site, the single page answers every other path; it may speak of OpenAPI.
    """
    return said.status == 200 and (_is_description(said) or _is_describing_page(said))


def _is_description(said: Answer) -> bool:
    return not said.is_page and _DESCRIPTION.search(said.body) is not None


def _is_describing_page(said: Answer) -> bool:
    return not said.is_json and _DESCRIBING_PAGE.search(said.body) is not None


def _described_at(answer: Known[Answer] | Unknown) -> Answer:
    """What stands at an address, or where that leads, as far as anything can be told of it."""
    said = need(answer)
    there = said.end or said
    if not said.status or there.says_nothing:
        raise NotAssessed(f"the API {there.says_nothing}")
    if said.end is None and said.is_redirect and need(said.way)[-1:]:
        raise NotAssessed(f"leads to {said.location}, where nothing was seen")
    if there.is_cut and there.status == 200 and not _describes(there):
        raise NotAssessed("the answer is longer than what was read of it")
    return there


@item("deploy.backend.docs")
def test_the_description_is_as_public_as_intended(web: Web, settings: Settings, case: Cases) -> None:
    """The description of an API is a map for everybody. Closing /docs and leaving /openapi.json hides nothing.

    Looked for where FastAPI and others put it, under the API's name and the site's, and where pages say that it is.

    Fix: hidden: `FastAPI(openapi_url=None)`, or block the paths in the proxy; public: let the proxy lead to them.
    Declare: application.docs
    See: https://fastapi.tiangolo.com/tutorial/metadata/#openapi-url
    """
    intent = settings.application.docs
    if intent is None:
        raise NotAssessed("application.docs does not say whether the description is meant to be public or hidden")
    if not web.documentation:
        raise NotAssessed("domains.api is not set (a name, or same-origin)")
    expect = _expect_hidden if intent == "hidden" else _expect_shown
    expect(web.documentation, case)


def _expect_hidden(documentation: Mapping[str, Known[Answer] | Unknown], case: Cases) -> None:
    """It is nowhere; where nothing could be told, it may be."""
    unseen = ""
    for url, answer in documentation.items():
        try:
            said = _described_at(answer)
        except NotAssessed as error:
            unseen = unseen or f"{url}: {error}"
            continue
        with case(url):
            is_shown = _describes(said)
            case.saw(*([f"{url}: {said.status}, shown"] if is_shown else []))
            assert not is_shown, "is shown, meant to be hidden"
    with case("the description"):
        if unseen:
            raise NotAssessed(unseen)


def _expect_shown(documentation: Mapping[str, Known[Answer] | Unknown], case: Cases) -> None:
    """It is somewhere: as data, or as a page whose data was not found to be missing."""
    shown, unseen = [], ""
    for url, answer in documentation.items():
        try:
            said = _described_at(answer)
        except NotAssessed as error:
            unseen = unseen or f"{url}: {error}"
            continue
        if _describes(said):
            shown.append(said)
            case.saw(f"{url}: {said.status}, shown")
    with case("the description"):
        if not shown and unseen:
            raise NotAssessed(unseen)
        assert shown, "is not shown, meant to be public"
        assert any(map(_is_description, shown)) or unseen, f"is a page at {shown[0].url} without what it shows"


def _expect_running(
    containers: Containers, services: tuple[str, ...] | None, pattern: str, what: str, case: Cases
) -> None:
    """What runs it is told by what it is, and by its name only where that was not told."""
    found = [one for one in containers.services if one.service in (services or ())]
    found = found or [one for one in containers.services if re.fullmatch(pattern, one.service)]
    with case(what):
        assert found, f"no service of {what} in the project"
    for container in found:
        with case(container.label, f"{container.state}, {_since(container)}"):
            case.fix(to_run(container))
            assert not container.trouble, container.trouble
            assert container.health == "healthy", f"is {container.health}"


def _since(container: Container) -> str:
    """Since when it does what it does."""
    if container.started is None:
        return "never started"
    if container.status in ("exited", "dead") and container.ended is not None:
        return f"since {container.ended:%Y-%m-%d %H:%M} UTC"
    return f"{'since' if container.status == 'running' else 'started on'} {container.started:%Y-%m-%d %H:%M} UTC"


DATABASES, CACHES = r"db|pg|postgres(?:ql)?|database", r"redis|valkey|keydb|cache"


@item("deploy.database.running")
def test_the_database_runs(containers: Containers, case: Cases) -> None:
    """Nothing is kept without it.

    Fix: `docker compose ps -a db` and `docker compose logs db`.
    See: the checklist.
    """
    _expect_running(containers, containers.databases, DATABASES, "PostgreSQL", case)


@item("deploy.database.reachable", either=("keyed",))
def test_the_backend_reaches_its_database(web: Web, keyed: Known[Welcome] | Unknown, case: Cases) -> None:
    """/health is a constant. Whether a key is known, the backend can tell only by asking its database.

    Fix: DATABASE_URL of the backend, the compose network, `docker compose logs backend`.
    See: the checklist.
    """
    with case("a key that nobody has"):
        if "a forged API key" not in web.refused:
            raise NotAssessed("domains.api is not declared")
        said = need(web.refused["a forged API key"])
        case.saw(f"a key that nobody has: {said.status}")
        assert said.status, f"gets no answer ({said.trouble})"
        if web.is_counted(said):
            raise NotAssessed(f"is answered with {said.status}: there were too many requests to tell")
        assert said.status < 500, f"gets {said.status}: the backend could not ask"
        if said.status != 401 or not said.header("x-correlation-id"):
            # Not every version marks its answers. Portfolios it can list only from its database.
            if isinstance(keyed, Known) and keyed.value.status == 200 and keyed.value.body == "content":
                case.saw("a valid API key: 200, with portfolios")
                return
            raise NotAssessed(f"was answered with {said.status}, and not by the backend's own refusal")


@item("deploy.database.pool")
def test_there_are_connections_to_be_had(database: Database, pool_timeouts: int, case: Cases) -> None:
    """When the pool is used up, requests wait, and then fail.

    Fix: find what keeps connections (`pg_stat_activity`); raise `max_connections` or lower the pools.
    See: https://docs.sqlalchemy.org/en/20/errors.html#error-3o7r
    """
    room = database.max_connections - database.reserve
    with case("connections", f"{database.clients} of {room} are taken"):
        assert database.clients < room, f"{database.clients} of {room} are taken"
    with case("waiting sessions", database.waiting):
        assert not database.waiting, f"{database.waiting} wait for a lock"
    with case("the backend's log of a day", f"{pool_timeouts} times without a connection"):
        assert not pool_timeouts, f"says {pool_timeouts} times that there was no connection"


@item("deploy.redis.running", either=("redis",))
def test_redis_runs(containers: Containers, redis: Known[Redis] | Unknown, case: Cases) -> None:
    """While it loads, or after a save that failed, it refuses what it is asked.

    Fix: `docker compose ps -a redis` and `docker compose logs redis`.
    See: https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/
    """
    _expect_running(containers, containers.caches, CACHES, "Redis", case)
    with case("data"):
        said = need(redis)
        case.saw(f"Redis {said.version}, last save {said.save_status or 'unknown'}")
        case.fix("wait until it has read its data, and run this again")
        assert not said.is_loading, "is being loaded still"
        case.fix(
            "`docker compose exec redis redis-cli INFO persistence`; room on the disk of its volume; `docker compose logs redis`"
        )
        assert said.save_status in ("ok", ""), f"was last saved with {said.save_status}"


PINGS = {
    "pong": "is answered with PONG",
    "limited": "is refused, and its user is known",
    "refused": "is refused: the password of its address is not that of Redis",
    "misconf": "is refused, as writes are: the last save to disk failed (MISCONF)",
    "nodb": "reaches it, and the database of the address does not exist",
    "tls": "reaches it, and its certificate is refused",
    "loading": "is refused while Redis loads its data",
    "garbled": "is answered by something that is not Redis",
}
UNREACHABLE = {
    "gaierror": "the name in its address is not known to its resolver",
    "ConnectionRefusedError": "nothing listens at its address",
    "ConnectionResetError": "what listens at its address breaks off",
    "TimeoutError": "its address does not answer in time",
    "FileNotFoundError": "the socket of its address is not there",
}
"""What Python's names of errors mean (https://docs.python.org/3/library/exceptions.html#os-exceptions)."""


def _pinged(said: str) -> str:
    """What became of PING, in words."""
    word, _, error = said.partition(" ")
    if word == "unreachable":
        return f"cannot reach Redis: {UNREACHABLE.get(error, f'its address cannot be connected to ({error})')}"
    return PINGS[word]


@item("deploy.redis.reachable", either=("containers",))
def test_the_backend_reaches_redis(redis_ping: str, containers: Known[Containers] | Unknown, case: Cases) -> None:
    """What the host can reach, the backend may not; without Redis there are no prices, and /health stays green.

    Fix: correct REDIS_URL of the backend in `.env` (host, password), or the compose network; then `docker compose up -d`.
    See: https://redis.io/docs/latest/commands/ping/
    """
    with case("PING from the backend", said := _pinged(redis_ping)):
        case.fix(*(f"{text(one.label)} does not run: {to_run(one)}" for one in _stopped_caches(containers)))
        # A user who may not PING is known to Redis all the same.
        assert redis_ping in ("pong", "limited"), said


def _stopped_caches(containers: Known[Containers] | Unknown) -> list[Container]:
    """Redis's containers that do not run."""
    made = containers.value.made if isinstance(containers, Known) and containers.value.project else ()
    names = (containers.value.caches or ()) if isinstance(containers, Known) else ()
    found = [one for one in made if one.service in names or re.fullmatch(CACHES, one.service)]
    return found if all(one.trouble for one in found) else []


@item("deploy.redis.cache", either=("use",))
def test_the_cache_is_used(redis: Redis, use: Known[Use] | Unknown, case: Cases) -> None:
    """A cache that nothing is in does nothing, and one that nothing expires from is none. That its memory is not bound is said as advice.

    Fix: the backend's log around its first price; `--maxmemory` and `--maxmemory-policy allkeys-lru` for Redis.
    See: https://redis.io/docs/latest/develop/reference/eviction/
    """
    case.saw(f"maxmemory {f'{redis.max_memory / 2**20:.0f} MiB' if redis.max_memory else 'unbounded'}, {redis.policy}")
    if not redis.max_memory:
        case.saw("advice: its memory has no bound (--maxmemory): it may grow until the machine is full")
    elif redis.policy == "noeviction":
        case.saw("advice: it refuses writes when it is full (noeviction)")
    with case("keys", f"{redis.keys} keys, {redis.expiring} with a time to live, {redis.hits} hits"):
        if isinstance(use, Known) and use.value.said("price").get("source") == "cache":
            return
        if not redis.keys:
            raise NotAssessed("is empty: nobody has asked for a price yet (--zebu-active=functional asks for one)")
        assert redis.expiring, f"has {redis.keys} keys, and none of them expires"


def _expect_resolved(
    domain: str | None,
    key: str,
    names: Mapping[str, Known[Name] | Unknown],
    web: Known[Web] | Unknown,
    own_page: Known[str] | Unknown,
    settings: Settings,
    case: Cases,
) -> None:
    if not domain:
        raise NotAssessed(f"{key} and domains.addresses are not declared")
    if isinstance(answer := names[domain], Unknown):
        with case(domain):
            need(answer)
    elif not settings.domains.addresses:
        resolvers = [one for one in answer.value.resolutions if not one.is_authoritative and not one.is_out_of_order]
        nowhere = [one for one in resolvers if one.refusal == SERVFAIL or one.answer == Known(())]
        case.saw(*(f"{domain} on {place_of(one)}: {one.refusal or 'no address'}" for one in nowhere))
        if RESOLVERS in settings.seen:
            raise NotAssessed(OWN_RESOLVERS)
        assert not nowhere or len(nowhere) < len(resolvers), (
            f"{domain} is resolved by none, though they resolve other names"
        )
        raise NotAssessed(f"{key} and domains.addresses are not declared")
    else:
        expect_resolvers(answer.value, settings, case)
        expect_witness(domain, settings, web, own_page, case)


@item("deploy.network.domain", either=("web", "own_page"))
def test_the_domain_leads_here(
    names: Mapping[str, Known[Name] | Unknown],
    web: Known[Web] | Unknown,
    own_page: Known[str] | Unknown,
    settings: Settings,
    case: Cases,
) -> None:
    """What the resolvers of the world say counts, not what the own network's server says.

    Fix: A and AAAA records of the site at the DNS provider.
    See: RFC 1034.
    """
    _expect_resolved(settings.domains.site, "domains.site", names, web, own_page, settings, case)


@item("deploy.network.api-subdomain", either=("web", "own_page"))
def test_the_api_name_leads_here(
    names: Mapping[str, Known[Name] | Unknown],
    web: Known[Web] | Unknown,
    own_page: Known[str] | Unknown,
    settings: Settings,
    case: Cases,
) -> None:
    """Pages call the API by this name.

    Fix: A and AAAA records of the API's name at the DNS provider.
    See: RFC 1034.
    """
    if settings.domains.api == "same-origin":
        raise NotApplicable("the API is served under the site: it has no name of its own")
    _expect_resolved(settings.domains.api, "domains.api", names, web, own_page, settings, case)


@item("deploy.network.https-redirect", either=("proxy_machine",))
def test_redirects_keep_the_whole_address(
    plain_http: Mapping[str, Mapping[str, Known[HttpAnswer] | Unknown]],
    proxy_machine: Known[ProxyMachine] | Unknown,
    settings: Settings,
    case: Cases,
) -> None:
    """Whoever follows an old link must arrive at what it names, and not at the first page.

    Fix: "Force SSL" for every host of the proxy; in nginx `return 301 https://$host$request_uri;`.
    See: RFC 9110 section 15.4; the checklist.
    """
    if not plain_http:
        raise NotAssessed("no domain is declared ([domains] site, www, api)")
    known = {*settings.domains.names, *settings.domains.also_redirect_to}
    for domain, answers in plain_http.items():
        for place, answer in within_reach(answers).items():
            with case(f"http://{domain}{place}"):
                said = need(answer)
                case.saw(f"http://{domain}{place}: {said.status} {said.location}")
                expect_let_pass(said.status)
                if said.status not in (301, 308):
                    case.adds(served_at(proxy_machine, domain, is_tls=False))
                assert said.status in (301, 308), f"answers {said.status or 'nothing'}"
                there = expect_way(said.url, said.location, said.way, known)
                assert there.path == said.path, f"loses the way: {said.location}"
                expect_whole_way(said.url, said.way, said.path)


REDIRECTS = (301, 302, 303, 307, 308)


@item("deploy.network.www")
def test_www_and_apex_end_at_one_address(web: Web, certificates: Certificates, settings: Settings, case: Cases) -> None:
    """Two addresses of one page are two logins, two caches, two entries in every search.

    Fix: let one of the two names answer 301 to the other, both with a valid certificate.
    See: RFC 9110 section 15.4.2.
    """
    site, www = settings.domains.site, settings.domains.www
    if www is None:
        raise NotApplicable("domains.www is not set: there is no such name")
    if site is None:
        raise NotAssessed("domains.site is not set")
    ends: dict[str, str] = {}
    for name in (site, www):
        _expect_trusted(name, certificates, case)
        for place, answer in of_name(within_reach(web.fronts), name).items():
            with case(f"https://{place}/"):
                said = need(answer)
                case.saw(f"https://{place}/: {said.told}")
                expect_let_pass(said.status)
                # A temporary redirect, the default of some proxies, leads to one address as well.
                assert said.status in (200, *REDIRECTS), f"answers {said.status or 'nothing'}"
                end = said.url
                if said.status != 200:
                    expect_way(said.url, said.location, said.way, (site, www))
                    steps = need(said.way)
                    assert steps[-1].status == 200, f"ends with {steps[-1].status} at {steps[-1].url}"
                    end = steps[-1].url
                ends[place] = urls.origin(end)
    with case("canonical address", *dict.fromkeys(ends.values())):
        if {name for name in (site, www) if of_name(ends, name)} == {site, www}:
            assert len(set(ends.values())) == 1, f"there are two: {site} and {www} both answer for themselves"


@item("deploy.network.no-mixed-content")
def test_nothing_is_loaded_without_tls(pages: tuple[Page, ...], case: Cases) -> None:
    """One script over http hands the whole page to whoever is in between; browsers block it, and the page breaks.

    Fix: change the address to https, or to one relative to the page.
    See: https://www.w3.org/TR/mixed-content/
    """
    for page in pages:
        with case(page.url):
            expect_loaded(page, case)
            case.saw(f"{page.url}: {_count(page.resources, 'file')}, {len(page.over_http) or 'none'} over http")
            assert not page.over_http, f"asks for {page.over_http[0]}"
            blocked = [text for text in page.errors if "Mixed Content" in text]
            assert not blocked, blocked[0] if blocked else ""
            if page.shown is not None and page.shown.trouble:
                raise NotAssessed(f"{page.shown.trouble}: what it would ask for was not seen")
