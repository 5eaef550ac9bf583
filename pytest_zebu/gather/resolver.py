"""This machine's own resolver: what it says of names, and whether that can be relied on. Its faults are never the target's."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from enum import StrEnum

import dns.exception
from msgspec import Struct, field

from pytest_zebu.facts import urls
from pytest_zebu.facts.answer import Reason, Unknown
from pytest_zebu.gather import places
from pytest_zebu.gather.bounds import allowed
from pytest_zebu.gather.client import is_near
from pytest_zebu.gather.deadline import aside

SURE, SURE_ADDRESSES = "a.root-servers.net.", frozenset({"198.41.0.4", "2001:503:ba3e::2:30"})
"""A name that every resolver of the world knows, and where it is (https://www.internic.net/domain/named.root)."""
NOBODY = "zebu-readiness.invalid."
"""A name that nobody may have (RFC 6761, 6.4)."""
AT_ONCE = 1.0
"""Seconds within which somebody answered, if only that it failed: asking for each name costs little then."""
SECONDS = 15.0
"""For which it may think: glibc asks twice, for five seconds each (resolv.conf(5))."""
NO_SUCH_NAME = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})
OURS = "this machine's own resolver"


class State(StrEnum):
    """What is wrong with the resolver."""

    SILENT = "silent"
    IGNORANT = "ignorant"
    LYING = "lying"


class Trouble(Struct, frozen=True):
    """What is wrong with the resolver, and how that was seen."""

    state: State
    text: str


def told_here(name: str) -> list[str]:
    """What this machine's resolver says of a name.

    Raises:
        socket.gaierror, UnicodeError: it says nothing.
    """
    told = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in told))


def examine() -> Trouble | None:
    """What is wrong with the resolver, told by a name that must exist and by one that must not."""
    began = time.monotonic()
    try:
        sure = told_here(SURE)
    except socket.gaierror as error:
        # A network without a way out has resolvers that fail at once for the world's names, and tell its own.
        if error.errno in NO_SUCH_NAME or time.monotonic() - began < AT_ONCE:
            return Trouble(State.IGNORANT, f"{OURS} knows no names of the world, not even {SURE[:-1]}")
        return Trouble(State.SILENT, f"{OURS} does not answer, for names that surely exist either")
    if not SURE_ADDRESSES & {*sure}:
        return Trouble(State.LYING, f"{OURS} leads {SURE[:-1]} to {sure[0]}, where it is not")
    try:
        nobody = told_here(NOBODY)
    except socket.gaierror:
        return None
    return Trouble(State.LYING, f"{OURS} leads names that do not exist to {nobody[0]}")


class OwnResolver(Struct):
    """This machine's resolver, examined once, and only where something depends on it."""

    _job: Future[Trouble | None] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def trouble(self) -> Trouble | None:
        """What is wrong with it.

        Raises:
            OutOfTime: the look takes too long.
        """
        with self._lock:
            if self._job is None:
                self._job = aside(examine)
        try:
            return self._job.result(allowed(SECONDS))
        except NotYet:
            allowed(0.0)
            return Trouble(State.SILENT, f"{OURS} does not answer within {SECONDS:.0f} s")

    def lead(self, domain: str, resolvers: Sequence[str]) -> list[str] | Unknown:
        """Where it leads a name, as far as that is to be relied on.

        One that is silent is not asked for each name. Where it lies, or leads to this machine itself, declared resolvers
        must say the same; elsewhere an answer of its own may be right, as in networks with names of their own.
        """
        if urls.is_address(domain) or domain == "localhost":
            return [domain]
        trouble = self.trouble()
        if trouble and trouble.state is State.SILENT:
            return _not_led(domain, trouble.text)
        try:
            found = told_here(domain)[: places.PLACES]
        except (socket.gaierror, UnicodeError) as error:
            return _untold(domain, resolvers, error, trouble)
        is_lying = trouble is not None and trouble.state is State.LYING
        if not is_lying and not all(map(is_near, found)):
            return found
        server, others = _told_elsewhere(domain, resolvers)
        if {*others} & {*found} or not (others or is_lying):
            return found
        why = f"{OURS} leads it to {found[0]}" + (f", and {server} to {others[0]}" if others else "")
        return _not_led(domain, why + (f"; {trouble.text}" if trouble else ""))


def _untold(domain: str, resolvers: Sequence[str], error: Exception, trouble: Trouble | None) -> Unknown:
    """Why a name is not told: whether that is the resolver's fault, or whether nobody knows the name."""
    server, others = _told_elsewhere(domain, resolvers)
    if others:
        return _not_led(domain, f"{OURS} does not tell it ({type(error).__name__}), and {server} does")
    if trouble:
        return _not_led(domain, trouble.text)
    return Unknown(
        Reason.UNREACHABLE, f"this machine's resolver does not tell where {domain} is ({type(error).__name__})"
    )


def _not_led(domain: str, why: str) -> Unknown:
    return Unknown(Reason.UNREACHABLE, f"where {domain} is: {why}")


def _told_elsewhere(domain: str, resolvers: Sequence[str]) -> tuple[str, list[str]]:
    """Of declared resolvers the first that says anything of a name, and what it says."""
    for resolver in resolvers:
        try:
            return resolver, places.resolve(domain, resolver)
        except (OSError, dns.exception.DNSException):
            continue
    return "", []
