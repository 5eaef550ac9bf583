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
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as NotYet
from contextlib import contextmanager
from typing import Any, Literal
from urllib.parse import urljoin

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rdatatype
import requests
from msgspec import Struct, field
from OpenSSL import SSL, crypto
from urllib3.util import wait_for_read, wait_for_write

from pytest_zebu.facts import urls
from pytest_zebu.facts.answer import Reason, Unknown, plain_text
from pytest_zebu.facts.fact import Look
from pytest_zebu.gather import audit, elsewhere, forge, places, services
from pytest_zebu.gather.bounds import OutOfTime, allowed, carried, within
from pytest_zebu.gather.browsers import started_for
from pytest_zebu.gather.client import (
    NotAsked,
    Session,
    Unending,
    causes,
    is_near,
    is_unresolved,
    led,
    let_go,
    read_body,
)
from pytest_zebu.gather.deadline import DAY, NEVER, NO_TIME, Deadline, aside, at_once
from pytest_zebu.gather.elsewhere import Handed
from pytest_zebu.gather.keyed import ask_with_key
from pytest_zebu.gather.resolver import OwnResolver, State
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
USUAL_SECONDS = 90.0
SERVICES = ("forge", "proxmox", "proxy", "advisories", "keyed")
"""Looks at services, by names that only this machine's resolver tells."""
LOOK_SECONDS = {"tcp": 600.0, "browser": 300.0, "advisories": 120.0}
"""How long a look may take in all; ports are many, and each has its own time."""
MOST_SERVERS = 16
"""So many name servers of a zone are asked at most, at so many addresses; thirteen fit into the smallest answer."""
REDIRECTS = (301, 302, 303, 307, 308)
GATEWAY_TIMEOUT = 504
COUNTED = (429, 503)
"""With what proxies answer whom they count (nginx with 503, unless it is told otherwise)."""
TOO_MANY = 429
CALM_SECONDS, CALM_PAUSES = 0.5, (1, 2, 4, 8)
"""Whoever allows few requests in a second has let all looks pass after so many times that long, and up to as long again."""
LONGEST_WAY = 20
"""So many redirects browsers follow (https://fetch.spec.whatwg.org/#http-redirect-fetch)."""
TRIPS = 3
"""Connections of which the quickest tells how long the way is."""
MOST_LINES, LINE_TRIP = 5, 20.0
"""Over so many connections is timed at once at most; over one more for each so many milliseconds of the way there and back."""
PORTS_AT_ONCE = 600
HEADER_LIMIT = 100
PAGE_LIMIT = 262_144
TIMED_LIMIT = 2**20
"""Bytes of an answer that is timed; one that is longer is timed as far as that."""
SCRIPT_LIMIT = 8 * 2**20
SCRIPT_COUNT = 20
LONGEST_BASE = 2000
HEADERS = frozenset(
    {
        "content-type",
        "strict-transport-security",
        "access-control-allow-origin",
        "access-control-allow-credentials",
        "access-control-allow-headers",
        "access-control-allow-methods",
        "www-authenticate",
        "x-correlation-id",
        "retry-after",
        "server",
        "vary",
    }
)
"""What is kept of an answer's headers: cookies, for one, are not."""
_SCRIPT = re.compile(r"""<script[^>]{0,400}?\ssrc=["']?([^"'\s>]+)""", re.IGNORECASE)
_PRELOADED = re.compile(
    r"""<link\b(?=[^>]{0,400}?\srel=["']?modulepreload\b)[^>]{0,400}?\shref=["']?([^"'\s>]+)""", re.IGNORECASE
)
"""Modules that a page's script imports, as bundlers name them beside it."""
_API_BASE = re.compile(r"""["'`]((?:https?://[A-Za-z0-9.:_-]+)?/api/v\d+)/?["'`]""")

_NEVER_REACHED = re.compile(
    r"""((?:(?<![=!<>])=|=>|[(,:\[{;?]|\breturn\s?)\s*(["'])[^"'`\\\n]+\2)(?:\s*(?:\|\||\?\?)\s*(["'`])https?://[^"'`\s]*\3)+"""
)
"""An address behind a text that is always there, where nothing else stands before that: no script comes to it."""


class Outside(Struct, frozen=True):
    """The looker of one target.

    Attributes:
        handed: by vantage that is another machine, what that saw.
        kept: the connections that looks share which do not judge the connection itself.
    """

    target: Target
    offered_methods: Callable[[], Mapping[str, Any] | Unknown]
    deadline: Deadline = NEVER
    handed: Mapping[str, Handed | Unknown] = field(default_factory=dict)
    resolver: OwnResolver = field(default_factory=OwnResolver)
    kept: places.Kept = field(default_factory=places.Kept)
    _led: dict[str, Future[list[str] | Unknown]] = field(default_factory=dict)

    def see(self, look: Look) -> Any:
        """Carry out a look: plain data, or Unknown. What another machine looks at, it has handed in."""
        if (handed := self.handed.get(look.vantage)) is not None:
            return handed if isinstance(handed, Unknown) else handed.saw(look, time.time())
        seen = self._see(look)
        return elsewhere.instead(look, seen, self.handed) if isinstance(seen, Unknown) else seen

    def _see(self, look: Look) -> Any:
        """See for ourselves. Nothing is raised: a look that breaks saw nothing."""
        seconds = LOOK_SECONDS.get(look.kind, USUAL_SECONDS)
        own = Deadline.after(seconds)
        try:
            with within(self.deadline, NO_TIME), within(own, f"the look did not end within {seconds:.0f} s"):
                return self._unled(look) or self._excused(self._look(look), look)
        except OutOfTime as error:
            return Unknown(Reason.TIMED_OUT, f"{look.kind}: {error}")
        except RecursionError:
            return Unknown(Reason.GARBLED, f"{look.kind}: what came is nested too deep")
        except Exception as error:
            return Unknown(Reason.UNDECIDABLE, f"{look.kind}: {plain_text(str(error))[:200] or type(error).__name__}")

    def _look(self, look: Look) -> Any:
        arguments = {**look.arguments, "beside": True} if look.beside else look.arguments
        source = self._source(look.vantage)
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
            case "tls" if "addresses" in arguments:
                domain, control = arguments["domain"], arguments["control"]
                return self._everywhere(arguments, lambda place: shake_hands(domain, control, place, source))
            case "tls":
                return shake_hands(arguments["domain"], arguments["control"], arguments.get("address"), source)
            case "http" if arguments.get("everywhere"):
                return self._everywhere(
                    arguments, lambda place: ask(arguments, self._places(arguments, place), self.kept)
                )
            case "http":
                return ask(arguments, self._places(arguments), self.kept)
            case "descriptions":
                return read_descriptions(arguments, self._places(arguments), self.kept)
            case "timing":
                return time_requests(arguments, self._places(arguments))
            case "keyed":
                return ask_with_key(self.target.settings, arguments["url"])
            case "scripts":
                url, control, names = arguments["url"], arguments["control"], arguments["names"]
                return read_scripts(url, control, self._places(arguments), names, self.kept)
            case "ssh":
                return self.offered_methods()
            case "browser":
                return visit(arguments, lambda: answers(arguments["control"]), self._places(arguments))
            case "forge":
                return forge.ask_forge(self.target.settings, arguments)
            case "proxmox":
                return services.ask_proxmox(self.target.settings, arguments["paths"])
            case "proxy":
                return services.ask_proxy(self.target.settings)
            case "advisories":
                return audit.ask_advisories(self.target.settings, arguments["python"], arguments["npm"])
            case kind:
                return Unknown(Reason.NOT_CONFIGURED, f"no looker for {kind}")

    def _addresses(self, domain: str, arguments: Mapping[str, Any]) -> list[str] | Unknown:
        mine: Future[list[str] | Unknown] = Future()
        job = self._led.setdefault(domain, mine)  # one look resolves a name, and the others wait for it
        if job is mine:
            try:
                job.set_result(self._lead(domain, arguments))
            except BaseException:
                job.cancel()  # what this look had no time for, another one may have
                self._led.pop(domain, None)
                raise
        while True:
            try:
                return job.result(allowed(DAY))
            except NotYet:
                continue
            except CancelledError:
                return self._addresses(domain, arguments)

    def _lead(self, domain: str, arguments: Mapping[str, Any]) -> list[str] | Unknown:
        declared, resolvers = arguments["addresses"], arguments["resolvers"]
        return places.lead_to(domain, declared, resolvers) if declared else self.resolver.lead(domain, resolvers)

    def _unled(self, look: Look) -> Unknown | None:
        """Why a look cannot be made: this machine's own resolver has to say where a name leads, and cannot."""
        if look.kind in SERVICES or look.arguments.get("addresses"):
            return None
        read = map(urls.read, _urls_of(look.arguments))
        public = self.target.host.public_address
        named = [public] if public and look.arguments.get("address") == public else []
        lead = {"addresses": (), "resolvers": self.target.settings.domains.resolvers, **look.arguments}
        hosts = dict.fromkeys([*named, *(one.host for one in read if one)])
        return next((one for host in hosts if isinstance(one := self._addresses(host, lead), Unknown)), None)

    def _excused(self, seen: Any, look: Look) -> Any:
        """What a service's look saw; that it is not reached says nothing of it where this machine's resolver leads elsewhere."""
        if look.kind not in SERVICES or not isinstance(seen, Unknown) or "ConnectionError" not in seen.detail:
            return seen
        trouble = self.resolver.trouble()
        is_misled = trouble is not None and trouble.state is State.LYING
        return Unknown(Reason.UNREACHABLE, f"{seen.detail}; {trouble.text}") if trouble and is_misled else seen

    def _everywhere(self, arguments: Mapping[str, Any], look_at: Callable[[str], Any]) -> Any:
        """What is seen at each address to which a name leads."""
        found = self._addresses(arguments["domain"], arguments)
        if isinstance(found, Unknown):
            return found

        def look(place: str) -> Any:
            return places.no_way_to(place) or _alone(look_at, place)

        seen = at_once(carried(look), found, len(found))
        return {"at": dict(zip(found, seen, strict=True))}

    def _places(self, arguments: Mapping[str, Any], here: str | None = None) -> dict[str, str]:
        """By declared name, the address that is asked: `here` as far as the name leads there, else its first one."""
        if not arguments.get("addresses"):
            return {arguments["domain"]: here} if here else {}
        led = {name: self._addresses(name, arguments) for name in arguments["names"]}
        known = {name: found for name, found in led.items() if not isinstance(found, Unknown) and found}
        return {name: here if here is not None and here in found else found[0] for name, found in known.items()}

    def _source(self, vantage: str) -> str | None:
        found: Vantage | None = next((item for item in self.target.settings.vantages if item.name == vantage), None)
        return found.source if found else None


def _urls_of(arguments: Mapping[str, Any]) -> list[str]:
    """The addresses that a look begins with."""
    return [str(one) for one in (arguments.get("url"), *arguments.get("urls", ())) if one]


def _alone(look_at: Callable[[str], Any], place: str) -> Any:
    """What is seen at one address, which takes nothing from the others where it breaks."""
    try:
        return look_at(place)
    except OutOfTime as error:
        return Unknown(Reason.TIMED_OUT, f"{place}: {error}")


def visit(arguments: Mapping[str, Any], control_answers: Callable[[], bool], directed: Mapping[str, str]) -> Any:
    """Visit some addresses by browser. Who does not want that needs no Playwright, which takes long to import."""
    executable = str(arguments["executable"])
    if not started_for(executable, is_declared=arguments["is_declared"]):  # what drives it is large, and of no use then
        return Unknown(
            Reason.NO_COMMAND, f"no browser at {executable}: apt-get install chromium, or set browser.executable"
        )
    from pytest_zebu.gather import visits

    return visits.visit(arguments, control_answers, directed)


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
        OutOfTime: the look takes too long.
    """
    # A source address says from which leg to look; over the other family the route decides.
    bound = (source, 0) if source and (":" in source) == (":" in address) else None
    try:
        with socket.create_connection((address, port), allowed(PORT_SECONDS), source_address=bound):
            return "open"
    except TimeoutError:
        allowed(0.0)
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
    for cause in causes(error):
        # Those of OpenSSL and of the resolver are numbered in ways of their own.
        if isinstance(cause, OSError) and not isinstance(cause, ssl.SSLError | socket.gaierror):
            number = cause.errno or 0
            if number > 0 and number not in NOT_REACHED | CUT_OFF:
                raise cause


def answers(control: str | None, source: str | None = None) -> bool:
    """Whether a control address answers; without one, nothing is proven."""
    if not control:
        return False
    host, _, port = control.rpartition(":")
    return is_open(host, int(port), source)


def _cut_off(what: str, control: str | None, address: str = "") -> Unknown | None:
    """Where nothing answered: whether that is our own network's fault. A control address answers for its own kind."""
    if not control:
        return Unknown(Reason.UNREACHABLE, f"{what} does not answer, and {elsewhere.UNTOLD}")
    if not answers(control):
        return Unknown(Reason.UNREACHABLE, f"{what} does not answer, nor does the control address {control}")
    host = control.rpartition(":")[0]
    if ":" in address and ":" not in host and urls.is_address(host):
        why = f"{what} does not answer at {address}, and the control address {control} proves nothing about IPv6"
        return Unknown(Reason.UNREACHABLE, why)
    return None


def try_ports(
    address: str, ports: list[int], control: str | None, source: str | None, unopened: Sequence[int] = ()
) -> Any:
    """Which ports are open, and whether the vantage sees anything at all; nothing stands for one that could not be tried.

    Raises:
        OSError: none could be tried.
    """
    expect_way(address, source)

    def knocked(port: int) -> Literal["open", "refused", "silent"] | OSError:
        try:
            return knock_again(address, port, source)
        except OSError as error:
            return error

    def answers_again(place: str) -> bool:
        return _answers_again(place, source)

    controlling = carried(answers_again)
    controlled = aside(lambda: controlling(control)) if control else None
    tried = dict(zip(ports, at_once(carried(knocked), ports, _at_once()), strict=True))
    said = {port: None if isinstance(word, OSError) else word for port, word in tried.items()}
    troubles = [word for word in tried.values() if isinstance(word, OSError)]
    if troubles and not any(said.values()):
        raise troubles[-1]
    return {
        "open": {str(port): None if word is None else word == "open" for port, word in said.items()},
        "silent": [port for port in unopened if said.get(port) == "silent"],
        "control": controlled.result() if controlled else "open" in said.values(),
        "trouble": plain_text(str(troubles[-1]))[:200] if troubles else "",
    }


def _answers_again(control: str, source: str | None) -> bool:
    host, _, port = control.rpartition(":")
    return knock_again(host, int(port), source) == "open"


def resolve_everywhere(domain: str, resolvers: list[str]) -> Any:
    """Addresses of a name by every authoritative server and every resolver."""
    asked = [(server, False) for server in resolvers]
    rows: list[dict[str, Any]] = []
    hosts = _authoritative_servers(domain, resolvers)
    if isinstance(hosts, Unknown):
        rows.append({"server": "authoritative servers", "authoritative": True, "addresses": [], "unknown": hosts})
    else:
        for host, addresses in hosts.items():
            row = {"server": host, "authoritative": True, "addresses": []}
            if isinstance(addresses, Unknown):
                rows.append({**row, "unknown": addresses})
            elif not addresses:
                none = Unknown(Reason.MISSING, f"the name server {host} has no address")
                rows.append({**row, "unknown": none, "refuses": "no address"})
        known = {address for found in hosts.values() if not isinstance(found, Unknown) for address in found}
        if len(known) > MOST_SERVERS:
            cut = Unknown(Reason.GARBLED, f"they have {len(known)} addresses, of which {MOST_SERVERS} were asked")
            rows.append(
                {"server": "more authoritative servers", "authoritative": True, "addresses": [], "unknown": cut}
            )
        asked = [(server, True) for server in sorted(known)[:MOST_SERVERS]] + asked
    rows += at_once(carried(lambda place: _row(domain, place, resolvers)), asked, len(asked))
    return {"servers": rows}


def _authoritative_servers(domain: str, resolvers: list[str]) -> dict[str, list[str] | Unknown] | Unknown:
    """The name servers of the zone that holds a name, with their addresses: of the closest one above it that has any."""
    name = dns.name.from_text(domain)
    complaint = "no resolver answers"
    for resolver in resolvers:
        try:
            zone = name
            while len(zone) > 1:
                answer = places.query(zone, "NS", resolver)
                hosts = [
                    record.target.to_text()
                    for rrset in answer.answer
                    if rrset.rdtype == dns.rdatatype.NS and rrset.name == zone
                    for record in rrset
                ]
                if len(hosts) > MOST_SERVERS:
                    return Unknown(Reason.GARBLED, f"{resolver} names {len(hosts)} name servers of {domain}")
                if hosts:
                    found = at_once(carried(lambda host: _addresses_of(host, resolvers)), hosts, len(hosts))
                    return dict(zip(hosts, found, strict=True))
                zone = zone.parent()
            complaint = f"{resolver} knows no name server of {domain}"
        except (dns.exception.DNSException, OSError) as error:
            complaint = f"{resolver}: {type(error).__name__}"
    return Unknown(Reason.UNREACHABLE, complaint)


def _addresses_of(host: str, resolvers: list[str]) -> list[str] | Unknown:
    """Where a name server is."""
    try:
        return _told_by_any(host, resolvers)
    except (dns.exception.DNSException, OSError) as error:
        return Unknown(Reason.UNREACHABLE, f"where the name server {host} is: {type(error).__name__} {error}"[:200])


def _told_by_authority(domain: str, server: str, resolvers: list[str]) -> tuple[list[str], bool]:
    """What a name's own server says, and whether it says that it is one.

    Where it names an alias into another zone, a resolver tells the rest.
    """
    found: set[str] = set()
    is_authority = True
    name = dns.name.from_text(domain)

    def told(kind: dns.rdatatype.RdataType) -> dns.message.Message:
        return places.query(name, dns.rdatatype.to_text(kind), server, recurse=False)

    told_of = at_once(carried(told), places.KINDS, len(places.KINDS))
    for kind, answer in zip(places.KINDS, told_of, strict=True):
        is_authority = is_authority and bool(answer.flags & dns.flags.AA)
        end, records = places.chain(answer, name, kind)
        if not records and end != name:
            return _told_by_any(end.to_text(), resolvers), is_authority
        found |= {str(record.address) for record in records}
    return sorted(found), is_authority


def _told_by_any(name: str, resolvers: list[str]) -> list[str]:
    complaint: Exception = OSError("no resolver is declared")
    for resolver in resolvers:
        try:
            return places.resolve(name, resolver)
        except (dns.exception.DNSException, OSError) as error:
            complaint = error
    raise complaint


def _row(domain: str, place: tuple[str, bool], resolvers: list[str]) -> dict[str, Any]:
    """What one server says of a name. What was lost, or went wrong on the way, is asked for once more."""
    server, is_authority = place
    row: dict[str, Any] = {"server": server, "authoritative": is_authority, "addresses": [], "unknown": None}
    if is_authority and (beyond := places.no_way_to(server)):
        # Whoever has a way there asks it; those that we can ask have the same zone.
        return {**row, "unknown": beyond, "beyond": True}
    for is_last in (False, True):
        try:
            if not is_authority:
                found = places.resolve(domain, server)
                return {
                    **row,
                    "addresses": found,
                    **({} if found and not all(map(is_near, found)) else _others(domain, server)),
                }
            addresses, says_so = _told_by_authority(domain, server, resolvers)
            return {**row, "addresses": addresses, **({} if says_so else {"aside": True})}
        except (dns.exception.DNSException, OSError) as error:
            if is_last or not isinstance(error, places.Refusal | dns.exception.Timeout):
                unknown = Unknown(Reason.UNREACHABLE, f"{server}: {type(error).__name__} {error}"[:200])
                refusal = {"refuses": str(error)} if isinstance(error, places.Refusal) else {}
                others = _others(domain, server) if refusal and not is_authority else {}
                return {**row, "unknown": unknown, **refusal, **others}
    raise AssertionError("the last try returns")


def _others(domain: str, server: str) -> dict[str, bool]:
    """Whether a resolver that says of a name what is odd tells of others: which servers there are above it, up to the root."""
    name = dns.name.from_text(domain)
    above = [name]
    while len(above[-1]) > 1:
        above.append(above[-1].parent())
    lost = 0
    for zone in reversed(above):
        try:
            if any(one.rdtype == dns.rdatatype.NS for one in places.query(zone, "NS", server).answer):
                return {}
        except dns.exception.Timeout:  # one packet may be lost; who is silent is not waited for again and again
            lost += 1
            if lost > 1:
                break
        except (dns.exception.DNSException, OSError):
            continue
    return {"others": False}


def shake_hands(
    domain: str, control: str | None, address: str | None = None, source: str | None = None, port: int = 443
) -> Any:
    """The chain that a name serves, as served: nothing is verified here, and nothing is fetched to mend it."""
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_cipher_list(places.CIPHERS.encode())
    context.set_verify(SSL.VERIFY_NONE, lambda *_: True)
    context.set_alpn_protos([b"h2", b"http/1.1"])
    try:
        # A source address says from which leg to look; over the other family the route decides.
        bound = (source, 0) if source and (":" in source) == (":" in (address or "")) else None
        raw = socket.create_connection((address or domain, port), allowed(CONNECT_SECONDS), source_address=bound)
    except ConnectionRefusedError as error:
        return {"refused": type(error).__name__}  # somebody answered: it is the target that says no
    except (socket.gaierror, UnicodeError) as error:
        return _unresolved(domain, error)
    except OSError as error:
        allowed(0.0)
        raise_own_fault(error)
        return _cut_off(f"{domain}:{port}", control, address or "") or {"refused": type(error).__name__}
    with raw:
        raw.setblocking(False)
        connection = SSL.Connection(context, raw)
        connection.set_tlsext_host_name(domain.encode("idna"))
        connection.set_connect_state()
        try:
            _come_to_terms(connection, raw, time.monotonic() + ANSWER_SECONDS)
        except (SSL.Error, OSError) as error:
            raise_own_fault(error)
            return {"refused": type(error).__name__}
        chain = connection.get_peer_cert_chain() or []
        protocol = connection.get_alpn_proto_negotiated().decode("ascii", "replace")
    # As they came: what is wrong in one is for the reader of certificates to say.
    encoded = [base64.b64encode(crypto.dump_certificate(crypto.FILETYPE_ASN1, one)).decode() for one in chain]
    encoded = encoded[:CHAIN_LIMIT]
    return {"refused": "", "chain": encoded, "protocol": protocol} if encoded else {"refused": "no certificate"}


def _come_to_terms(connection: SSL.Connection, raw: socket.socket, until: float) -> None:
    """Shake hands, within a time in all, however many pieces the other side makes of it.

    Raises:
        TimeoutError: it did not come to an end.
        SSL.Error: it ended otherwise.
        OSError: the connection broke.
        OutOfTime: the look takes too long.
    """
    while True:
        try:
            connection.do_handshake()
            return
        except SSL.WantReadError:
            wait = wait_for_read
        except SSL.WantWriteError:
            wait = wait_for_write
        left = allowed(until - time.monotonic())
        if left <= 0 or not wait(raw, left):
            allowed(0.0)
            raise TimeoutError("the handshake does not end")


def _unresolved(name: str, error: Exception) -> Unknown:
    return Unknown(
        Reason.UNREACHABLE, f"this machine's resolver does not tell where {name} is ({type(error).__name__})"
    )


def ask(
    arguments: Mapping[str, Any], directed: Mapping[str, str] | None = None, kept: places.Kept | None = None
) -> Any:
    """One request; the body is read as far as asked for.

    Whether the certificate is to be trusted is judged by the items about certificates: here it is verified only where
    `trust` names authorities, and nothing secret is sent.

    Args:
        arguments: what to ask; `follow`: whether to go on to where the answer leads, and tell the way, and what is read
            at its end.
        directed: the addresses at which names are asked.
        kept: connections that are shared with other looks.
    """
    directed = directed or {}
    is_way = bool(arguments.get("follow"))
    with places.in_turn(_host_of(str(arguments["url"])), directed, kept, is_way=is_way) as session:
        return _ask(session, str(arguments["url"]), arguments, directed)


def _host_of(url: str) -> str:
    there = urls.read(url)
    return there.host if there else ""


def _ask(session: Session, url: str, arguments: Mapping[str, Any], directed: Mapping[str, str]) -> Any:
    if there := urls.read(url):
        session.begun.add(there.host)
    first = _request(session, url, arguments, directed)
    if not arguments.get("follow") or isinstance(first, Unknown) or not first["status"]:
        return first
    way = _way(session, url, first, arguments, directed)
    if isinstance(way, Unknown) or not way.steps:
        return {**first, "way": way if isinstance(way, Unknown) else []}
    return {**first, "way": way.steps, **({"end": way.end} if arguments.get("body_limit") else {})}


class _Way(Struct):
    """The answers to which a redirect leads, and the last one whole."""

    steps: list[dict[str, Any]]
    end: Mapping[str, Any]

    def into(self, url: str, trouble: str) -> _Way:
        """The way, with an end that is no answer."""
        return _Way([*self.steps, {"url": url, "status": 0, "trouble": trouble}], {"status": 0, "error": trouble})


def _request(
    session: Session, url: str, arguments: Mapping[str, Any], directed: Mapping[str, str]
) -> dict[str, Any] | Unknown:
    """An answer that is late, as the first one of a stack that was just started, is waited for once more.

    So it is with whoever counts requests, after pauses: all looks come at the same time.
    """
    first = _try(session, url, arguments, directed)
    if not first.why_again:
        return first.answer
    spread = 1 + zlib.crc32(repr(arguments).encode()) % 100 / 100
    number, last = 1, first
    for pause in CALM_PAUSES if first.is_counted else (0.0,):
        time.sleep(CALM_SECONDS * pause * spread)
        number, last = number + 1, _try(session, url, arguments, directed)
        # What is out of order says so with 503 as well, and is not asked on and on.
        if last.answer_status != TOO_MANY:
            break
    which = "at the second try" if number == 2 else f"at try {number}"
    told = last.answer
    return told if isinstance(told, Unknown) else {**told, "again": f"{which}; the first {first.why_again}"}


class _Tried(Struct, frozen=True):
    """What came of a request, and why it is worth another one."""

    answer: dict[str, Any] | Unknown
    why_again: str = ""
    is_counted: bool = False

    @property
    def answer_status(self) -> int:
        """The status; 0 without an answer."""
        return 0 if isinstance(self.answer, Unknown) else int(self.answer["status"])


def _try(session: Session, url: str, arguments: Mapping[str, Any], directed: Mapping[str, str]) -> _Tried:
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
            try:
                told = _told(answer, int(arguments.get("body_limit", 0)))
            except Unending as error:
                # It does answer; what, is not known.
                return _Tried(Unknown(Reason.TIMED_OUT, f"{url}: {error}"))
            let_go(answer)
            status = told["status"]
            is_again = status in (GATEWAY_TIMEOUT, *COUNTED)
            return _Tried(told, f"was answered with {status}" if is_again else "", status in COUNTED)
    except NotAsked as error:
        return _Tried({"status": 0, "location": "", "error": str(error)})
    except requests.RequestException as error:
        raise_own_fault(error)
        host = urls.read(url)
        if host is None or is_unresolved(error):
            return _Tried(_unresolved(host.host if host else url, error))
        cut_off = _cut_off(url, arguments["control"], directed.get(host.host, ""))
        why = str(error) if isinstance(error, Unending) else type(error).__name__
        nothing = {"status": 0, "location": "", "error": why}
        return _Tried(cut_off or nothing, f"took more than {ANSWER_SECONDS:g} s" if _is_late(error) else "")


def _is_late(error: BaseException) -> bool:
    """Whether a server that was reached did not answer in time."""
    return isinstance(error, requests.ReadTimeout)


def _way(
    session: Session,
    url: str,
    first: Mapping[str, Any],
    arguments: Mapping[str, Any],
    directed: Mapping[str, str],
) -> _Way | Unknown:
    """The answers to which a redirect leads, one after the other, as a browser would go; the last one ends it."""
    way = _Way([], first)
    gone: set[tuple[object, ...]] = {(url,)}
    # A body, if one is asked for, is read along the way: which answer is the last one is known when it is there.
    asked = {name: arguments[name] for name in ("control", "body_limit", "headers") if name in arguments}
    while way.end["status"] in REDIRECTS:
        location = way.end["location"]
        there = urls.read(location, url) if location else None
        if there is None or there.scheme not in ("http", "https"):
            return way.into(location, "is no address to go to")
        url = there.text
        # Whoever was given a cookie on the way may be answered otherwise.
        here = (url, *session.cookies.items())
        if here in gone:
            return way.into(url, "leads in a circle")
        if len(way.steps) == LONGEST_WAY:
            return way.into(url, "never ends")
        gone.add(here)
        told = _request_there(session, there.host, url, asked, directed)
        if isinstance(told, Unknown):
            return told
        trouble = f"does not answer ({told['error']})" if told.get("error") else ""
        way = _Way([*way.steps, {"url": url, "status": told["status"], "trouble": trouble}], told)
    return way


def _request_there(
    session: Session, host: str, url: str, arguments: Mapping[str, Any], directed: Mapping[str, str]
) -> dict[str, Any] | Unknown:
    """The same at an address that a target named: it leads nobody to this machine itself, but where the target is declared."""
    if host in directed or host in session.begun:
        return _request(session, url, arguments, directed)
    with led():
        return _request(session, url, arguments, directed)


_NAMED = re.compile(
    r"""(?:\b(?:spec-url|data-url|apiDescriptionUrl)\s*=|\bRedoc\.init\(|["']?\burl["']?\s*:)\s*["']([^"'\s]{1,500})["']"""
)
"""How pages that show a description name it: Swagger UI, Redoc, RapiDoc, Scalar, Elements."""
MOST_NAMED = 3


def read_descriptions(
    arguments: Mapping[str, Any], directed: Mapping[str, str] | None = None, kept: places.Kept | None = None
) -> Any:
    """What is answered at some addresses, one after the other, and at those of the same names that the pages there name.

    Whoever counts requests lets these few pass, that come over one connection.
    """
    directed, found = directed or {}, {}
    named: list[str] = []
    ask_for = {"control": arguments["control"], "body_limit": arguments["body_limit"], "follow": True}
    with places.in_turn(_host_of(arguments["urls"][0]), directed, kept) as session:
        for url in arguments["urls"]:
            found[url] = told = _ask(session, url, ask_for, directed)
            if isinstance(told, Unknown) or told["status"] in (0, *COUNTED):
                # Who is silent now, or counts, is not waited for at each address.
                return {"answers": {**dict.fromkeys(arguments["urls"], told), **found}}
            named += _named_by(url, found[url], arguments["names"])
        for url in dict.fromkeys(named):
            if url not in found and len(found) < len(arguments["urls"]) + MOST_NAMED:
                found[url] = _ask(session, url, ask_for, directed)
    return {"answers": found}


def _named_by(url: str, answer: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    """The addresses under declared names where a page says that the description is."""
    page = answer.get("end") or answer
    base = answer["way"][-1]["url"] if answer.get("way") and not isinstance(answer["way"], Unknown) else url
    read = (urls.read(found, base) for found in _NAMED.findall(page.get("body", "")))
    return [one.text for one in read if one and one.scheme == "https" and one.host in names]


def time_requests(arguments: Mapping[str, Any], directed: Mapping[str, str] | None = None) -> Any:
    """How long the same request takes, again and again, over one connection; the first ones only warm it up.

    It is measured once more where it breaks off, or where only some of the answers are slow: a moment's trouble is no habit.
    Beside other work it is not, and ends as soon as it is seen to be slow: it is measured alone then.
    """
    first = _timed(arguments, directed or {})
    before = first["trouble"] or _burst(first["taken"], arguments["slow"])
    is_beside = arguments.get("beside") is True
    seen = _timed(arguments, directed or {}) if before and not is_beside else first
    if seen["trouble"] and (cut_off := _cut_off(str(arguments["url"]), arguments["control"])):
        return cut_off
    if seen["trouble"] and (name := seen.pop("unresolved", "")):
        return _unresolved(name, socket.gaierror())
    return {**seen, "before": before, "beside": is_beside}


def _burst(taken: Sequence[float], slow: float) -> str:
    """What is said of times of which a few are slow, and most are not; empty if they are none."""
    ordered = sorted(taken)
    many = sum(one >= slow for one in ordered)
    return f"{many} of {len(ordered)} took {slow:.0f} ms or more" if 20 * many > len(ordered) > 2 * many else ""


class _Timer(Struct):
    """The same request, again and again, over a connection that stays, or over several.

    Attributes:
        left: how many are still to be made.
        trip: milliseconds that the way there and back takes.
        set_up: milliseconds that a connection takes until it can be used.
        fresh: over how many connections that had to be made anew.
        is_over: enough was seen.
    """

    arguments: Mapping[str, Any]
    directed: Mapping[str, str]
    until: float
    left: int
    taken: list[float] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    trip: float = 0.0
    set_up: float = 0.0
    fresh: int = 0
    is_over: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def lines(self) -> int:
        """Over how many connections: beside other work what is on its way disturbs nobody; alone it is one after the other."""
        return min(MOST_LINES, 1 + int(self.trip / LINE_TRIP)) if self.arguments.get("beside") else 1

    def warm_up(self, session: Session) -> bool:
        """The first ones, and what the way takes; whether the next one has a connection of its own to make."""
        is_late = is_fresh = is_answered = False
        number = 0
        while number < self.arguments["warm_up"] and time.monotonic() <= self.until:
            try:
                _, is_fresh, _ = self._once(session)
                is_answered = True
            except requests.ReadTimeout:
                # The first answer of a cold stack may be.
                if number or is_late:
                    raise
                is_late, self.until = True, self.until + ANSWER_SECONDS
            number += 1
        if is_answered:
            self.trip, self.set_up = _way_there(str(self.arguments["url"]), self.directed)
        return is_fresh

    def go_on(self, session: Session, is_fresh: bool) -> None:
        """Those that count."""
        few = self.arguments["samples"] // 20
        while self._has_more():
            took, is_next_fresh, status = self._once(session)
            with self._lock:
                self.taken.append(round(max(took - (self.set_up if is_fresh else 0), 0), 2))
                self.statuses.append(status)
                self.fresh += is_fresh
                if self.arguments.get("beside") and sum(one >= self.arguments["slow"] for one in self.taken) > few:
                    self.is_over = True
            is_fresh = is_next_fresh

    def beside(self, number: int) -> None:
        """Those that count, over one more connection."""
        with places.session(self.directed) as session:
            _, is_fresh, _ = self._once(session)
            self.go_on(session, is_fresh)

    def _has_more(self) -> bool:
        with self._lock:
            self.left -= 1
            return self.left >= 0 and not self.is_over and time.monotonic() <= self.until

    def _once(self, session: Session) -> tuple[float, bool, int]:
        """Milliseconds that an answer takes, whether it ends its connection, and its status."""
        started = time.perf_counter()
        answer = session.get(
            str(self.arguments["url"]), headers=dict(self.arguments.get("headers", {})), verify=False,
            timeout=(CONNECT_SECONDS, ANSWER_SECONDS), allow_redirects=False, stream=True,
        )  # fmt: skip
        with answer:
            read_body(answer, TIMED_LIMIT)
        took = 1000 * (time.perf_counter() - started)
        wish = answer.headers.get("Connection", "").lower()
        return took, wish == "close" or (answer.raw.version == 10 and wish != "keep-alive"), answer.status_code


def _timed(arguments: Mapping[str, Any], directed: Mapping[str, str]) -> dict[str, Any]:
    timer = _Timer(arguments, directed, time.monotonic() + arguments["seconds"], arguments["samples"])
    with places.session(directed) as session:
        try:
            is_fresh = timer.warm_up(session)

            def go_on(number: int) -> None:
                timer.beside(number) if number else timer.go_on(session, is_fresh)

            at_once(carried(go_on), range(timer.lines), timer.lines)
        except requests.RequestException as error:
            raise_own_fault(error)
            nothing = {"trouble": type(error).__name__, "taken": [], "statuses": [], "trip": 0.0, "fresh": 0}
            there = urls.read(str(arguments["url"]))
            return {**nothing, "unresolved": there.host} if there and is_unresolved(error) else nothing
    taken, statuses = timer.taken, timer.statuses
    return {"trouble": "", "taken": taken, "statuses": statuses, "trip": timer.trip, "fresh": timer.fresh}


def _way_there(url: str, directed: Mapping[str, str]) -> tuple[float, float]:
    """Milliseconds that the way to a server and back takes, and that a connection takes until it can be used."""
    there = urls.read(url)
    if there is None:
        return 0.0, 0.0
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # nothing is verified: no authorities need be read
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    place, port, is_secure, name = directed.get(there.host, there.host), there.port, there.scheme == "https", there.host

    def go(number: int) -> tuple[float, float]:
        started = time.perf_counter()
        with socket.create_connection((place, port), CONNECT_SECONDS) as raw:
            trip = time.perf_counter() - started
            if is_secure:
                with context.wrap_socket(raw, server_hostname=name):
                    pass
            return trip, time.perf_counter() - started

    trip, _ = first = go(0)
    # One after the other, but where each takes long: then they do not make each other longer.
    gone = [first, *at_once(go, range(1, TRIPS), TRIPS if 1000 * trip > LINE_TRIP else 1)]
    trips, whole = zip(*gone, strict=True)
    return round(1000 * min(trips), 2), round(1000 * min(whole), 2)


def _location(answer: requests.Response) -> str:
    """Where an answer leads; nowhere where it says several places, which browsers refuse."""
    said = list(dict.fromkeys(value for name, value in answer.raw.headers.items() if name.lower() == "location"))
    return plain_text(said[0])[:2000] if len(said) == 1 else ""


def _told(answer: requests.Response, body_limit: int) -> dict[str, Any]:
    headers: dict[str, list[str]] = {}
    for name, value in list(answer.raw.headers.items())[:HEADER_LIMIT]:
        if name.lower() in HEADERS:
            headers.setdefault(name.lower(), []).append(plain_text(value)[:500])
    body = read_body(answer, body_limit) if body_limit else b""
    return {
        "status": answer.status_code,
        "location": _location(answer),
        "headers": headers,
        "body": plain_text(body),
        "sha256": hashlib.sha256(body).hexdigest() if body else "",
        **({"is_cut": True} if body_limit and len(body) >= body_limit else {}),
    }


def read_scripts(
    page_url: str,
    control: str | None,
    directed: Mapping[str, str] | None = None,
    names: Sequence[str] = (),
    kept: places.Kept | None = None,
) -> Any:
    """The scripts that a page loads, and which addresses of an API they name; the scripts themselves are not kept.

    A page that leads elsewhere, to one of the names, is what is there.
    """
    page = ask({"url": page_url, "control": control, "body_limit": PAGE_LIMIT, "follow": True}, directed, kept)
    if isinstance(page, Unknown):
        return page
    if not page["status"]:
        return Unknown(Reason.UNREACHABLE, f"{page_url} gets no answer ({page['error']})")
    way = [] if isinstance(page.get("way"), Unknown) else page.get("way", [])
    there = urls.read(way[-1]["url"]) if way else None
    if there and there.host in names:
        page, page_url = {"body": "", **page["end"]}, there.text
    scripts, bases = [], set()
    text = page.get("body", "")
    for source in dict.fromkeys([*_SCRIPT.findall(text), *_PRELOADED.findall(text)][:SCRIPT_COUNT]):
        if len(source) > LONGEST_BASE:
            continue
        url = urljoin(page_url, source)
        if urls.origin(url) != urls.origin(page_url):
            continue
        answer = ask({"url": url, "control": control, "body_limit": SCRIPT_LIMIT}, directed, kept)
        if isinstance(answer, Unknown):
            return answer
        kind = (answer.get("headers", {}).get("content-type") or [""])[0]
        scripts.append({"url": url, "status": answer["status"], "type": kind})
        bases |= set(_API_BASE.findall(_NEVER_REACHED.sub(r"\1", answer.get("body", ""))))
    reached = {}
    for base in sorted(base for base in bases if len(base) <= LONGEST_BASE)[:SCRIPT_COUNT]:
        answer = _ask_base(f"{urljoin(page_url, base)}/portfolios", page_url, control, directed or {}, kept)
        if isinstance(answer, Unknown):
            reached[base] = {"status": 0, "type": ""}
        else:
            kind = (answer.get("headers", {}).get("content-type") or [""])[0]
            reached[base] = {"status": answer["status"], "type": kind}
    return {"scripts": scripts, "bases": reached}


def _ask_base(
    url: str, page_url: str, control: str | None, directed: Mapping[str, str], kept: places.Kept | None
) -> Any:
    """What is answered at an address that a script names."""
    there, page = urls.read(url), urls.read(page_url)
    if there is None:
        return {"status": 0, "headers": {}}
    with places.in_turn(there.host, directed, kept) as session:
        session.begun |= {page.host} if page else set()
        return _request_there(session, there.host, there.text, {"control": control}, directed)
