"""Looks from outside: names, ports, handshakes, answers. Each gives plain data, or why it saw nothing."""

from __future__ import annotations

import base64
import errno
import hashlib
import re
import resource
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urljoin, urlsplit

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rdatatype
import dns.resolver
import requests
from OpenSSL import SSL
from requests.adapters import HTTPAdapter

from pytest_zebu.facts.answer import Reason, Unknown, plain_text
from pytest_zebu.facts.fact import Look
from pytest_zebu.gather import audit, services
from pytest_zebu.gather.visits import visit
from pytest_zebu.settings.sections import Vantage
from pytest_zebu.settings.target import Target

CONNECT_SECONDS = 2.0
PORT_SECONDS = 1.4
"""Long enough for a lost first packet to be sent again (after one second: RFC 6298)."""
NOT_REACHED = frozenset(
    {
        errno.ECONNREFUSED,
        errno.ETIMEDOUT,
        errno.EHOSTUNREACH,
        errno.ENETUNREACH,
        errno.EHOSTDOWN,
        errno.ENONET,
        errno.ENOPROTOOPT,
    }
)
"""How connecting ends where the other side, or a router on the way, says no, or nobody says anything (icmp(7))."""
CUT_OFF = frozenset({errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE})
"""How a connection ends that stood: that is the other side's doing too."""
SHORT_OF = frozenset(
    {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL, errno.EADDRINUSE, errno.EAGAIN}
)
"""What this machine may have again in a moment: descriptors, memory, ports of its own."""
PAUSES = (0.1, 0.5, 1.5)
"""Seconds after which a port is tried again that could not be tried."""
ANSWER_SECONDS = 10.0
"""Twice what a resolver waits for a lost packet (resolv.conf(5)): late is slow, which others judge; silent is longer."""
CHAIN_LIMIT = 10
PORTS_AT_ONCE = 600
HEADER_LIMIT = 100
PAGE_LIMIT = 262_144
SCRIPT_LIMIT = 8 * 2**20
SCRIPT_COUNT = 20
HEADERS = frozenset(
    {
        "content-type",
        "strict-transport-security",
        "access-control-allow-origin",
        "access-control-allow-credentials",
        "access-control-allow-methods",
        "www-authenticate",
        "x-correlation-id",
        "retry-after",
        "server",
        "vary",
    }
)
"""What is kept of an answer's headers: cookies, for one, are not."""
_SCRIPT = re.compile(r"""<script[^>]*\ssrc=["']?([^"'\s>]+)""", re.IGNORECASE)
_API_BASE = re.compile(r"""["'`]((?:https?://[A-Za-z0-9.:_-]+)?/api/v\d+)/?["'`]""")


@dataclass(frozen=True, slots=True)
class Outside:
    """The looker of one target."""

    target: Target
    offered_methods: Callable[[], Mapping[str, Any] | Unknown]

    def see(self, look: Look) -> Any:
        """Carry out a look: plain data, or Unknown. Nothing is raised: a look that breaks saw nothing."""
        arguments = look.arguments
        source = self._source(look.vantage)
        try:
            match look.kind:
                case "dns":
                    return resolve_everywhere(arguments["domain"], arguments["resolvers"])
                case "tcp":
                    return try_ports(
                        arguments["address"],
                        arguments["ports"],
                        arguments["control"],
                        source,
                        arguments.get("unopened", ()),
                    )
                case "tls":
                    return shake_hands(arguments["domain"], arguments["control"], arguments.get("address"), source)
                case "http":
                    return ask(arguments)
                case "timing":
                    return time_requests(arguments)
                case "scripts":
                    return read_scripts(arguments["url"], arguments["control"])
                case "ssh":
                    return self.offered_methods()
                case "browser":
                    return visit(arguments, lambda: answers(arguments["control"]))
                case "forge":
                    return services.ask_forge(self.target.settings, arguments)
                case "proxmox":
                    return services.ask_proxmox(self.target.settings, arguments["paths"])
                case "proxy":
                    return services.ask_proxy(self.target.settings)
                case "advisories":
                    return audit.ask_advisories(self.target.settings, arguments["python"], arguments["npm"])
                case kind:
                    return Unknown(Reason.NOT_CONFIGURED, f"no looker for {kind}")
        except Exception as error:
            return Unknown(Reason.UNDECIDABLE, f"{look.kind}: {plain_text(str(error))[:200] or type(error).__name__}")

    def _source(self, vantage: str) -> str | None:
        found: Vantage | None = next((item for item in self.target.settings.vantages if item.name == vantage), None)
        return found.source if found else None


def is_open(address: str, port: int, source: str | None = None) -> bool:
    """Whether a TCP port accepts a connection. Refused, timed out and unreachable are answers.

    Raises:
        OSError: anything else is our own fault, and says nothing of the port: no descriptors left, no such source address.
    """
    return knock(address, port, source) == "open"


def knock(address: str, port: int, source: str | None = None) -> Literal["open", "refused", "silent"]:
    """What a TCP port says to a connection, where the other side or a router on the way says anything.

    Raises:
        OSError: our own fault, which says nothing of the port.
    """
    # A source address says from which leg to look; over the other family the route decides.
    bound = (source, 0) if source and (":" in source) == (":" in address) else None
    try:
        with socket.create_connection((address, port), PORT_SECONDS, source_address=bound):
            return "open"
    except TimeoutError:
        return "silent"
    except OSError as error:
        if error.errno in NOT_REACHED:
            return "refused"
        raise


def knock_again(address: str, port: int, source: str | None) -> Literal["open", "refused", "silent"]:
    """The same, and once more after a while where this machine only ran short of something.

    Raises:
        OSError: it still has not enough, or the fault is another one.
    """
    for pause in PAUSES:
        try:
            with _in_turn():
                return knock(address, port, source)
        except OSError as error:
            if error.errno not in SHORT_OF:
                raise
        time.sleep(pause)
    with _in_turn():
        return knock(address, port, source)


_turns = threading.Condition()
_knocking = 0


@contextmanager
def _in_turn() -> Iterator[None]:
    """So that all looks together leave descriptors for what is done beside them."""
    global _knocking
    with _turns:
        _turns.wait_for(lambda: _knocking < _at_once())
        _knocking += 1
    try:
        yield
    finally:
        with _turns:
            _knocking -= 1
            _turns.notify()


def _at_once() -> int:
    """How many ports may be tried at the same time."""
    return max(1, min(PORTS_AT_ONCE, resource.getrlimit(resource.RLIMIT_NOFILE)[0] * 3 // 5))


def expect_way(address: str, source: str | None) -> None:
    """See whether this machine has a way to an address at all. Nothing is sent.

    Raises:
        OSError: it has none: that nothing is reached there says nothing.
    """
    kind, *_, place = socket.getaddrinfo(address, 9, type=socket.SOCK_DGRAM)[0]
    with socket.socket(kind, socket.SOCK_DGRAM) as way:
        if source and (":" in source) == (kind == socket.AF_INET6):
            way.bind((source, 0))
        way.connect(place)


def raise_own_fault(error: BaseException) -> None:
    """Where an exception comes from a fault of this machine, raise that: it is no answer.

    Raises:
        OSError: the fault.
    """
    cause: BaseException | None = error
    while cause is not None:
        # Those of OpenSSL and of the resolver are numbered in ways of their own.
        if isinstance(cause, OSError) and not isinstance(cause, ssl.SSLError | socket.gaierror):
            number = cause.errno or 0
            if number > 0 and number not in NOT_REACHED | CUT_OFF:
                raise cause
        cause = cause.__cause__ or cause.__context__


def answers(control: str | None, source: str | None = None) -> bool:
    """Whether a control address answers; without one, nothing is proven."""
    if not control:
        return False
    host, _, port = control.rpartition(":")
    return is_open(host, int(port), source)


def _cut_off(what: str, control: str | None) -> Unknown | None:
    """Where nothing answered: whether that is our own network's fault."""
    if not control:
        return Unknown(
            Reason.UNREACHABLE, f"{what} does not answer, and no vantage declares a control address to tell why"
        )
    if not answers(control):
        return Unknown(Reason.UNREACHABLE, f"{what} does not answer, nor does the control address {control}")
    return None


def try_ports(
    address: str, ports: list[int], control: str | None, source: str | None, unopened: Sequence[int] = ()
) -> Any:
    """Which ports are open, and whether the vantage sees anything at all; nothing stands for one that could not be tried.

    Raises:
        OSError: none could be tried.
    """
    expect_way(address, source)
    with ThreadPoolExecutor(max_workers=min(len(ports), _at_once()) + 1) as pool:
        controlled = pool.submit(_answers_again, control, source) if control else None
        tried = {port: pool.submit(knock_again, address, port, source) for port in ports}
        said: dict[int, str | None] = {}
        trouble: OSError | None = None
        for port, job in tried.items():
            try:
                said[port] = job.result()
            except OSError as error:
                said[port], trouble = None, error
        if trouble is not None and not any(said.values()):
            raise trouble
        return {
            "open": {str(port): None if word is None else word == "open" for port, word in said.items()},
            "silent": [port for port in unopened if said.get(port) == "silent"],
            "control": controlled.result() if controlled else "open" in said.values(),
            "trouble": plain_text(str(trouble))[:200] if trouble else "",
        }


def _answers_again(control: str, source: str | None) -> bool:
    host, _, port = control.rpartition(":")
    return knock_again(host, int(port), source) == "open"


def resolve_everywhere(domain: str, resolvers: list[str]) -> Any:
    """Addresses of a name by every authoritative server and every resolver."""
    places = [(server, False) for server in resolvers]
    authoritative = _authoritative_servers(domain, resolvers)
    if isinstance(authoritative, Unknown):
        servers = [
            {"server": "authoritative servers", "authoritative": True, "addresses": [], "unknown": authoritative}
        ]
    else:
        servers = []
        places = [(server, True) for server in authoritative] + places
    with ThreadPoolExecutor(max_workers=len(places) or 1) as pool:
        for (server, is_authority), addresses in zip(
            places, pool.map(lambda place: _addresses(domain, place), places), strict=True
        ):
            unknown = addresses if isinstance(addresses, Unknown) else None
            known = [] if isinstance(addresses, Unknown) else addresses
            servers.append({"server": server, "authoritative": is_authority, "addresses": known, "unknown": unknown})
    return {"servers": servers}


def _query(name: dns.name.Name, kind: str, server: str, *, recurse: bool) -> dns.message.Message:
    flags = dns.flags.RD if recurse else dns.flags.Flag(0)
    question = dns.message.make_query(name, kind, flags=flags)
    answer, _ = dns.query.udp_with_fallback(question, server, timeout=CONNECT_SECONDS)
    return answer


def _authoritative_servers(domain: str, resolvers: list[str]) -> list[str] | Unknown:
    """The addresses of the name servers of the zone that holds a name: the closest one above it that has any."""
    name = dns.name.from_text(domain)
    complaint = "no resolver answers"
    for resolver in resolvers:
        try:
            zone = name
            while len(zone) > 1:
                answer = _query(zone, "NS", resolver, recurse=True)
                hosts = [
                    record.target for rrset in answer.answer if rrset.rdtype == dns.rdatatype.NS for record in rrset
                ]
                if hosts:
                    found = {address for host in hosts for address in _ask_addresses(host, resolver, recurse=True)}
                    return sorted(found) or Unknown(Reason.UNDECIDABLE, f"the name servers of {zone} have no address")
                zone = zone.parent()
            complaint = f"{resolver} knows no name server of {domain}"
        except (dns.exception.DNSException, OSError) as error:
            complaint = f"{resolver}: {type(error).__name__}"
    return Unknown(Reason.UNREACHABLE, complaint)


def _ask_addresses(name: dns.name.Name, server: str, *, recurse: bool) -> list[str]:
    found = []
    for kind in ("A", "AAAA"):
        answer = _query(name, kind, server, recurse=recurse)
        if answer.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            raise OSError(dns.rcode.to_text(answer.rcode()))
        found += [
            record.address
            for rrset in answer.answer
            if rrset.rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA)
            for record in rrset
        ]
    return sorted(set(found))


def _addresses(domain: str, place: tuple[str, bool]) -> list[str] | Unknown:
    server, is_authority = place
    try:
        return _ask_addresses(dns.name.from_text(domain), server, recurse=not is_authority)
    except (dns.exception.DNSException, OSError) as error:
        return Unknown(Reason.UNREACHABLE, f"{server}: {type(error).__name__} {error}"[:200])


def shake_hands(
    domain: str, control: str | None, address: str | None = None, source: str | None = None, port: int = 443
) -> Any:
    """The chain that a name serves, as served: nothing is verified here, and nothing is fetched to mend it."""
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_verify(SSL.VERIFY_NONE, lambda *_: True)
    context.set_alpn_protos([b"h2", b"http/1.1"])
    try:
        bound = (source, 0) if source else None
        raw = socket.create_connection((address or domain, port), CONNECT_SECONDS, source_address=bound)
    except ConnectionRefusedError as error:
        return {"refused": type(error).__name__}  # somebody answered: it is the target that says no
    except OSError as error:
        raise_own_fault(error)
        return _cut_off(f"{domain}:{port}", control) or {"refused": type(error).__name__}
    with raw:
        raw.settimeout(None)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _timeval(ANSWER_SECONDS))
        connection = SSL.Connection(context, raw)
        connection.set_tlsext_host_name(domain.encode("idna"))
        connection.set_connect_state()
        try:
            connection.do_handshake()
        except (SSL.Error, OSError) as error:
            return {"refused": type(error).__name__}
        chain = connection.get_peer_cert_chain(as_cryptography=True) or []
        protocol = connection.get_alpn_proto_negotiated().decode("ascii", "replace")
    from cryptography.hazmat.primitives.serialization import Encoding

    encoded = [base64.b64encode(certificate.public_bytes(Encoding.DER)).decode() for certificate in chain[:CHAIN_LIMIT]]
    return {"refused": "", "chain": encoded, "protocol": protocol} if encoded else {"refused": "no certificate"}


def _timeval(seconds: float) -> bytes:
    import struct

    return struct.pack("ll", int(seconds), 0)


def ask(arguments: Mapping[str, Any]) -> Any:
    """One request; redirects are not followed, the body is read as far as asked for.

    Whether the certificate is to be trusted is judged by the items about certificates: here it is verified only where
    `trust` names authorities, and nothing secret is sent.
    """
    url = str(arguments["url"])
    with requests.Session() as session:
        session.trust_env = False
        for scheme in ("http://", "https://"):
            session.mount(scheme, HTTPAdapter(max_retries=0))
        try:
            with session.request(
                arguments.get("method", "GET"),
                url,
                headers={"Accept-Encoding": "identity", **arguments.get("headers", {})},
                allow_redirects=False,
                stream=True,
                timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
                verify=arguments.get("trust", False),
            ) as answer:
                return _told(answer, int(arguments.get("body_limit", 0)))
        except requests.RequestException as error:
            raise_own_fault(error)
            return _cut_off(url, arguments["control"]) or {"status": 0, "location": "", "error": type(error).__name__}


def time_requests(arguments: Mapping[str, Any]) -> Any:
    """How long the same request takes, again and again, over one connection; the first ones only warm it up."""
    url, headers = str(arguments["url"]), dict(arguments.get("headers", {}))
    taken, statuses = [], []
    until = time.monotonic() + arguments["seconds"]
    with requests.Session() as session:
        session.trust_env = False
        session.mount("https://", HTTPAdapter(max_retries=0))
        try:
            for number in range(arguments["warm_up"] + arguments["samples"]):
                if time.monotonic() > until:
                    break
                started = time.perf_counter()
                answer = session.get(
                    url, headers=headers, timeout=(CONNECT_SECONDS, ANSWER_SECONDS), verify=False, allow_redirects=False
                )
                if number >= arguments["warm_up"]:
                    taken.append(round(1000 * (time.perf_counter() - started), 2))
                    statuses.append(answer.status_code)
        except requests.RequestException as error:
            raise_own_fault(error)
            return _cut_off(url, arguments["control"]) or {"trouble": type(error).__name__, "taken": [], "statuses": []}
    return {"trouble": "", "taken": taken, "statuses": statuses}


def _told(answer: requests.Response, body_limit: int) -> dict[str, Any]:
    headers: dict[str, list[str]] = {}
    for name, value in list(answer.raw.headers.items())[:HEADER_LIMIT]:
        if name.lower() in HEADERS:
            headers.setdefault(name.lower(), []).append(plain_text(value)[:500])
    body = answer.raw.read(body_limit, decode_content=True) if body_limit else b""
    return {
        "status": answer.status_code,
        "location": plain_text(answer.headers.get("Location", ""))[:2000],
        "headers": headers,
        "body": plain_text(body),
        "sha256": hashlib.sha256(body).hexdigest() if body else "",
    }


def read_scripts(page_url: str, control: str | None) -> Any:
    """The scripts that a page loads, and which addresses of an API they name; the scripts themselves are not kept."""
    page = ask({"url": page_url, "control": control, "body_limit": PAGE_LIMIT})
    if isinstance(page, Unknown):
        return page
    origin = urlsplit(page_url)
    scripts, bases = [], set()
    for source in _SCRIPT.findall(page["body"])[:SCRIPT_COUNT]:
        url = urljoin(page_url, source)
        if urlsplit(url).hostname != origin.hostname:
            continue
        answer = ask({"url": url, "control": control, "body_limit": SCRIPT_LIMIT})
        if isinstance(answer, Unknown):
            return answer
        kind = (answer.get("headers", {}).get("content-type") or [""])[0]
        scripts.append({"url": url, "status": answer["status"], "type": kind})
        bases |= set(_API_BASE.findall(answer.get("body", "")))
    reached = {}
    for base in sorted(bases)[:SCRIPT_COUNT]:
        answer = ask({"url": f"{urljoin(page_url, base)}/portfolios", "control": control})
        if isinstance(answer, Unknown):
            reached[base] = {"status": 0, "type": ""}
        else:
            kind = (answer.get("headers", {}).get("content-type") or [""])[0]
            reached[base] = {"status": answer["status"], "type": kind}
    return {"scripts": scripts, "bases": reached}
