"""What the domain names resolve to: on every authoritative server, and on the configured resolvers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pytest_zebu.facts.answer import Garbled, Known, Unknown, part
from pytest_zebu.facts.fact import Fact, Gathered, Look
from pytest_zebu.settings.target import Target


@dataclass(frozen=True, slots=True)
class Resolution:
    """One server's answer for one name.

    Attributes:
        addresses: of A and AAAA records, at the end of any CNAME chain.
    """

    server: str
    is_authoritative: bool
    answer: Known[tuple[str, ...]] | Unknown


@dataclass(frozen=True, slots=True)
class Name:
    """A name, and what each server says of it."""

    domain: str
    resolutions: tuple[Resolution, ...]


def look(target: Target, domain: str) -> Look:
    """Ask everywhere for one name."""
    return Look("dns", domain, {"domain": domain, "resolvers": list(target.settings.domains.resolvers)})


def looks(target: Target) -> tuple[Look, ...]:
    """A look per declared name."""
    return tuple(look(target, domain) for domain in target.settings.domains.names)


def _answer(row: Any) -> Known[tuple[str, ...]] | Unknown:
    if isinstance(row, dict) and isinstance(row.get("unknown"), Unknown):
        unknown: Unknown = row["unknown"]
        return unknown
    addresses = part(row, "addresses", list)
    if not all(isinstance(address, str) for address in addresses):
        raise Garbled("the addresses of a name")
    return Known(tuple(addresses))


def parse(gathered: Gathered, target: Target) -> dict[str, Known[Name] | Unknown]:
    """By domain."""
    found: dict[str, Known[Name] | Unknown] = {}
    for domain in target.settings.domains.names:
        seen = gathered.saw(look(target, domain))
        if isinstance(seen, Unknown):
            found[domain] = seen
            continue
        rows = []
        for row in part(seen.value, "servers", list):
            answer = _answer(row)
            rows.append(Resolution(part(row, "server", str), part(row, "authoritative", bool), answer))
        found[domain] = Known(Name(domain, tuple(rows)))
    return found


FACT = Fact("names", parse, looks=looks)
