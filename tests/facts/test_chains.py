"""Chains of certificates, judged as they are served."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID as OID

from pytest_zebu.facts.certificates import Certificate
from pytest_zebu.facts.chains import _weakness, read_chain
from tests.facts.answers import NOON

ROOT_KEY = ec.generate_private_key(ec.SECP256R1())


def certificate(
    key: Any, *names: str, by: Any = ROOT_KEY, is_root: bool = False, days: int = 30, uses: tuple[Any, ...] = (),
    signs: bool | None = None, name: str = "", issuer: str = "root",
) -> x509.Certificate:  # fmt: skip
    """A certificate of a key, signed by the root's."""
    name = name or ("root" if is_root else "leaf")
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    by_whom = [x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(x509.Name(by_whom)).public_key(key.public_key()).serial_number(7)
        .not_valid_before(NOON - timedelta(days=1)).not_valid_after(NOON + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
    )  # fmt: skip
    if names:
        made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
    if uses:
        made = made.add_extension(x509.ExtendedKeyUsage(uses), critical=False)
    if signs is not None:
        others = dict.fromkeys(("content_commitment", "data_encipherment", "key_agreement", "key_cert_sign"), False)
        usage = x509.KeyUsage(
            digital_signature=signs, key_encipherment=True, crl_sign=False, encipher_only=False, decipher_only=False, **others
        )  # fmt: skip
        made = made.add_extension(usage, critical=True)
    return made.sign(by, hashes.SHA256())


ROOT = certificate(ROOT_KEY, is_root=True)
LEAF_KEY = ec.generate_private_key(ec.SECP256R1())
LEAF = certificate(LEAF_KEY, "zebu.test")


@pytest.fixture
def ca_file(tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    path.write_bytes(ROOT.public_bytes(serialization.Encoding.PEM))
    return path


def judged(leaf: x509.Certificate, ca_file: Path | None, when: datetime = NOON) -> Certificate:
    return read_chain("zebu.test", [leaf], "h2", ca_file, when)


def test_a_chain_that_leads_to_a_trusted_root(ca_file: Path) -> None:
    found = judged(LEAF, ca_file)
    assert (found.trust_error, found.covers_name, found.weakness, found.subject, found.issuer) == (
        "",
        True,
        "",
        "leaf",
        "root",
    )
    assert (found.not_after, found.chain_length, found.protocol, len(found.fingerprint)) == (
        NOON + timedelta(days=30),
        1,
        "h2",
        64,
    )


def test_trust_has_a_time_and_a_root(ca_file: Path) -> None:
    assert "expired" in judged(LEAF, ca_file, NOON + timedelta(days=31)).trust_error
    assert judged(LEAF, None).trust_error


@pytest.mark.parametrize(
    ("names", "covers"),
    [
        (["zebu.test"], True),
        (["*.test"], False),
        (["a.test", "zebu.test"], True),
        (["www.zebu.test"], False),
        ([], False),
        (["*", "a..b", "x_y.test", "zebu.test"], True),
        (["*", "a..b"], False),
        (["ZEBU.test"], True),
        (["zebu.test.example"], False),
        (["notzebu.test"], False),
    ],
)
def test_whether_it_covers_the_name(names: list[str], covers: bool, ca_file: Path) -> None:
    """One without any alternative name covers none."""
    assert judged(certificate(LEAF_KEY, *names), ca_file).covers_name is covers


@pytest.mark.parametrize(("uses", "is_server"), [
    ((), True), ((OID.SERVER_AUTH,), True), ((OID.CLIENT_AUTH, OID.SERVER_AUTH), True), ((OID.ANY_EXTENDED_KEY_USAGE,), True),
    ((OID.CLIENT_AUTH,), False), ((OID.EMAIL_PROTECTION, OID.CODE_SIGNING), False),
])  # fmt: skip
def test_what_it_is_for(uses: tuple[Any, ...], is_server: bool, ca_file: Path) -> None:
    found = judged(certificate(LEAF_KEY, "zebu.test", uses=uses), ca_file)
    assert (found.trust_error == "") is is_server
    assert is_server or "not for servers" in found.trust_error


@pytest.mark.parametrize(("signs", "complaint"), [(None, ""), (True, ""), (False, "may not sign a handshake")])
def test_a_key_that_only_encrypts_is_none_for_browsers(signs: bool | None, complaint: str, ca_file: Path) -> None:
    found = judged(certificate(LEAF_KEY, "zebu.test", signs=signs), ca_file).trust_error
    assert complaint in found
    assert bool(found) is bool(complaint)


def test_a_key_that_is_not_known_is_none_for_browsers(ca_file: Path) -> None:
    """As those that are to withstand quantum computers are: a certificate of one is judged, and breaks nothing."""
    known, other = bytes.fromhex("06072a8648ce3d0201"), bytes.fromhex("06072a8648ce3d0209")
    der = LEAF.public_bytes(serialization.Encoding.DER)
    found = judged(x509.load_der_x509_certificate(der.replace(known, other)), ca_file)
    assert "of a kind that browsers do not take" in found.weakness
    assert found.refused
    assert found.trust_error


def test_an_extension_that_stands_there_twice_is_read_as_none(ca_file: Path) -> None:
    first, second = bytes.fromhex("0603551d11"), bytes.fromhex("0603551d25")
    leaf = certificate(LEAF_KEY, "zebu.test", uses=(OID.SERVER_AUTH,))
    der = leaf.public_bytes(serialization.Encoding.DER)
    found = judged(x509.load_der_x509_certificate(der.replace(second, first)), ca_file)
    assert not found.covers_name
    assert found.trust_error


def test_what_lies_between_must_be_strong_as_well(ca_file: Path) -> None:
    """Of the root nothing counts but that it is trusted."""
    weak = rsa.generate_private_key(65537, 1024)
    between = certificate(weak, is_root=True, name="between")
    leaf = certificate(LEAF_KEY, "zebu.test", by=weak, issuer="between")
    found = read_chain("zebu.test", [leaf, between], "h2", ca_file, NOON)
    assert (found.trust_error, found.weakness) == (
        "",
        "an authority's certificate has a RSA key of 1024 bits (2048 at least)",
    )
    alone = read_chain("zebu.test", [leaf], "h2", ca_file, NOON)
    assert alone.trust_error == "unable to get local issuer certificate"
    assert alone.weakness == ""


@pytest.mark.parametrize(("key", "weakness"), [
    (ec.generate_private_key(ec.SECP256R1()), ""), (ec.generate_private_key(ec.SECP224R1()), "224 bits"), (ed25519.Ed25519PrivateKey.generate(), "EdDSA"), (ec.generate_private_key(ec.SECP384R1()), ""), (ec.generate_private_key(ec.SECP521R1()), "secp521r1"), (ec.generate_private_key(ec.SECP256K1()), "secp256k1"),
    (rsa.generate_private_key(65537, 2048), ""), (rsa.generate_private_key(65537, 1024), "1024 bits"), (dsa.generate_private_key(1024), "outdated"),
], ids=["P-256", "P-224", "Ed25519", "P-384", "P-521", "K-256", "RSA 2048", "RSA 1024", "DSA"])  # fmt: skip
def test_keys_that_are_too_weak(key: Any, weakness: str, ca_file: Path) -> None:
    found = judged(certificate(key, "zebu.test"), ca_file).weakness
    assert weakness in found
    assert bool(found) is bool(weakness)
    refused = judged(certificate(key, "zebu.test"), ca_file).refused
    assert bool(refused) is (weakness in ("EdDSA", "224 bits", "secp521r1", "secp256k1"))


@pytest.mark.parametrize(
    ("algorithm", "weakness"),
    [(hashes.SHA1(), "signature with sha1"), (hashes.MD5(), "signature with md5"), (hashes.SHA384(), ""), (None, "")],
    ids=["SHA-1", "MD5", "SHA-384", "none apart"],
)
def test_signatures_that_are_too_weak(algorithm: Any, weakness: str) -> None:
    """Nobody signs with the old ones any more, so that the certificate is made up."""
    made_up = SimpleNamespace(public_key=LEAF_KEY.public_key, signature_hash_algorithm=algorithm)
    assert _weakness(cast(x509.Certificate, made_up)) == weakness
