"""What the domain names resolve to: on every authoritative server, and on the configured resolvers."""

from __future__ import annotations

import ipaddress
from typing import Any

from msgspec import Struct

from pytest_zebu.facts.answer import Garbled, Known, Unknown, part
from pytest_zebu.facts.fact import Fact, Gathered, Look
from pytest_zebu.settings.target import Target


class Resolution(Struct, frozen=True):
    """One server's answer for one name.

    Attributes:
        addresses: of A and AAAA records, at the end of any CNAME chain.
        is_beyond: this machine has no way to the server, as to one with an IPv6 address only: others can tell.
        refusal: the code with which it says neither what there is nor that there is none.
        is_aside: it answers in an authority's place, without saying that it is one.
        is_out_of_order: a resolver that does not tell which servers the zones above the name have either, not even the root's.
    """

    server: str
    is_authoritative: bool
    answer: Known[tuple[str, ...]] | Unknown
    is_beyond: bool = False
    refusal: str = ""
    is_aside: bool = False
    is_out_of_order: bool = False


class Name(Struct, frozen=True):
    """A name, and what each server says of it."""

    domain: str
    resolutions: tuple[Resolution, ...]


def lead(target: Target) -> dict[str, Any]:
    """What a look needs to go where users are led: the declared names, what they resolve to, and who resolves them."""
    domains = target.settings.domains
    return {
        "names": list(domains.names),
        "addresses": list(domains.addresses),
        "resolvers": list(domains.resolvers),
    }


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
    try:
        return Known(tuple(str(ipaddress.ip_address(address)) for address in addresses))
    except ValueError:
        raise Garbled("the addresses of a name") from None


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
            is_unknown = isinstance(answer, Unknown)
            refusal = part({"refuses": "", **row}, "refuses", str) if is_unknown else ""
            rows.append(
                Resolution(
                    server=part(row, "server", str),
                    is_authoritative=part(row, "authoritative", bool),
                    answer=answer,
                    is_beyond=is_unknown and row.get("beyond") is True,
                    refusal=refusal,
                    is_aside=row.get("aside") is True,
                    is_out_of_order=row.get("others") is False,
                )
            )
        found[domain] = Known(Name(domain, tuple(rows)))
    return found


FACT = Fact("names", parse, looks=looks)
