"""Where names lead, as those who use them are led: the declared addresses, and requests to exactly these."""

from __future__ import annotations

import errno
import ipaddress
import math
import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
from msgspec import Struct, field
from urllib3 import PoolManager
from urllib3.util import create_urllib3_context

from pytest_zebu.facts.answer import Reason, Unknown
from pytest_zebu.gather.bounds import allowed, carried
from pytest_zebu.gather.client import KEPT_POOLS, Adapter, Session, is_led
from pytest_zebu.gather.deadline import at_once

RESOLVER_SECONDS = 2.0
LONGEST_CHAIN = 17
"""Names of aliases, one behind the other: resolvers follow sixteen (BIND)."""
PLACES = 6
"""Of so many addresses of a name each is looked at."""
NO_WAY = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})


KINDS = (dns.rdatatype.A, dns.rdatatype.AAAA)


class Refusal(OSError):
    """A server that says neither what there is nor that there is none; the text is the code of its answer."""


class Nonsense(OSError):
    """What comes from a server is no answer."""


def query(name: dns.name.Name, kind: str, server: str, *, recurse: bool = True) -> dns.message.Message:
    """What a server says.

    Raises:
        OSError: it is not reached.
        Refusal: it says neither what there is nor that there is none.
        Nonsense: what it says is no answer.
        dns.exception.DNSException: it does not answer in time, or not as a server does.
        OutOfTime: the look takes too long.
    """
    flags = dns.flags.RD if recurse else dns.flags.Flag(0)
    question = dns.message.make_query(name, kind, flags=flags)
    try:
        answer, _ = dns.query.udp_with_fallback(question, server, timeout=allowed(RESOLVER_SECONDS))
    except (EOFError, ValueError, LookupError, struct.error) as error:
        raise Nonsense(f"it answers nonsense ({type(error).__name__})") from error
    except dns.exception.Timeout:
        allowed(0.0)
        raise
    if answer.flags & dns.flags.TC:
        raise Nonsense("its answer is cut, by TCP as well")
    if answer.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        raise Refusal(dns.rcode.to_text(answer.rcode()))
    return answer


def chain(
    answer: dns.message.Message, name: dns.name.Name, kind: dns.rdatatype.RdataType
) -> tuple[dns.name.Name, list[Any]]:
    """The name at the end of the aliases that an answer tells, and its records there.

    Raises:
        Nonsense: there is no end.
    """
    passed: set[dns.name.Name] = set()
    while name not in passed:
        if len(passed) == LONGEST_CHAIN:
            raise Nonsense("its aliases lead on and on")
        passed.add(name)
        alias = next((one for one in answer.answer if one.name == name and one.rdtype == dns.rdatatype.CNAME), None)
        if alias is None:
            break
        name = next(iter(alias)).target
    return name, [record for one in answer.answer if one.name == name and one.rdtype == kind for record in one]


def resolve(domain: str, server: str) -> list[str]:
    """The addresses of a name, by a resolver.

    Raises:
        OSError, dns.exception.DNSException: it does not say.
    """
    name = dns.name.from_text(domain)

    def told(kind: dns.rdatatype.RdataType) -> set[str]:
        answer = query(name, dns.rdatatype.to_text(kind), server)
        return {str(record.address) for record in chain(answer, name, kind)[1]}

    return sorted(set().union(*at_once(carried(told), KINDS, len(KINDS))))


def lead_to(domain: str, addresses: Sequence[str], resolvers: Sequence[str]) -> list[str] | Unknown:
    """The addresses to which a name leads its users: those of the declared ones that a declared resolver gives it.

    What is resolved otherwise than declared is judged by the items about names. Where no address is declared, this
    machine's own resolver tells (`resolver.py`); where networks are, only a declared resolver can.
    """
    single = [one for one in addresses if "/" not in one]
    networks = [ipaddress.ip_network(one) for one in addresses]
    for resolver in resolvers:
        try:
            found = resolve(domain, resolver)
        except (OSError, dns.exception.DNSException):
            continue
        # In the order of declaration; what networks hold comes last.
        named = [one for one in single if one in found]
        held = [one for one in found if any(ipaddress.ip_address(one) in network for network in networks)]
        return list(dict.fromkeys([*named, *held]))[:PLACES] or (single or found)[:PLACES]
    if not single:
        return Unknown(Reason.UNREACHABLE, f"no resolver tells where {domain} is, and only networks are declared")
    return single[:PLACES]


def no_way_to(address: str) -> Unknown | None:
    """Why this machine cannot even try an address: it has no route of that kind. Nothing is sent."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.connect((address, 443))
    except OSError as error:
        if error.errno in NO_WAY:
            return Unknown(Reason.NO_WAY, f"this machine has no route to {address} ({error.strerror})")
        raise
    return None


CIPHERS = "DEFAULT:@SECLEVEL=0"
"""What is too weak is judged by the items about certificates, not by how strict this machine's TLS library is set up."""


AT_ONCE, MOST_AT_ONCE, TRIP_SECONDS = 2, 12, 0.012
"""So many looks ask an address at once; one more for each so long part of the way there and back, which is not the application's."""
TURN_SECONDS = 1.0
"""After which whoever asks has had its turn."""


def _context() -> ssl.SSLContext:
    context = create_urllib3_context(ciphers=CIPHERS, ssl_minimum_version=ssl.TLSVersion.TLSv1_2)
    context.check_hostname = False  # urllib3 compares names itself, where it verifies
    return context


class Directed(Adapter):
    """Connections to the addresses that names have here, whatever this machine's resolver says.

    Those that verify nothing are taken from `kept`, and left there, but where a target leads: it must not come to a
    connection to where only somebody else was allowed to go. Nor are those without TLS of whoever asks where a way begins.
    """

    def __init__(self, places: Mapping[str, str], kept: Kept | None = None, *, is_way: bool = False) -> None:
        self.places = {name.lower(): address for name, address in places.items()}
        self._kept, self._is_way = kept, is_way
        super().__init__()

    def get_connection_with_tls_context(self, request: Any, verify: Any, proxies: Any = None, cert: Any = None) -> Any:
        """Of a pool of this adapter, or of the one that is kept."""
        is_first = self._is_way and urlsplit(request.url).scheme == "http"
        if self._kept is None or verify is not False or cert or is_led() or is_first:
            return super().get_connection_with_tls_context(request, verify, proxies, cert)
        host, pool = self.build_connection_pool_key_attributes(request, verify, cert)
        return self._kept.manager.connection_from_host(**host, pool_kwargs=pool)

    def init_poolmanager(self, *words: Any, **named: Any) -> None:
        """What browsers speak, whatever this machine's policy is."""
        super().init_poolmanager(*words, **{**named, "ssl_context": _context()})

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        """The address to connect to; the name stays the certificate's."""
        host: Any
        pool: Any
        host, pool = super().build_connection_pool_key_attributes(request, verify, cert)
        name = str(host["host"]).lower()
        if address := self.places.get(name):
            if host["scheme"] == "https":
                pool = {**pool, "server_hostname": name}
            host = {**host, "host": address}
        return host, pool

    def add_headers(self, request: Any, **_: Any) -> None:
        """The name that is asked for."""
        request.headers.setdefault("Host", urlsplit(request.url).netloc.rpartition("@")[2])


class Kept(Struct):
    """Connections that looks share, one pool per address, name and scheme; none that verifies anything.

    Cookies stay with each look.
    """

    manager: PoolManager = field(default_factory=lambda: PoolManager(maxsize=MOST_AT_ONCE, ssl_context=_context()))
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _asking: dict[str, dict[object, float]] = field(default_factory=dict)
    _most: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.manager.pool_classes_by_scheme = KEPT_POOLS

    @contextmanager
    def turn(self, place: str) -> Iterator[None]:
        """A turn to ask there: few ask at once, so that those who work with the application do not feel us.

        Who takes long is waited for no more, and from then on twice as many ask there: one that hangs is not asked any longer in series.

        Raises:
            OutOfTime: the look takes too long.
        """
        me = object()
        with self._changed:
            self._most.setdefault(place, AT_ONCE)
            asking = self._asking.setdefault(place, {})
            while (wait := self._wait(place, asking)) > 0:
                self._changed.wait(allowed(wait))
            asking[me] = time.monotonic() + TURN_SECONDS
        try:
            yield
        finally:
            with self._changed:
                asking.pop(me, None)
                self._changed.notify_all()

    def _wait(self, place: str, asking: dict[object, float]) -> float:
        """Seconds until the next may ask, unless somebody ends before."""
        now = time.monotonic()
        for one in [one for one, ends in asking.items() if ends <= now]:
            del asking[one]
            self._most[place] *= 2
        return min(asking.values()) - now if len(asking) >= self._most[place] else 0.0

    def reached(self, place: str, trip: float) -> None:
        """The way there and back takes so many seconds: what is under way disturbs nobody there, and more may be."""
        with self._changed:
            if math.isfinite(trip):
                self._most[place] = max(self._most[place], min(MOST_AT_ONCE, AT_ONCE + int(trip / TRIP_SECONDS)))
            self._changed.notify_all()

    def close(self) -> None:
        """Close all that nobody uses."""
        self.manager.clear()


def session(places: Mapping[str, str], kept: Kept | None = None, *, is_way: bool = False) -> Session:
    """Requests to given addresses, over connections of their own, or over those that are kept."""
    return Session(Directed(places, kept, is_way=is_way))


@contextmanager
def in_turn(host: str, places: Mapping[str, str], kept: Kept | None, *, is_way: bool = False) -> Iterator[Session]:
    """Requests as of `session`, in a turn to ask a host where others ask as well.

    Raises:
        OutOfTime: the look takes too long.
    """
    if kept is None:
        with session(places) as own:
            yield own
        return
    place = places.get(host, host)
    with kept.turn(place), session(places, kept, is_way=is_way) as shared:
        try:
            yield shared
        finally:
            kept.reached(place, shared.trip)
