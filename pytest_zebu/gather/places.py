"""Where names lead, as those who use them are led: the declared addresses, and requests to exactly these."""

from __future__ import annotations

import errno
import ipaddress
import socket
import ssl
import struct
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
from urllib3.util import create_urllib3_context

from pytest_zebu.facts.answer import Reason, Unknown
from pytest_zebu.gather.bounds import allowed
from pytest_zebu.gather.client import Adapter, Session

RESOLVER_SECONDS = 2.0
LONGEST_CHAIN = 17
"""Names of aliases, one behind the other: resolvers follow sixteen (BIND)."""
PLACES = 6
"""Of so many addresses of a name each is looked at."""
NO_WAY = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})


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
    name, found = dns.name.from_text(domain), set()
    for kind in (dns.rdatatype.A, dns.rdatatype.AAAA):
        answer = query(name, dns.rdatatype.to_text(kind), server)
        found |= {str(record.address) for record in chain(answer, name, kind)[1]}
    return sorted(found)


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


class Directed(Adapter):
    """Connections to the addresses that names have here, whatever this machine's resolver says."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self.places = {name.lower(): address for name, address in places.items()}
        super().__init__()

    def init_poolmanager(self, *words: Any, **named: Any) -> None:
        """What browsers speak, whatever this machine's policy is."""
        context = create_urllib3_context(ciphers=CIPHERS, ssl_minimum_version=ssl.TLSVersion.TLSv1_2)
        context.check_hostname = False  # urllib3 compares names itself, where it verifies
        super().init_poolmanager(*words, **{**named, "ssl_context": context})

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


def session(places: Mapping[str, str]) -> Session:
    """Requests to given addresses."""
    return Session(Directed(places))
