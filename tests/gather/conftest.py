"""What services are stood in for with: a certificate of the loopback, and settings that trust it."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pytest_zebu.settings import Settings

SECRET = "canary-5f2b9c"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For the loopback, from itself."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "stand-ins")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "standins.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.with_suffix(".key").write_bytes(key.private_bytes(*form))
    return path


@pytest.fixture
def declared(tmp_path: Path, certificate: Path) -> Callable[..., Settings]:
    def make(**tables: Any) -> Settings:
        (tmp_path / "secret").write_text(f"{SECRET}\n")
        relaxed = [{"key": "tls.ca_file", "reason": "a test", "approver": "tests"}]
        return Settings.model_validate(
            {"tls": {"ca_file": certificate}, "relaxed": relaxed, "folder": tmp_path, **tables}
        )

    return make
