"""Whom to ask for names where nobody on the internet can be asked: those whom this machine asks itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pytest_zebu.discovery.found import Found
from pytest_zebu.facts import urls
from pytest_zebu.facts.answer import Known, Unknown
from pytest_zebu.settings.sections import Domains

DOUBT = "none of the public resolvers answered this machine, and what others are told may differ"


def own_resolvers() -> tuple[str, ...]:
    """The servers of names that this machine asks, by its own configuration."""
    import dns.exception  # only `zebu init` and a run without a file look for them
    import dns.resolver

    try:
        found = dns.resolver.Resolver().nameservers
    except (dns.exception.DNSException, OSError):
        return ()
    return tuple(dict.fromkeys(str(one) for one in found if isinstance(one, str) and urls.is_address(one)))


def instead(
    read: Callable[[str], Known[Any] | Unknown], domains: Domains, asked: Mapping[str, str], own: Sequence[str]
) -> Found | None:
    """`domains.resolvers`, where none of those that are asked by themselves said anything of any name.

    Args:
        read: facts, of the names that were asked for.
        domains: what is declared so far; whoever declared resolvers is asked no others.
        asked: the names.
        own: this machine's own resolvers.
    """
    if not asked or not own or "resolvers" in domains.model_fields_set or {*own} <= {*domains.resolvers}:
        return None
    names = read("names")
    if not isinstance(names, Known):
        return None
    for said in names.value.values():
        if not isinstance(said, Known) or any(isinstance(one.answer, Known) for one in said.value.resolutions):
            return None
    return Found("domains.resolvers", tuple(own), "this machine's own configuration", DOUBT)
