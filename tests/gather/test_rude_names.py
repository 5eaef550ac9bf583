"""Name servers and TLS servers that say anything: each look ends, and loses no other server's word."""

from __future__ import annotations

import base64
import functools
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dns.message
import dns.query
import dns.rrset
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, rsa

from pytest_zebu.facts.answer import Reason, Unknown
from pytest_zebu.gather import outside, places
from pytest_zebu.gather.bounds import OutOfTime, within
from pytest_zebu.gather.deadline import Deadline
from pytest_zebu.gather.outside import resolve_everywhere, shake_hands
from tests.gather.rude import Say, rude

pytestmark = pytest.mark.hostile("requests")

# Names

Datagram = Callable[[bytes], bytes | None]


def answered(question: bytes, *lines: tuple[str, str, str], flags: int = 0, **change: Any) -> bytes:
    """What a name server says: records as name, kind, value."""
    answer = dns.message.make_response(dns.message.from_wire(question))
    for name, kind, value in lines:
        rrset = answer.find_rrset(
            answer.answer, dns.name.from_text(name), dns.rdataclass.IN, dns.rdatatype.from_text(kind), create=True
        )
        rrset.add(dns.rdata.from_text("IN", kind, value, origin=dns.name.root, relativize=False), 60)
    answer.flags |= flags
    for key, value in change.items():
        setattr(answer, key, value)
    return answer.to_wire(max_size=65_535)


@contextmanager
def name_server(says: Datagram, tcp: Say | None = None) -> Iterator[int]:
    """One port, by both ways."""
    with rude(tcp or (lambda line, over: None)) as port, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", port))

        def serve() -> None:
            with suppress(OSError):
                while True:
                    question, whom = server.recvfrom(65_535)
                    if not question:
                        return
                    if (said := says(question)) is not None:
                        server.sendto(said, whom)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield port
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ending:
            ending.sendto(b"", ("127.0.0.1", port))
        thread.join(10)


@pytest.fixture
def resolved(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """What such a resolver makes of a name: its own row."""
    monkeypatch.setattr(places, "RESOLVER_SECONDS", 0.3)
    ask = dns.query.udp_with_fallback

    def look(says: Datagram, tcp: Say | None = None) -> dict[str, Any]:
        with name_server(says, tcp) as port:
            monkeypatch.setattr(dns.query, "udp_with_fallback", functools.partial(ask, port=port))
            rows = resolve_everywhere("zebu.test", ["127.0.0.1"])["servers"]
        (row,) = [one for one in rows if one["server"] == "127.0.0.1" and not one["authoritative"]]
        assert isinstance(row, dict)
        return row

    return look


def truncated(question: bytes) -> bytes:
    return answered(question, flags=0x0200)


def framed(make: Callable[[bytes], bytes]) -> Say:
    def say(line: socket.socket, over: threading.Event) -> None:
        (length,) = struct.unpack("!H", line.recv(2))
        answer = make(line.recv(length))
        line.sendall(struct.pack("!H", len(answer)) + answer)

    return say


def dripping(line: socket.socket, over: threading.Event) -> None:
    line.recv(1000)
    while not over.wait(0.05):
        line.sendall(b"\x40")


def with_id(question: bytes, number: int) -> bytes:
    return struct.pack("!H", number) + answered(question)[2:]


def pointing(question: bytes) -> bytes:
    """A record whose name points to itself (RFC 1035, 4.1.4)."""
    answer = bytearray(answered(question))
    answer[6:8] = b"\0\1"
    return bytes(answer) + struct.pack("!H", 0xC000 + len(answer)) + b"\0\1\0\1\0\0\0\x3c\0\4\1\2\3\4"


NONSENSE = [
    pytest.param(lambda q: None, None, id="silence"), pytest.param(lambda q: b"x", None, id="a byte"), pytest.param(lambda q: bytes(512), None, id="NULs"),
    pytest.param(lambda q: b"HTTP/1.1 400 Bad Request\r\n\r\n", None, id="another service"), pytest.param(lambda q: q, None, id="the question"),
    pytest.param(lambda q: with_id(q, 1), None, id="another id"), pytest.param(pointing, None, id="a name that points to itself"),
    pytest.param(lambda q: answered(dns.message.make_query("other.test", "A", id=int.from_bytes(q[:2], "big")).to_wire()), None, id="another question"),
    pytest.param(lambda q: answered(q)[:-3], None, id="half an answer"), pytest.param(lambda q: answered(q) + b"trailing", None, id="more than an answer"),
    pytest.param(lambda q: answered(q)[:6] + b"\xff\xff" + answered(q)[8:], None, id="records that do not come"),
    pytest.param(truncated, None, id="cut, and nothing by TCP"), pytest.param(truncated, dripping, id="a drip by TCP"),
    pytest.param(truncated, framed(lambda q: bytes(65_535)), id="64 KiB of NULs by TCP"), pytest.param(truncated, framed(lambda q: b""), id="nothing framed by TCP"),
    pytest.param(truncated, framed(truncated), id="cut by TCP as well"), pytest.param(truncated, lambda line, over: over.wait(30) and None, id="silence by TCP"),
    pytest.param(lambda q: answered(q, *[(f"{'zebu' if one == 0 else f'a{one}'}.test", "CNAME", f"a{one + 1}.test") for one in range(40)]), None, id="forty aliases"),
]  # fmt: skip


@pytest.mark.parametrize(("says", "tcp"), NONSENSE)
def test_who_answers_nonsense_says_nothing_of_a_name(
    says: Datagram, tcp: Say | None, resolved: Callable[..., Any]
) -> None:
    row = resolved(says, tcp)
    assert row["addresses"] == []
    assert isinstance(row["unknown"], Unknown)
    assert len(row["unknown"].detail) <= 200


def test_aliases_in_a_circle_lead_nowhere(resolved: Callable[..., Any]) -> None:
    row = resolved(lambda q: answered(q, ("zebu.test", "CNAME", "a.test"), ("a.test", "CNAME", "zebu.test")))
    assert (row["addresses"], row["unknown"]) == ([], None)


def test_thousands_of_addresses_are_a_list(resolved: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "RESOLVER_SECONDS", 20.0)

    def many(question: bytes) -> bytes:
        return answered(question, *[("zebu.test", "A", f"192.0.{one // 250}.{one % 250}") for one in range(3000)])

    assert len(resolved(truncated, framed(many))["addresses"]) == 3000


@pytest.mark.parametrize(
    "name", [r"\000.zebu.test", r"\255\254.test", r"a\.b.test", "x" * 63 + ".test", r"\<script\>.test"]
)
def test_name_servers_of_odd_names(name: str, resolved: Callable[..., Any]) -> None:
    def says(question: bytes) -> bytes:
        is_about_servers = dns.message.from_wire(question).question[0].rdtype == dns.rdatatype.NS
        return answered(question, ("zebu.test", "NS", name)) if is_about_servers else answered(question, ("zebu.test", "A", "192.0.2.1"))  # fmt: skip

    assert resolved(says)["addresses"] == ["192.0.2.1"]


def test_not_every_one_of_many_name_servers_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """And that not all were asked is said."""
    asked: list[str] = []

    def query(name: Any, kind: str, server: str, *, recurse: bool = True) -> dns.message.Message:
        asked.append(server)
        question = dns.message.make_query(name, kind)
        many = [("zebu.test", "NS", f"ns{one}.test") for one in range(10)] if kind == "NS" else []
        if kind == "A":
            many = [(name.to_text(), "A", f"192.0.2.{one}") for one in range(200)]
        return dns.message.from_wire(answered(question.to_wire(), *many, flags=0x0400))

    monkeypatch.setattr(places, "query", query)
    monkeypatch.setattr(places, "no_way_to", lambda address: None)
    rows = resolve_everywhere("zebu.test", ["198.51.100.1"])["servers"]
    assert len({*asked}) == outside.MOST_SERVERS + 1
    (cut,) = [row for row in rows if isinstance(row.get("unknown"), Unknown)]
    assert "200 addresses, of which 16 were asked" in cut["unknown"].detail


def test_more_name_servers_than_anybody_has(monkeypatch: pytest.MonkeyPatch) -> None:
    def query(name: Any, kind: str, server: str, *, recurse: bool = True) -> dns.message.Message:
        question = dns.message.make_query(name, kind)
        many = [("zebu.test", "NS", f"ns{one}.test") for one in range(1000)] if kind == "NS" else []
        return dns.message.from_wire(answered(question.to_wire(), *many))

    monkeypatch.setattr(places, "query", query)
    rows = resolve_everywhere("zebu.test", ["198.51.100.1"])["servers"]
    assert [row["server"] for row in rows] == ["authoritative servers", "198.51.100.1"]
    assert "1000 name servers" in rows[0]["unknown"].detail


def test_where_the_looks_time_ends_no_resolver_is_to_blame(
    resolved: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "RESOLVER_SECONDS", 20.0)
    with within(Deadline.after(0.2), "no time left"), pytest.raises(OutOfTime, match="no time left"):
        resolved(lambda q: None)


# Handshakes


def after_hello(*pieces: bytes, then: bytes = b"", pause: float = 0.0) -> Say:
    def say(line: socket.socket, over: threading.Event) -> None:
        line.recv(65_536)
        for piece in pieces:
            line.sendall(piece)
        while not over.wait(pause):
            if then:
                line.sendall(then)
            elif not pause:
                over.wait(30)

    return say


def record(kind: int, body: bytes, length: int | None = None) -> bytes:
    return bytes([kind, 3, 3]) + struct.pack("!H", len(body) if length is None else length) + body


HANDSHAKES = [
    pytest.param(after_hello(), id="silence"), pytest.param(after_hello(then=b"\x16", pause=0.05), id="a drip"),
    pytest.param(after_hello(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc", then=b"\x03", pause=0.05), id="a hello that drips"),
    pytest.param(after_hello(b"HTTP/1.1 400 Bad Request\r\n\r\n"), id="plain text"), pytest.param(after_hello(b"SSH-2.0-x\r\n"), id="another service"),
    pytest.param(after_hello(then=b"HTTP/1.1 200 OK\r\n"), id="plain text without end"), pytest.param(after_hello(bytes(5000)), id="NULs"),
    pytest.param(after_hello(record(21, b"\x02\x28")), id="a fatal alert"), pytest.param(after_hello(then=record(21, b"\x01\x00")), id="alerts without end"),
    pytest.param(after_hello(then=record(21, b"\x01\x5a"), pause=0.05), id="alerts that drip"), pytest.param(after_hello(then=record(22, b"\x00\x00\x00\x00")), id="renegotiation without end"),
    pytest.param(after_hello(record(22, b"\x02\xff\xff\xff"), then=record(22, b"x" * 16_000)), id="a hello of 16 MiB"),
    pytest.param(after_hello(record(22, b"x", 65_535)), id="a record beyond its size"), pytest.param(after_hello(then=record(23, b"")), id="empty records without end"),
    pytest.param(after_hello(then=record(20, b"\x01")), id="changes of cipher without end"), pytest.param(lambda line, over: None, id="it hangs up"),
]  # fmt: skip


@pytest.mark.parametrize("say", HANDSHAKES)
def test_a_handshake_that_is_none_is_a_refusal(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outside, "ANSWER_SECONDS", 0.4)
    with rude(say) as port:
        seen = shake_hands("zebu.test", None, "127.0.0.1", port=port)
    assert seen["refused"]
    assert len(seen["refused"]) < 100


def test_where_the_looks_time_ends_the_server_did_not_refuse() -> None:
    with rude(after_hello()) as port, within(Deadline.after(0.2), "no time left"), pytest.raises(OutOfTime):
        shake_hands("zebu.test", None, "127.0.0.1", port=port)


NOW = datetime.now(UTC)


def certificate(
    key: Any, name: str = "zebu.test", issuer: str = "", signer: Any = None, **change: Any
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name[:60])])
    made = x509.CertificateBuilder(
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]) if issuer else subject, subject, key.public_key(),
        change.get("serial", x509.random_serial_number()), change.get("since", NOW - timedelta(days=1)), change.get("until", NOW + timedelta(days=9)),
    )  # fmt: skip
    made = made.add_extension(
        x509.SubjectAlternativeName([x509.DNSName(one) for one in change.get("names", ["zebu.test"])]), critical=False
    )
    if "blob" in change:
        made = made.add_extension(
            x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), change["blob"]), critical=True
        )
    signer = signer or key
    return made.sign(signer, None if isinstance(signer, ed448.Ed448PrivateKey) else hashes.SHA256())


def p256() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def alone(**change: Any) -> Callable[[], tuple[Any, list[x509.Certificate]]]:
    def make() -> tuple[Any, list[x509.Certificate]]:
        key = p256()
        return key, [certificate(key, **change)]

    return make


def of_kind(generate: Callable[[], Any]) -> Callable[[], tuple[Any, list[x509.Certificate]]]:
    def make() -> tuple[Any, list[x509.Certificate]]:
        key = generate()
        return key, [certificate(key)]

    return make


def circle() -> tuple[Any, list[x509.Certificate]]:
    leaf, one, other = p256(), p256(), p256()
    return leaf, [certificate(leaf, issuer="one", signer=one), certificate(one, "one", "other", other), certificate(other, "other", "one", one)] * 2  # fmt: skip


def long_chain() -> tuple[Any, list[x509.Certificate]]:
    leaf = p256()
    return leaf, [certificate(leaf), *[certificate(leaf, f"ca{one}", f"ca{one + 1}") for one in range(100)]]


CERTIFICATES = [
    pytest.param(of_kind(ed448.Ed448PrivateKey.generate), id="ed448"), pytest.param(of_kind(lambda: rsa.generate_private_key(65537, 1024)), id="RSA of 1024 bits"),
    pytest.param(of_kind(lambda: ec.generate_private_key(ec.SECP521R1())), id="P-521"), pytest.param(of_kind(lambda: ec.generate_private_key(ec.SECP256K1())), id="secp256k1"),
    pytest.param(of_kind(lambda: dsa.generate_private_key(1024)), id="DSA"), pytest.param(circle, id="a chain in a circle"), pytest.param(long_chain, id="a hundred issuers"),
    pytest.param(alone(names=["zebu.test\0.evil.test"]), id="a NUL in a name"), pytest.param(alone(names=["*", "*.*.test", "\x1b[31m.test", ""]), id="names that are none"),
    pytest.param(alone(names=[f"a{one}.zebu.test" for one in range(3000)]), id="3,000 names"), pytest.param(alone(until=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)), id="until 9999"),
    pytest.param(alone(since=datetime(1950, 1, 1, tzinfo=UTC), until=datetime(1950, 1, 2, tzinfo=UTC)), id="of 1950"),
    pytest.param(alone(serial=2**158), id="a serial number of 158 bits"), pytest.param(alone(blob=b"\xff" * 60_000), id="an unknown extension of 60 KB"),
    pytest.param(alone(blob=bytes(200_000)), id="a certificate of 200 KB"),
]  # fmt: skip


@pytest.mark.parametrize("make", CERTIFICATES)
def test_odd_certificates_are_told_as_they_came(
    make: Callable[[], tuple[Any, list[x509.Certificate]]], tmp_path: Path
) -> None:
    """What is wrong in them is for their reader to say; what OpenSSL does not take is a refusal."""
    key, chain = make()
    path = tmp_path / "chain.pem"
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(b"".join(one.public_bytes(serialization.Encoding.PEM) for one in chain) + key.private_bytes(*form))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.load_cert_chain(path)

    def say(line: socket.socket, over: threading.Event) -> None:
        with context.wrap_socket(line, server_side=True) as secure:
            secure.recv(1)

    with rude(say) as port:
        seen = shake_hands("zebu.test", None, "127.0.0.1", port=port)
    if seen["refused"]:
        assert len(seen["refused"]) < 100
    else:
        served = [base64.b64encode(one.public_bytes(serialization.Encoding.DER)).decode() for one in chain]
        assert seen["chain"] == served[: outside.CHAIN_LIMIT]


def test_a_certificate_that_strict_readers_refuse_loses_no_other_address(monkeypatch: pytest.MonkeyPatch) -> None:
    from pytest_zebu.facts.fact import Look
    from pytest_zebu.gather.outside import Outside
    from pytest_zebu.settings import Settings
    from pytest_zebu.settings.sections import Host
    from pytest_zebu.settings.target import Target

    def shaken(domain: str, control: str | None, address: str, source: str | None) -> Any:
        if address.endswith("1"):
            raise OutOfTime("the look did not end within 90 s")
        return {"refused": "", "chain": [], "protocol": ""}

    monkeypatch.setattr(outside, "shake_hands", shaken)
    monkeypatch.setattr(places, "no_way_to", lambda address: None)
    looker = Outside(Target(name="here", host=Host(), settings=Settings()), lambda: {})
    arguments = {"domain": "zebu.test", "control": None, "addresses": ["192.0.2.1", "192.0.2.2"], "resolvers": []}
    seen = looker.see(Look("tls", "zebu.test", arguments))["at"]
    assert isinstance(seen["192.0.2.1"], Unknown)
    assert seen["192.0.2.1"].reason is Reason.TIMED_OUT
    assert seen["192.0.2.2"]["refused"] == ""
