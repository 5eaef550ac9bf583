"""The certificates that are really served, verified as a client without any memory would."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import certifi
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID
from OpenSSL import crypto
from service_identity import CertificateError, VerificationError
from service_identity.hazmat import DNS_ID, DNSPattern, verify_service_identity

from pytest_zebu.facts import elsewhere
from pytest_zebu.facts.answer import Garbled, Known, Missing, Reason, Unknown, part, plain_text
from pytest_zebu.facts.clock import Clock, clock_of
from pytest_zebu.facts.dns import lead
from pytest_zebu.facts.fact import Fact, Gathered, Look
from pytest_zebu.facts.http import by_place
from pytest_zebu.settings.target import Target


@dataclass(frozen=True, slots=True)
class Certificate:
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


def _store(ca_file: Path | None, when: datetime) -> crypto.X509Store:
    store = crypto.X509Store()
    try:
        store.load_locations(str(ca_file or certifi.where()))
    except crypto.Error:
        raise Garbled(f"tls.ca_file {ca_file} has no certificates or cannot be read") from None
    store.set_time(when.replace(tzinfo=None))
    return store


def _verified(
    chain: list[x509.Certificate], ca_file: Path | None, when: datetime
) -> tuple[list[x509.Certificate], str]:
    """What leads from the certificate to a trusted root, without that; or why nothing does."""
    leaf, *others = [crypto.X509.from_cryptography(certificate) for certificate in chain]
    try:
        verified = crypto.X509StoreContext(_store(ca_file, when), leaf, others).get_verified_chain()
    except crypto.X509StoreContextError as error:
        return [], str(error.args[0])
    # Of the root nothing counts but that it is trusted.
    found = [certificate.to_cryptography() for certificate in verified[:-1] or verified]
    for number, certificate in enumerate(found):
        if why := _no_server(certificate) or (_no_handshake(certificate) if number == 0 else ""):
            return [], why if number == 0 else f"an authority's certificate {why}"
    return found, ""


def _no_server(certificate: x509.Certificate) -> str:
    """Why a certificate, or one below it, may not be a server's: what it is for (RFC 5280, 4.2.1.12); empty if it may."""
    try:
        uses = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return ""
    except (ValueError, x509.DuplicateExtension) as error:
        return f"has extensions that cannot be read ({error})"[:120]
    oid = ExtendedKeyUsageOID
    return (
        "" if {oid.SERVER_AUTH, oid.ANY_EXTENDED_KEY_USAGE} & set(uses) else "is not for servers (extended key usage)"
    )


def _no_handshake(certificate: x509.Certificate) -> str:
    """Why its key may not sign a handshake, as it must in all that browsers still speak (RFC 8446, 4.4.2.2); empty if it may."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return ""
    return "" if usage.digital_signature else "may not sign a handshake (key usage)"


def _weakness_of(leaf: x509.Certificate, verified: list[x509.Certificate]) -> str:
    """What is too weak in the certificate, or in one between it and the root."""
    found = _weakness(leaf)
    between = next((why for why in map(_weakness, verified[1:]) if why), "")
    return found or (f"an authority's certificate has a {between}" if between else "")


def _refused(certificate: x509.Certificate) -> str:
    """Why browsers end the handshake, whatever else is right; empty if they do not."""
    try:
        key = certificate.public_key()
    except (UnsupportedAlgorithm, ValueError):
        return "key of a kind that browsers do not take"
    if isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
        return "key of a kind that browsers do not take (EdDSA)"
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name not in CURVES:
        return f"elliptic curve {key.curve.name}, which browsers do not take"
    return ""


WHICH = "whether the certificate holds depends on which of them is right"
CURVES = frozenset({"secp256r1", "secp384r1"})
"""Those that all browsers take in a handshake, and public authorities certify (P-256, P-384)."""


def _weakness(certificate: x509.Certificate) -> str:
    try:
        key = certificate.public_key()
        algorithm = certificate.signature_hash_algorithm
    except (UnsupportedAlgorithm, ValueError):
        return "key or signature of a kind that browsers do not take"
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < 2048:
            return f"RSA key of {key.key_size} bits (2048 at least)"
    elif isinstance(key, ec.EllipticCurvePublicKey):
        if key.curve.key_size < 256:
            return f"elliptic curve of {key.curve.key_size} bits (256 at least)"
    elif not isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
        return "key of an outdated kind"
    if why := _refused(certificate):
        return why
    if algorithm is not None and algorithm.name in ("md5", "sha1"):
        return f"signature with {algorithm.name}"
    return ""


def _names(name: x509.Name, kind: x509.ObjectIdentifier) -> str:
    return ", ".join(str(attribute.value) for attribute in name.get_attributes_for_oid(kind))


def _hosts(certificate: x509.Certificate) -> tuple[str, ...]:
    """Its alternative names of hosts (RFC 9525); those of other kinds do not count, nor does the subject's."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError, x509.DuplicateExtension):
        return ()
    return tuple(plain_text(name)[:253] for name in names.get_values_for_type(x509.DNSName))


def _is_for(name: str, domain: str) -> bool:
    try:
        verify_service_identity([DNSPattern.from_bytes(name.encode())], [DNS_ID(domain)], [])
    except (CertificateError, VerificationError, ValueError):
        return False
    return True


def read_chain(
    domain: str, chain: list[x509.Certificate], protocol: str, ca_file: Path | None, when: datetime
) -> Certificate:
    """Judge a chain as it was served, at a moment."""
    leaf = chain[0]
    oid = x509.NameOID
    verified, trust_error = _verified(chain, ca_file, when)
    names = _hosts(leaf)
    return Certificate(
        domain=domain,
        subject=_names(leaf.subject, oid.COMMON_NAME),
        issuer=_names(leaf.issuer, oid.COMMON_NAME),
        issuer_organization=_names(leaf.issuer, oid.ORGANIZATION_NAME),
        not_before=leaf.not_valid_before_utc,
        not_after=leaf.not_valid_after_utc,
        trust_error=trust_error,
        covers_name=any(_is_for(name, domain) for name in names),
        weakness=_weakness_of(leaf, verified),
        chain_length=len(chain),
        protocol=protocol,
        fingerprint=leaf.fingerprint(hashes.SHA256()).hex(),
        names=names,
        refused=_refused(leaf),
    )


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
                chain, protocol = _chain(seen.value, domain), part(seen.value, "protocol", str)
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


def _chain(data: Any, of: str) -> list[x509.Certificate]:
    """The certificates as they were served, the leaf first."""
    try:
        chain = [x509.load_der_x509_certificate(base64.b64decode(text)) for text in part(data, "chain", list)]
    except (TypeError, ValueError) as error:
        raise Garbled(f"the certificate of {of}: {error}") from None
    if not chain:
        raise Garbled(f"the certificate of {of}: none was served")
    return chain


def served(data: Any, of: str) -> str:
    """The SHA-256 fingerprint of what was served in a handshake; empty where that was refused.

    Raises:
        Garbled: it is no certificate.
    """
    return "" if part(data, "refused", str) else _chain(data, of)[0].fingerprint(hashes.SHA256()).hex()


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
