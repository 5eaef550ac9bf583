"""All that a machine tells of its deployment, and then all that its names do."""

from __future__ import annotations

import ipaddress
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from pytest_zebu.discovery.backups import backups
from pytest_zebu.discovery.forge import forge
from pytest_zebu.discovery.found import Found, Seen, Unseen
from pytest_zebu.discovery.hypervisor import hypervisor
from pytest_zebu.discovery.names import STAGING, Told, names
from pytest_zebu.discovery.projects import projects
from pytest_zebu.discovery.proxy import proxy
from pytest_zebu.facts import urls
from pytest_zebu.facts.answer import Answer, Known, Unknown
from pytest_zebu.facts.certificates import Certificate
from pytest_zebu.facts.entrance import Entrance
from pytest_zebu.facts.environment import DOTENV, Environment
from pytest_zebu.facts.http import of_name
from pytest_zebu.shown import clean_line

Read = Callable[[str], Known[Any] | Unknown]
"""A fact, by its name."""
INSIDE = ("addressing", "containers", "environment", "jobs", "machine", "repository", "virtualization")
"""The facts of the machine that tell of it."""
OUTSIDE = ("certificates", "names")
"""The facts of its names, once those are known."""
IN_FRONT = ("certificates", "entrance", "own_page")
"""The facts of what stands where its names lead, once that is known."""
FRONTEND = "VITE_API_BASE_URL"
NAMES = "the names could not be told apart: the running backend has no CORS_ORIGINS with a public name in it"


DATABASE = "no container of the project runs PostgreSQL: a role with pg_monitor and SELECT on alembic_version, its address alone in this file, mode 0600"
DOCS = "what is meant cannot be seen: whether the API's description (/docs, /openapi.json) is to be public or hidden"
KEY = "an API key of the application, of a user who is there for the probes, alone in this file, mode 0600; used with --zebu-active=functional only"
MOST_ADDRESSES = 32
"""Of a name; no more are looked at one by one anyway."""
LETS_ENCRYPT = "let's encrypt"


def inside(read: Read) -> Iterator[Seen]:
    """What the machine itself tells: the project, names, backups, the forge, what it runs on."""
    yield from _machine(read)
    environment = read("environment")
    told = _told(environment.value) if isinstance(environment, Known) else Told()
    found = {one.key: one for one in names(told)}
    yield from found.values()
    if "domains.site" not in found:
        yield Unseen(
            "domains.site", '"zebu.example.org"', NAMES if isinstance(environment, Known) else str(environment)
        )
    if "domains.api" not in found:
        yield Unseen(
            "domains.api", '"api.zebu.example.org"', "a name, or same-origin where the API is served under the site"
        )
    if "domains.staging" not in found:
        yield Unseen("domains.staging", '"staging.zebu.example.org"', "where a release is tried first")
    jobs, containers = read("jobs"), read("containers")
    yield from backups(
        jobs.value if isinstance(jobs, Known) else (),
        environment.value if isinstance(environment, Known) else None,
        containers.value if isinstance(containers, Known) else None,
    )
    repository = read("repository")
    yield from forge(repository.value.remote if isinstance(repository, Known) else "")
    yield from hypervisor(read("virtualization"))
    yield Unseen("application.docs", '"hidden"', DOCS)
    yield Unseen("probes.api_key_file", '"keys/api-key.secret"', KEY)


def _machine(read: Read) -> Iterator[Seen]:
    """Which project it is, whether its database is elsewhere, and whether its address may move."""
    containers, machine, addressing = read("containers"), read("machine"), read("addressing")
    if isinstance(containers, Known):
        yield from projects(containers.value, machine.value if isinstance(machine, Known) else None)
        # An empty list was looked for; where nobody could look, there is none.
        if containers.value.project and containers.value.databases == ():
            yield Unseen("database.url_file", '"keys/database.url"', DATABASE)
    if isinstance(addressing, Known) and addressing.value.lease:
        why = f"{addressing.value.address} comes by DHCP: the address that the router reserves for it, if it does"
        yield Unseen("host.reserved_address", f'"{addressing.value.address}"', why)


def _told(environment: Environment) -> Told:
    origins = environment.backend("CORS_ORIGINS") or environment.get(DOTENV, "CORS_ORIGINS")
    # The frontend has it built in; its container, where it names it, is nearer to that than the file that was there then.
    bases = [*environment.elsewhere(FRONTEND), *filter(None, [environment.get(DOTENV, FRONTEND)])]
    return Told(
        urls.listed_origins(origins.plain) if origins else (),
        bases[0].plain if bases and (bases[0].plain or not bases[0].length) else None,
    )


def to_ask(seen: Iterable[Seen]) -> dict[str, str]:
    """The names to ask for once the site is known, as `[domains]`: also those that most have, if they are there."""
    found = {one.key: one.value for one in seen if isinstance(one, Found)}
    site = str(found.get("domains.site", ""))
    if not site:
        return {}
    api = str(found.get("domains.api", ""))
    return {"site": site, "www": f"www.{site}", "api": api if api not in ("", "same-origin") else f"api.{site}"}


def outside(read: Read, asked: Mapping[str, str]) -> Iterator[Seen]:
    """What names lead to, as servers of names say it, and which of them serve a certificate of their own.

    Args:
        read: facts, of the names that were asked for.
        asked: those, as `[domains]`.
    """
    if not asked:
        return
    addresses = {key: _addresses(read, name) for key, name in asked.items()}
    if (api := asked.get("api")) and not _is_told(read, api):
        why = f"whether there is {api} was not seen; same-origin where the API is served under the site"
        yield Unseen("domains.api", f'"{api}"', why, instead_of="same-origin")
    site = addresses["site"]
    if isinstance(site, str):
        yield Unseen("domains.addresses", '["198.51.100.7"]', site)
        return
    yield site
    known = _certificates(read)
    for key in ("www", "api"):
        # Where every name leads there, only a certificate shows that one is meant.
        if isinstance(addresses.get(key), Found) and any(
            one.covers_name for one in of_name(known, asked[key]).values()
        ):
            yield Found(
                f"domains.{key}", asked[key], f"{asked[key]} leads somewhere, and a certificate for it is served there"
            )
    yield from _by_certificate(of_name(known, asked["site"]).values(), asked["site"])


def _certificates(read: Read) -> dict[str, Certificate]:
    found = read("certificates")
    answers = found.value if isinstance(found, Known) else {}
    return {place: one.value for place, one in answers.items() if isinstance(one, Known) and one.value is not None}


def in_front(read: Read, asked: Mapping[str, str], seen: Iterable[Seen]) -> Iterator[Seen]:
    """What stands where the names lead: a content delivery network, a proxy, this machine's own page.

    Args:
        read: facts, of the names that were asked for, and of the addresses to which they lead.
        asked: the names.
        seen: what was seen so far.
    """
    if not asked:
        return
    site = asked["site"]
    entrance = read("entrance")
    led = next((one for one in seen if isinstance(one, Found) and one.key == "domains.addresses"), None)
    network = entrance.value.network if isinstance(entrance, Known) else ""
    if network:
        moves = f"{network} answers there, which moves its addresses: declare its networks"
        if led is not None:
            yield replace(led, doubt="; ".join(filter(None, (led.doubt, moves))))
        why = f"{network} stands in front: the proxy's own address behind it, which names do not tell"
        yield Unseen("domains.origin", '"198.51.100.9"', why)
    yield from proxy(entrance, {one.fingerprint for one in of_name(_certificates(read), site).values()}, site)
    yield _public_address(entrance, read("own_page"), site, led)


def asking(read: Read) -> tuple[str, ...]:
    """The other machines beside it that ask this one's services, such as the proxy."""
    found = read("entrance")
    places = found.value.places if isinstance(found, Known) else ()
    return tuple(one.address for one in places if one.calls and not one.is_own)


def _by_certificate(certificates: Iterable[Certificate], site: str) -> Iterator[Unseen]:
    """Who issues them where that is not the usual one, and a name in them that may be the staging deployment's."""
    for one in certificates:
        issuer = one.issuer_organization or one.issuer
        if issuer and not issuer.lower().startswith(LETS_ENCRYPT):
            why = f"the certificate of {site} comes from it; if that is meant, it is declared in [[relaxed]] too"
            yield Unseen("tls.issuer", _quoted(issuer), why)
        for name in one.names:
            if STAGING.search(name) and name != site and not name.startswith("*"):
                why = f"the certificate of {site} names it, and nobody looked there: where a release is tried first"
                yield Unseen("domains.staging", _quoted(name), why)
                return


def _quoted(text: str) -> str:
    """As a TOML string: what a certificate says may hold anything."""
    return json.dumps(clean_line(text, 100), ensure_ascii=False)


PUBLIC = '"198.51.100.7"'


def _public_address(entrance: Answer[Entrance], own_page: Answer[str], site: str, led: Found | None) -> Seen:
    """Where the internet sees the machine: an address to which its name leads, if this machine's own page stands there, and ssh goes there.

    Behind a content delivery network, or a relay, that is the network's, whose other ports are none of the machine's.
    """
    if not isinstance(entrance, Known) or not isinstance(own_page, Known):
        why = next(one for one in (entrance, own_page) if not isinstance(one, Known))
        return Unseen(
            "host.public_address", PUBLIC, f"whether this machine's page stands where {site} leads was not seen ({why})"
        )
    if entrance.value.network:
        return Unseen(
            "host.public_address", PUBLIC, f"{site} leads to {entrance.value.network}, not to the machine's own address"
        )
    addresses = led.value if led is not None and isinstance(led.value, tuple) else ()
    for address, answer in entrance.value.fronts.items():
        last = answer.value.end or answer.value if isinstance(answer, Known) else None
        is_led_to = address in addresses and ipaddress.ip_address(address).is_global
        if is_led_to and last is not None and last.status == 200 and last.sha256 == own_page.value:
            where = f"{site} leads there, and this machine's page answers"
            # A relay that others have rented serves it too, and its other ports are its own.
            if any(place.is_own and place.address == address for place in entrance.value.places):
                return Found("host.public_address", address, f"{where}; so does ssh")
            return Unseen(
                "host.public_address",
                f'"{address}"',
                f"{where}: if that is its own address, or its router's, and no relay's",
            )
    return Unseen(
        "host.public_address", PUBLIC, f"this machine's page was not seen at a public address to which {site} leads"
    )


def _is_told(read: Read, name: str) -> bool:
    """Whether any server says something of a name, if only that there is none."""
    names_seen = read("names")
    said = names_seen.value.get(name) if isinstance(names_seen, Known) else names_seen
    return isinstance(said, Known) and any(isinstance(one.answer, Known) for one in said.value.resolutions)


def _addresses(read: Read, name: str) -> Found | str:
    """Where a name leads by most of those who were asked; or why that is not known."""
    names_seen = read("names")
    said = names_seen.value.get(name) if isinstance(names_seen, Known) else names_seen
    if not isinstance(said, Known):
        return f"what {name} leads to was not seen: {said}"
    answers = {one.server: one.answer.value for one in said.value.resolutions if isinstance(one.answer, Known)}
    best = next((pair for pair in Counter(answers.values()).most_common() if pair[0]), None)
    if best is None:
        return f"no server of names has an address for {name}"
    if len(best[0]) > MOST_ADDRESSES:
        return f"{name} leads to {len(best[0])} addresses: declare their networks"
    servers = [server for server, answer in answers.items() if answer == best[0]]
    others = len(answers) - best[1]
    doubt = f"{others} of {len(answers)} servers of names say something else" if others else ""
    return Found(
        "domains.addresses", best[0], f"{name} by {len(servers)} servers of names, {servers[0]} among them", doubt
    )


def as_settings(seen: Iterable[Seen], host: str) -> dict[str, Any]:
    """What was found as the tables of a file, to be read as one."""
    tables: dict[str, Any] = {}
    for one in seen:
        if isinstance(one, Found):
            path = ["hosts", host, one.key.removeprefix("host.")] if one.key.startswith("host.") else one.key.split(".")
            at = tables
            for name in path[:-1]:
                at = at.setdefault(name, {})
            at[path[-1]] = list(one.value) if isinstance(one.value, tuple) else one.value
    return tables


def settled(seen: Sequence[Seen]) -> tuple[Seen, ...]:
    """Of each key what was said last, in the order of first mention: what is seen from outside counts more; a value more than none."""
    found: dict[str, Seen] = {}
    for one in seen:
        before = found.get(one.key)
        if isinstance(one, Found) or not isinstance(before, Found) or before.value == one.instead_of:
            found[one.key] = one
    return tuple(found.values())
