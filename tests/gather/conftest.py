"""What services are stood in for with: a certificate of the loopback, and settings that trust it."""

from __future__ import annotations

import ipaddress
import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
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


@dataclass
class Server:
    """A service over TLS that keeps what arrives, and answers what it is told to: `METHOD PATH` or all."""

    certificate: Path
    answers: dict[str, tuple[int, Mapping[str, str], Any]] = field(default_factory=dict)
    arrived: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def _handle(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.arrived.append(f"{self.command} {self.path}\n{self.headers}\n{body.decode()}")
                path = self.path.partition("?")[0]
                everything: tuple[int, Mapping[str, str], Any] = outer.answers.get("*", (200, {}, {}))
                status, headers, said = outer.answers.get(f"{self.command} {path}", everything)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                content = said if isinstance(said, bytes) else json.dumps(said).encode()
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_DELETE = do_PUT = _handle

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.certificate.with_suffix(".key"))
        self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.http.server_port}"

    def redirect(self, status: int, to: Server, what: str = "*") -> None:
        self.answers[what] = (status, {"Location": f"{to.url}/elsewhere"}, {})


@pytest.fixture
def servers(certificate: Path) -> Iterator[tuple[Server, Server]]:
    found = (Server(certificate), Server(certificate))
    yield found
    for server in found:
        server.http.shutdown()
        server.http.server_close()


@pytest.fixture
def declared(tmp_path: Path, certificate: Path) -> Callable[..., Settings]:
    def make(**tables: Any) -> Settings:
        (tmp_path / "secret").write_text(f"{SECRET}\n")
        relaxed = [{"key": "tls.ca_file", "reason": "a test", "approver": "tests"}]
        return Settings.model_validate(
            {"tls": {"ca_file": certificate}, "relaxed": relaxed, "folder": tmp_path, **tables}
        )

    return make
