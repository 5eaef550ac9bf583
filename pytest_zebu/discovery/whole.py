"""All that a machine tells of its deployment, and then all that its names do."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from pytest_zebu.discovery.backups import backups
from pytest_zebu.discovery.forge import forge
from pytest_zebu.discovery.found import Found, Seen, Unseen
from pytest_zebu.discovery.names import Told, names
from pytest_zebu.facts import urls
from pytest_zebu.facts.answer import Known, Unknown
from pytest_zebu.facts.environment import DOTENV, Environment

Read = Callable[[str], Known[Any] | Unknown]
"""A fact, by its name."""
INSIDE = ("containers", "environment", "jobs", "machine", "repository")
"""The facts of the machine that tell of it."""
OUTSIDE = ("certificates", "names")
"""The facts of its names, once those are known."""
FRONTEND = "VITE_API_BASE_URL"
NAMES = "the names could not be told apart: the running backend has no CORS_ORIGINS with a public name in it"


def inside(read: Read) -> Iterator[Seen]:
    """What the machine itself tells: names, backups, the forge."""
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
    jobs = read("jobs")
    yield from backups(jobs.value if isinstance(jobs, Known) else ())
    repository = read("repository")
    yield from forge(repository.value.remote if isinstance(repository, Known) else "")


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
    site = addresses["site"]
    if isinstance(site, str):
        yield Unseen("domains.addresses", '["198.51.100.7"]', site)
        return
    yield site
    certificates = read("certificates")
    for key in ("www", "api"):
        answer = certificates.value.get(asked[key]) if isinstance(certificates, Known) else None
        certificate = answer.value if isinstance(answer, Known) else None
        # Where every name leads there, only a certificate shows that one is meant.
        if isinstance(addresses[key], Found) and certificate is not None and certificate.covers_name:
            yield Found(
                f"domains.{key}", asked[key], f"{asked[key]} leads somewhere, and a certificate for it is served there"
            )
    public = [one for one in site.value if ipaddress.ip_address(one).is_global] if isinstance(site.value, tuple) else []
    if public:
        yield Found(
            "host.public_address",
            public[0],
            f"what {asked['site']} leads to",
            "behind a content delivery network it is another one",
        )


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
        if isinstance(one, Found) or not isinstance(found.get(one.key), Found):
            found[one.key] = one
    return tuple(found.values())
