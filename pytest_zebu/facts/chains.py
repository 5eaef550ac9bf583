"""Chains of certificates: read, and verified with the libraries that know them."""

from __future__ import annotations

import base64
from datetime import datetime
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

from pytest_zebu.facts.answer import Garbled, part, plain_text
from pytest_zebu.facts.certificates import Certificate


def chain_of(data: Any, of: str) -> list[x509.Certificate]:
    """The certificates as they were served, the leaf first.

    Raises:
        Garbled: there is none.
    """
    try:
        chain = [x509.load_der_x509_certificate(base64.b64decode(text)) for text in part(data, "chain", list)]
    except (TypeError, ValueError) as error:
        raise Garbled(f"the certificate of {of}: {error}") from None
    if not chain:
        raise Garbled(f"the certificate of {of}: none was served")
    return chain


def fingerprint(certificate: x509.Certificate) -> str:
    """Its SHA-256, in hexadecimal digits."""
    return certificate.fingerprint(hashes.SHA256()).hex()


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
        fingerprint=fingerprint(leaf),
        names=names,
        refused=_refused(leaf),
    )
