"""What stands in front of the application: who serves its certificate beside it, and what administers that."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct, field

from pytest_zebu.facts import callers, certificates, urls, web
from pytest_zebu.facts.answer import Garbled, Known, Missing, Reason, Unknown, part
from pytest_zebu.facts.fact import Fact, Gathered, Look, parse_json
from pytest_zebu.facts.sockets import bracketed
from pytest_zebu.facts.web import Answer
from pytest_zebu.settings.target import Target

MOST_CALLERS, MOST_ADDRESSES = 4, 2
ADMINISTRATION = 81
NETWORKS: Mapping[str, str] = {
    "cf-ray": "Cloudflare", "x-amz-cf-id": "Amazon CloudFront", "x-azure-ref": "Azure Front Door", "x-fastly-request-id": "Fastly",
    "x-akamai-request-id": "Akamai", "cdn-requestid": "bunny.net", "x-vercel-id": "Vercel", "x-nf-request-id": "Netlify",
}  # fmt: skip
"""What content delivery networks add to each answer, by header."""


class Place(Struct, frozen=True):
    """An address that may be the proxy's.

    Attributes:
        calls: how many requests of it the project's services had; none for an address to which names lead.
        is_own: it is the judged machine itself.
        fingerprint: of the certificate that it serves for the site, SHA-256; empty where it refuses.
        administration: where one answers there, read-only and without a login; empty where none does.
        product: what that says it is.
    """

    address: str
    calls: int
    fingerprint: Known[str] | Unknown
    administration: str = ""
    product: str = ""
    is_own: bool = False


class Entrance(Struct, frozen=True):
    """What is in front.

    Attributes:
        places: the machines that ask the project's services, then the machine itself, then where names lead.
        fronts: the site's first page, by the address to which its name leads.
        network: the content delivery network that answers there, by its own headers; empty where none says so.
        server: what the server calls itself there.
    """

    places: tuple[Place, ...]
    fronts: Mapping[str, Known[Answer] | Unknown] = field(default_factory=dict)
    network: str = ""
    server: str = ""


def _declared(target: Target) -> list[str]:
    """The machine itself, and where its names lead: known before anybody has answered."""
    single = [one for one in target.settings.domains.addresses if "/" not in one][:MOST_ADDRESSES]
    known = (target.address, *single)
    return [*dict.fromkeys(str(ipaddress.ip_address(one)) for one in known if urls.is_address(one))]


def _candidates(gathered: Gathered, target: Target) -> dict[str, int]:
    """By address, how often it asks: those that ask most, the machine itself, and where its names lead."""
    asked = callers.FACT.read(gathered, target)
    found = dict(list(asked.value.private.items())[:MOST_CALLERS]) if isinstance(asked, Known) else {}
    for address in _declared(target):
        found.setdefault(address, 0)
    return found


def _administrations(target: Target, address: str) -> Iterator[tuple[str, Look]]:
    """Its page that says whether all is well, which answers everybody: NPMplus over TLS, Nginx Proxy Manager without."""
    for scheme in ("https", "http"):
        url = f"{scheme}://{bracketed(address)}:{ADMINISTRATION}"
        arguments = {"url": f"{url}/api/", "domain": address, "control": target.settings.control, "body_limit": 4096}
        yield url, Look("http", f"administration {url}", arguments)


def _front_look(target: Target, site: str) -> Look | None:
    """The site's first page, as the fact about the web asks for it."""
    return next((look for look in web.looks(target) if look.subject == f"https {site}"), None)


def _looks_at(target: Target, site: str, addresses: Iterable[str]) -> Iterator[Look]:
    """At each address that may be the proxy's: a handshake for the site, and the administration's first page."""
    for address in addresses:
        yield certificates.look(target, site, address)
        yield from (look for _, look in _administrations(target, address))


def looks(target: Target) -> tuple[Look, ...]:
    """The first page; and the addresses that are declared, where a port that never answers takes its time."""
    site = target.settings.domains.site
    if site is None:
        return ()
    front = _front_look(target, site)
    return (*([front] if front else []), *_looks_at(target, site, _declared(target)))


def then(gathered: Gathered, target: Target) -> tuple[Look, ...]:
    """The addresses of those who ask."""
    site = target.settings.domains.site
    if site is None or isinstance(callers.FACT.read(gathered, target), Unknown):
        return ()
    return tuple(_looks_at(target, site, _candidates(gathered, target)))


def parse(gathered: Gathered, target: Target) -> Entrance:
    """From who asks, what each address serves, and the first page."""
    site = target.settings.domains.site
    if site is None:
        raise Missing(Unknown(Reason.NOT_CONFIGURED, "domains.site is not set"))
    if isinstance(asked := callers.FACT.read(gathered, target), Unknown):
        raise Missing(asked)
    places = []
    for address, calls in _candidates(gathered, target).items():
        seen = gathered.saw(certificates.look(target, site, address))
        fingerprint = seen if isinstance(seen, Unknown) else Known(certificates.served(seen.value, site))
        is_own = urls.is_address(target.address) and address == str(ipaddress.ip_address(target.address))
        places.append(Place(address, calls, fingerprint, *_administration(gathered, target, address), is_own))
    look = _front_look(target, site)
    front_seen = gathered.saw(look) if look else None
    rows = part(front_seen.value, "at", dict) if isinstance(front_seen, Known) else {}
    fronts = {
        address: row if isinstance(row, Unknown) else web.read_answer(Known(row), f"https://{site}/")
        for address, row in rows.items()
    }
    front = next((one.value for one in fronts.values() if isinstance(one, Known)), None)
    network = next((name for header, name in NETWORKS.items() if front and front.header(header)), "")
    return Entrance(tuple(places), fronts, network, front.header("server")[:60] if front else "")


def _administration(gathered: Gathered, target: Target, address: str) -> tuple[str, str]:
    for url, look in _administrations(target, address):
        seen = gathered.saw(look)
        if isinstance(seen, Known) and (product := _product(seen.value)):
            return url, product
    return "", ""


def _product(row: object) -> str:
    """What an administration says that it is; empty for what is none that is known."""
    answer = web.read_answer(Known(row), "")
    if isinstance(answer, Unknown) or answer.value.status != 200 or not answer.value.is_json:
        return ""
    try:
        told = parse_json(answer.value.body, "an administration")
    except Garbled:
        return ""
    if not isinstance(told, dict) or told.get("status") != "OK":
        return ""
    version = told.get("version")
    if {"oidc", "password"} & told.keys() or (isinstance(version, str) and version):
        return "NPMplus"
    return "Nginx Proxy Manager, or NPMplus" if isinstance(version, dict) and "major" in version else ""


FACT = Fact("entrance", parse, (callers.PROBE,), looks=looks, then=then)
