"""What the declared names answer over https, to whom, and what their scripts call."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from pytest_zebu.facts import elsewhere, urls
from pytest_zebu.facts.answer import Garbled, Known, Missing, Reason, Unknown, part
from pytest_zebu.facts.dns import lead
from pytest_zebu.facts.fact import Fact, Gathered, Look, Need, Probe
from pytest_zebu.facts.http import PROTECTED, Way, by_place, nowhere, of_name, read_way
from pytest_zebu.settings.target import Target

PAGE_LIMIT, HEALTH_LIMIT, DESCRIPTION_LIMIT = 262_144, 65_536, 16_384
FOREIGN = "https://zebu-readiness.example"
# What pages send that is more than a form could: they delete, they sign in, and they speak JSON.
METHOD, HEADERS = "DELETE", ("authorization", "content-type")
PREFLIGHT = {"Access-Control-Request-Method": METHOD, "Access-Control-Request-Headers": ",".join(HEADERS)}
MISSING = "/api/v1/zebu-readiness-missing"
DESCRIBED_UNDER = ("", "/api", "/api/v1")
DESCRIPTIONS = (
    *(f"{base}/{name}" for base in DESCRIBED_UNDER for name in ("openapi.json", "docs", "redoc")),
    "/openapi.yaml", "/swagger.json", "/swagger", "/scalar",
)  # fmt: skip
"""Where an API's description may be: FastAPI's own places, below what its routes begin with too, and usual other ones."""
CORRELATION = "zebu-readiness"
# Well-formed and worthless: a key of the right length; a session token that no one signed; one that has run out.
FORGED_KEY = "zk_" + "zebuReadinessForgedKey".ljust(43, "0")


def _forged_session(expires: int) -> str:
    """A session token of the right shape (RFC 7519) whose key nobody has, expiring at a moment (Unix time)."""
    parts = (
        {"alg": "RS256", "kid": "zebu-readiness", "typ": "JWT"},
        {"sub": "user_zebu_readiness", "iat": 1_500_000_000, "exp": expires},
    )
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, "c2lnbmF0dXJl"])


CREDENTIALS: Mapping[str, Mapping[str, str]] = {
    "no token": {},
    "a forged API key": {"X-API-Key": FORGED_KEY},
    "a forged session token": {"Authorization": f"Bearer {_forged_session(4_102_444_800)}"},
    "an expired session token": {"Authorization": f"Bearer {_forged_session(1_500_000_060)}"},
}
PAGE_PROBE = Probe(
    "page",
    file="page.pl",
    uses=("connected.pl",),
    needs=(Need.FRONTEND_ADDRESS,),
)


class Answer(Struct, frozen=True):
    """The first answer to a request; status 0 and a trouble where nothing answers although the network is there.

    Attributes:
        way: the answers to which it leads, where they were asked for.
        is_cut: the body may be longer than what was read of it.
        end: where it leads on, the answer at the end of the way.
        again: why it was asked for a second time; empty where the first answer came in time.
        ago: how long ago it came, where another machine asked and handed it in; empty where this one asked now.
    """

    url: str
    status: int
    location: str
    headers: Mapping[str, tuple[str, ...]]
    body: str
    sha256: str
    trouble: str = ""
    way: Way = field(default_factory=nowhere)
    is_cut: bool = False
    end: Answer | None = None
    again: str = ""
    ago: str = ""

    @property
    def told(self) -> str:
        """What came, and whether it came at the second try only."""
        return " ".join(filter(None, (str(self.status), self.location, self.again and f"({self.again})")))

    @property
    def is_redirect(self) -> bool:
        """Whether it says that what was asked for is elsewhere."""
        return 300 <= self.status < 400

    @property
    def says_nothing(self) -> str:
        """Why it says nothing of what was asked for: the server itself is not well, or counts; empty where it does."""
        if not self.status:
            return f"gets no answer ({self.trouble})"
        return f"is answered with {self.status}" if self.status == 429 or self.status >= 500 else ""

    def combined(self, name: str) -> str:
        """All values of a header as one, as browsers take most headers (https://fetch.spec.whatwg.org/#concept-header-list-get)."""
        return ", ".join(self.headers.get(name, ()))

    def header(self, name: str) -> str:
        """The first value of a header, as browsers take it; empty if there is none."""
        return next(iter(self.headers.get(name, ())), "")

    @property
    def is_json(self) -> bool:
        """Whether it says that it is JSON."""
        return urls.is_json(self.header("content-type"))

    @property
    def is_page(self) -> bool:
        """Whether it says that it is a page."""
        return urls.media_type(self.header("content-type")) in ("text/html", "application/xhtml+xml")


Seen = Known[Answer] | Unknown


class Web(Struct, frozen=True):
    """The answers, by what was asked.

    Attributes:
        fronts: by declared name, and by address where it leads to several: the first page, of the API its health.
        simple, preflight: by origin, of a protected route of the API.
        refused: by kind of credential, of the same route.
        missing: of a route that the API does not have.
        health: of the health address under each name.
        documentation: by address, of what may describe the API.
        root: of the API's greeting, which the backend gives.
    """

    fronts: Mapping[str, Seen]
    simple: Mapping[str, Seen]
    preflight: Mapping[str, Seen]
    refused: Mapping[str, Seen]
    missing: Seen
    health: Mapping[str, Seen]
    documentation: Mapping[str, Seen]
    root: Seen

    def is_counted(self, said: Answer) -> bool:
        """Whether an answer of the API is that of somebody who counts requests, and says nothing else.

        nginx does so with 503, unless it is told otherwise; where the API is out of order, it lets nobody else through.
        """
        if said.status == 503:
            # Preflights may be answered by a proxy whose backend is down.
            others = (*self.simple.values(), *self.refused.values())
            return any(isinstance(one, Known) and 0 < one.value.status < 500 for one in others)
        return said.status == 429


class Scripts(Struct, frozen=True):
    """The page's scripts, and the addresses of an API that they name, with what these answer."""

    scripts: tuple[tuple[str, int, str], ...]
    bases: Mapping[str, tuple[int, str]]


_NETWORKS = re.compile(
    r"(cloudflare|cloudfront|akamai|bunnycdn|keycdn|sucuri|ddos-guard|fastly|imperva|incapsula)", re.IGNORECASE
)
"""Content delivery networks, by how they call their servers in their answers."""


def network_before(web: Web, name: str) -> str:
    """The content delivery network that answers under a name, by its own word; empty where none says so."""
    for answer in of_name(web.fronts, name).values():
        found = _NETWORKS.match(answer.value.header("server")) if isinstance(answer, Known) else None
        if found:
            return found[1].lower()
    return ""


def foreign_origins(target: Target) -> tuple[str, ...]:
    """Origins that must not be allowed: a stranger, no origin, a developer's machine, and those alike to a page's.

    Of each page: its name at either end of another, below it, at another port, without TLS, and with a dot that is none.
    """
    found = [FOREIGN, "null", "http://localhost:5173"]
    for page in target.settings.domains.page_origins:
        name = page.removeprefix("https://")
        found += [
            f"https://{name}.zebu-readiness.example", f"https://zebu-readiness{name}", f"https://zebu-readiness.{name}",
            f"http://{name}", f"https://{name}:4443", f"https://{name.replace('.', '-')}",
        ]  # fmt: skip
    return tuple(dict.fromkeys(found))


FOREIGN_PREFLIGHTS = 5
"""Of so many foreign origins a preflight is seen, too: whoever answers it tells them apart as with any request."""


def _look(target: Target, subject: str, url: str, headers: Mapping[str, str], method: str, limit: int) -> Look:
    arguments = {"url": url, "method": method, "headers": dict(headers), "body_limit": limit}
    return Look("http", subject, {**arguments, **lead(target), "control": target.settings.control})


def _front_look(target: Target, name: str, path: str) -> Look:
    """The first page at each address to which a name leads, and where it leads on."""
    headers = {"X-Correlation-ID": CORRELATION}
    one = _look(target, f"https {name}", f"https://{name}{path}", headers, "GET", PAGE_LIMIT)
    return replace(one, arguments={**one.arguments, "domain": name, "everywhere": True, "follow": True})


GROUPS = ("front", "simple", "preflight", "refused", "missing", "health", "root")


def _asked(target: Target) -> dict[str, dict[str, Look]]:
    """All looks, by group and name."""
    domains = target.settings.domains
    api = domains.api_origin
    found: dict[str, dict[str, Look]] = {name: {} for name in GROUPS}
    for name in domains.names:
        path = "/health" if f"https://{name}" == api and domains.api != "same-origin" else "/"
        health = _look(target, f"health {name}", f"https://{name}/health", {}, "GET", HEALTH_LIMIT)
        found["health"][name] = replace(health, arguments={**health.arguments, "follow": True})
        found["front"][name] = _front_look(target, name, path)
    if api is None:
        return found
    url = f"{api}{PROTECTED}"
    foreign = foreign_origins(target)
    for origin in (*domains.page_origins, *foreign):
        found["simple"][origin] = _look(target, f"cors {origin}", url, {"Origin": origin}, "GET", 0)
    for origin in (*domains.page_origins, *foreign[:FOREIGN_PREFLIGHTS]):
        headers = {"Origin": origin, **PREFLIGHT}
        found["preflight"][origin] = _look(target, f"preflight {origin}", url, headers, "OPTIONS", 0)
    for name, credential in CREDENTIALS.items():
        found["refused"][name] = _look(target, f"with {name}", url, credential, "GET", 4096)
    found["root"]["api"] = _look(target, "greeting", f"{api}/api/v1/", {"X-Correlation-ID": CORRELATION}, "GET", 4096)
    found["missing"]["route"] = _look(target, "missing route", f"{api}{MISSING}", {}, "GET", 16_384)
    return found


def _description_looks(target: Target) -> dict[str, Look]:
    """By origin, a look at all places where the API's description may be: under its own name, and under the site's."""
    domains = target.settings.domains
    if domains.api_origin is None:
        return {}
    found = {}
    for origin in dict.fromkeys((domains.api_origin, *domains.page_origins[:1])):
        urls_ = [f"{origin}{path}" for path in DESCRIPTIONS]
        arguments = {"urls": urls_, "body_limit": DESCRIPTION_LIMIT, **lead(target), "control": target.settings.control}
        found[origin] = Look("descriptions", origin, arguments)
    return found


def looks(target: Target) -> tuple[Look, ...]:
    """Every request."""
    asked = (look for group in _asked(target).values() for look in group.values())
    return (*asked, *_description_looks(target).values())


def read_answer(seen: Known[Any] | Unknown, url: str) -> Seen:
    """An answer from the looker's data."""
    return seen if isinstance(seen, Unknown) else Known(_answer(seen.value, url))


def _answer(row: Any, url: str) -> Answer:
    status = part(row, "status", int)
    row = {"headers": {}, "location": "", "body": "", "sha256": "", "error": "", "again": "", **row}
    location, body, sha256, trouble = (part(row, key, str) for key in ("location", "body", "sha256", "error"))
    way, end = read_way(row), None
    if isinstance(way, Known) and way.value and "end" in row:
        # What stands at the end leads nowhere else.
        end = _answer({**part(row, "end", dict), "way": [], "again": ""}, way.value[-1].url)
        end = None if not end.status else end
    is_cut, again = row.get("is_cut") is True, part(row, "again", str)
    return Answer(url, status, location, _headers(row), body, sha256, trouble, way, is_cut, end, again)


def _headers(row: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    headers = part(row, "headers", dict)
    if not all(isinstance(values, list) and all(isinstance(one, str) for one in values) for values in headers.values()):
        raise Garbled("the headers of an answer")
    return {name: tuple(values) for name, values in headers.items()}


def parse(gathered: Gathered, target: Target) -> Web:
    """By group and name."""
    if not target.settings.domains.names:
        raise Missing(Unknown(Reason.NOT_CONFIGURED, "no domain is declared ([domains] site, www, api)"))
    groups = {group: _answers(gathered, asked) for group, asked in _asked(target).items()}
    nowhere = Unknown(Reason.NOT_CONFIGURED, "domains.api is not set (a name, or same-origin)")
    missing = groups["missing"].get("route", nowhere)
    root = groups["root"].get("api", nowhere)
    described = {url: seen for look in _description_looks(target).values() for url, seen in _described(gathered, look)}
    return Web(
        groups["front"], groups["simple"], groups["preflight"], groups["refused"], missing, groups["health"], described,
        root,
    )  # fmt: skip


def _described(gathered: Gathered, look: Look) -> list[tuple[str, Seen]]:
    """What was answered at each address that was asked, and at those that the pages there name."""
    seen = gathered.saw(look)
    if isinstance(seen, Unknown):
        return [(url, seen) for url in look.arguments["urls"]]
    answers = part(seen.value, "answers", dict)
    rows = ((url, one if isinstance(one, Unknown) else Known(one)) for url, one in answers.items())
    return [(url, read_answer(one, url)) for url, one in rows]


def _answers(gathered: Gathered, asked: Mapping[str, Look]) -> dict[str, Seen]:
    found: dict[str, Seen] = {}
    for name, look in asked.items():
        seen, url = gathered.saw(look), str(look.arguments["url"])
        places = by_place(name, seen) if look.arguments.get("everywhere") else {name: seen}
        ago = elsewhere.age(seen, gathered.time)
        found |= {place: _aged(read_answer(one, url), ago) for place, one in places.items()}
    return found


def _aged(seen: Seen, ago: str) -> Seen:
    """An answer that came then, and so did what is at the end of its way."""
    if not ago or isinstance(seen, Unknown):
        return seen
    end = replace(seen.value.end, ago=ago) if seen.value.end else None
    return Known(replace(seen.value, ago=ago, end=end))


def _scripts_look(target: Target) -> Look | None:
    site = target.settings.domains.site
    if site is None:
        return None
    return Look("scripts", site, {"url": f"https://{site}/", **lead(target), "control": target.settings.control})


def scripts_looks(target: Target) -> tuple[Look, ...]:
    """One look."""
    found = _scripts_look(target)
    return (found,) if found else ()


def parse_scripts(gathered: Gathered, target: Target) -> Scripts:
    """From the page and its scripts."""
    asked = _scripts_look(target)
    if asked is None:
        raise Missing(Unknown(Reason.NOT_CONFIGURED, "domains.site is not set"))
    seen = gathered.saw(asked)
    if isinstance(seen, Unknown):
        raise Missing(seen)
    return Scripts(
        tuple((part(row, "url", str), *_status_and_type(row)) for row in part(seen.value, "scripts", list)),
        {base: _status_and_type(row) for base, row in part(seen.value, "bases", dict).items()},
    )


def _status_and_type(row: Any) -> tuple[int, str]:
    return part(row, "status", int), part(row, "type", str)


def parse_page(gathered: Gathered, target: Target) -> str:
    """The SHA-256 of the first page, from the frontend's container."""
    said = gathered.said("page").out.split()
    if not said or len(said[0]) != 64:
        raise Missing(Unknown(Reason.UNDECIDABLE, "the frontend's container did not answer on the machine itself"))
    return said[0]


FACT = Fact("web", parse, looks=looks)
SCRIPTS = Fact("scripts", parse_scripts, looks=scripts_looks)
PAGE = Fact("own_page", parse_page, (PAGE_PROBE,))
