"""The certificates that are really served, verified as a client without any memory would."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from pytest_zebu.facts import elsewhere
from pytest_zebu.facts.answer import Garbled, Known, Missing, Reason, Unknown, part
from pytest_zebu.facts.clock import Clock, clock_of
from pytest_zebu.facts.dns import lead
from pytest_zebu.facts.fact import Fact, Gathered, Look
from pytest_zebu.facts.http import by_place
from pytest_zebu.settings.target import Target


class Certificate(Struct, frozen=True):
    """What one name serves.

    Attributes:
        trust_error: why the chain, as served, does not lead to a trusted root; empty if it does.
        weakness: what is too weak in key or signature (BSI TR-02102-2; CA/Browser Forum Baseline Requirements 6.1.5).
        protocol: what ALPN agreed on.
        fingerprint: SHA-256, in hexadecimal digits.
        names: its alternative names of hosts: what browsers compare.
        refused: why browsers end the handshake with its key; empty if they do not.
        doubt: why it is not known whether it is trusted; empty where it is.
    """

    domain: str
    subject: str
    issuer: str
    issuer_organization: str
    not_before: datetime
    not_after: datetime
    trust_error: str
    covers_name: bool
    weakness: str
    chain_length: int
    protocol: str
    fingerprint: str = ""
    names: tuple[str, ...] = ()
    refused: str = ""
    doubt: str = ""

    @property
    def is_right(self) -> bool:
        """Whether browsers that have its authority take it for its name."""
        return self.covers_name and not (self.doubt or self.trust_error or self.weakness or self.refused)

    @property
    def named(self) -> str:
        """For whom it is."""
        return ", ".join(self.names[:3]) + (" and others" if self.names[3:] else "") or "no host by name"


def look(target: Target, domain: str, address: str | None = None) -> Look:
    """Shake hands under one name, at each address to which it leads, or at a given one."""
    arguments = {"domain": domain, "control": target.settings.control}
    if address is None:
        return Look("tls", domain, {**arguments, **lead(target)})
    return Look("tls", f"{domain} at {address}", {**arguments, "address": address})


def looks(target: Target) -> tuple[Look, ...]:
    """A look per declared name."""
    return tuple(look(target, domain) for domain in target.settings.domains.names)


WHICH = "whether the certificate holds depends on which of them is right"


def of_pages(gathered: Gathered, target: Target) -> tuple[Certificate, ...]:
    """What is served for the names that have pages, at each address to which they lead; nothing where one of them is not known."""
    names = pages(target)
    found = [
        one.value if isinstance(one, Known) else None
        for place, one in parse(gathered, target).items()
        if place.partition(" at ")[0] in names
    ]
    return tuple(one for one in found if one) if all(found) else ()


def pages(target: Target) -> tuple[str, ...]:
    """The names that have pages: one may lead to the other."""
    domains = target.settings.domains
    return tuple(name for name in domains.names if f"https://{name}" in domains.page_origins)


def origin_looks(target: Target) -> tuple[Look, ...]:
    """A look per declared name at the proxy itself, where something else stands in front of it."""
    origin = target.settings.domains.origin
    return tuple(look(target, domain, origin) for domain in target.settings.domains.names) if origin else ()


def parse_origin(gathered: Gathered, target: Target) -> dict[str, Known[Certificate | None] | Unknown]:
    """By domain, at the origin; empty where names lead to it anyway."""
    origin = target.settings.domains.origin
    return _certificates(gathered, target, origin) if origin else {}


def parse(gathered: Gathered, target: Target) -> dict[str, Known[Certificate | None] | Unknown]:
    """By domain, and by address where it leads to several; nothing where a port is silent although the network is there."""
    return _certificates(gathered, target, None)


def _certificates(
    gathered: Gathered, target: Target, address: str | None
) -> dict[str, Known[Certificate | None] | Unknown]:
    from pytest_zebu.facts.chains import chain_of, read_chain  # its libraries are large: once something was served

    found: dict[str, Known[Certificate | None] | Unknown] = {}
    when = datetime.fromtimestamp(gathered.time, UTC)
    clock = _other_clock(gathered)
    ca_file = target.settings.tls.ca_file
    if ca_file is not None and not ca_file.is_absolute():
        ca_file = target.settings.folder / ca_file
    for domain in target.settings.domains.names:
        looked = gathered.saw(look(target, domain, address))
        for place, seen in (by_place(domain, looked) if address is None else {domain: looked}).items():
            if isinstance(seen, Unknown):
                found[place] = seen
            elif part(seen.value, "refused", str):
                found[place] = Known(None)
            else:
                chain, protocol = chain_of(seen.value, domain), part(seen.value, "protocol", str)
                certificate = read_chain(domain, chain, protocol, ca_file, when)
                # Ours decides, unless it may be what is wrong.
                if certificate.trust_error and clock is not None:
                    other = read_chain(domain, chain, protocol, ca_file, clock.now)
                    if not other.trust_error:
                        certificate = replace(certificate, doubt=f"{clock}: {WHICH}")
                found[place] = Known(certificate)
    return found


def _other_clock(gathered: Gathered) -> Clock | None:
    """The machine's clock, where it differs from ours: either may be the wrong one."""
    try:
        clock = clock_of(gathered)
    except (Missing, Garbled):
        return None
    return clock if clock.is_off else None


def served(data: Any, of: str) -> str:
    """The SHA-256 fingerprint of what was served in a handshake; empty where that was refused.

    Raises:
        Garbled: it is no certificate.
    """
    if part(data, "refused", str):
        return ""
    from pytest_zebu.facts.chains import chain_of, fingerprint

    return fingerprint(chain_of(data, of)[0])


def _public_look(target: Target) -> Look | None:
    """The public address itself, from the internet: whoever is behind the router's forwarding answers."""
    vantage = next((item for item in target.settings.vantages if item.kind == "internet"), None)
    address, site = target.host.public_address, target.settings.domains.site
    if vantage is None or address is None or site is None:
        return None
    return Look("tls", address, {"domain": site, "address": address, "control": vantage.control}, vantage.name)


def public_looks(target: Target) -> tuple[Look, ...]:
    """One look."""
    found = _public_look(target)
    return (found,) if found else ()


def parse_public(gathered: Gathered, target: Target) -> str:
    """The SHA-256 fingerprint of what the public address serves; empty where it refuses."""
    asked = _public_look(target)
    if asked is None:
        raise Missing(
            Unknown(
                Reason.NOT_CONFIGURED,
                "public_address, domains.site and a vantage on the internet are needed: a look from the LAN proves nothing",
            )
        )
    seen = gathered.saw(asked)
    if isinstance(seen, Unknown):
        raise Missing(seen)
    found = served(seen.value, "the public address")
    _expect_of_now(found, seen, gathered, target)
    return found


RENEWED_BEFORE = timedelta(hours=2)
"""So long before they issue it, authorities let a certificate begin, and clocks differ besides."""


def _expect_of_now(found: str, seen: Known[Any], gathered: Gathered, target: Target) -> None:
    """See that what was served elsewhere, some time ago, is not what was renewed since.

    Raises:
        Missing: one of those that are served now is younger than that look.
    """
    origin = elsewhere.source(seen.value)
    if origin is None:
        return
    now = [
        one.value
        for facts in (parse(gathered, target), parse_origin(gathered, target))
        for one in facts.values()
        if isinstance(one, Known) and one.value
    ]
    at = datetime.fromtimestamp(origin[1], UTC)
    if all(one.fingerprint != found for one in now) and any(one.not_before + RENEWED_BEFORE > at for one in now):
        why = f"from {origin[0]}, {elsewhere.age(seen, gathered.time)}: the certificate was renewed since: run `zebu look` there again"
        raise Missing(Unknown(Reason.UNDECIDABLE, why))


FACT = Fact("certificates", parse, looks=looks)
ORIGIN = Fact("origin_certificates", parse_origin, looks=origin_looks)
PUBLIC = Fact("public_certificate", parse_public, looks=public_looks)
