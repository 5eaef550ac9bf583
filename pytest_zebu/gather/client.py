"""How services are spoken to: answers that end, whoever gives them; and the only HTTP client that may carry a secret."""

from __future__ import annotations

import http.client
import io
import ipaddress
import math
import re
import socket
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any, NoReturn

import requests
from msgspec import Struct
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, NameResolutionError, NewConnectionError, ReadTimeoutError
from urllib3.exceptions import TimeoutError as TimeLimit

from pytest_zebu.facts import plainjson
from pytest_zebu.facts.answer import plain_text
from pytest_zebu.gather.bounds import OutOfTime, allowed

HEAD_LIMIT = 262_144
"""Bytes that may come before a body begins; browsers take as many (Chromium, http_stream_parser.cc)."""
WIRE_LIMIT = 16 * 2**20
"""Bytes of a body as they are sent: twice what any look keeps of one."""
TIMES = 2
"""An answer may take so many times as long as its first byte may."""
MOST_ADDRESSES = 6
"""Of so many addresses of a name each is tried."""
MOST_COOKIES, COOKIE_LIMIT = 50, 4096
"""Of so many cookies of an answer each is taken, if it is no longer than browsers take (RFC 6265bis, 5.6)."""
_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_DATE = re.compile(
    rf'"?[A-Za-z]{{3,9}}, [0-9]{{2}}[ -](?:{_MONTHS})[ -][0-9]{{2,4}} [0-9]{{2}}(?::[0-9]{{2}}){{2}} GMT"?'
)
PIECE = 16_384
REST_LIMIT, REST_SECONDS = 65_536, 0.3
"""So much of an answer that nobody reads is waited for, so that its connection can be used again."""
REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS"})
MOST_CAUSES = 20
PACKINGS = frozenset({"gzip", "x-gzip", "deflate"})
"""What is unpacked where a service packs, though nobody asks for it. Others, and several at once, stay as they are."""


class Unending(requests.ConnectionError):
    """An answer that does not end within its time or its size; the text says within which."""


class NotAsked(requests.ConnectionError):
    """A request that was not made: a target led it to where nobody but this machine gets."""


class _Spent(OSError):
    """What an answer may take is used up."""


class _Near(OSError):
    """An address is of this machine itself, or of its link."""


class _Allowance(Struct, frozen=True):
    """What one answer may take: until when in all, and seconds from piece to piece."""

    began: float
    until: float
    seconds: float


_allowance: ContextVar[_Allowance] = ContextVar("allowance")
_is_led: ContextVar[bool] = ContextVar("is_led", default=False)


@contextmanager
def led() -> Iterator[None]:
    """What is asked in here, a target named: it leads to no address that only this machine reaches."""
    token = _is_led.set(True)
    try:
        yield
    finally:
        _is_led.reset(token)


def is_led() -> bool:
    """Whether a target named what is asked."""
    return _is_led.get()


METADATA = tuple(
    map(ipaddress.ip_network, ("fd00:ec2::/32", "100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32"))
)
"""Where clouds tell machines who they are, elsewhere than on the link: AWS, Alibaba, Azure and Oracle, by their manuals."""
THIS_NETWORK = ipaddress.ip_network("0.0.0.0/8")
"""What leads to the machine itself on Linux (RFC 1122, 3.2.1.3)."""
NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""An IPv4 address within an IPv6 address (RFC 6052)."""


def is_near(address: str) -> bool:
    """Whether an address is of this machine itself, or of its link, or one of those that tell machines who they are."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF) if found in NAT64 else None
        found = found.ipv4_mapped or found.sixtofour or inner or found
    if any(found in network for network in (*METADATA, THIS_NETWORK)):
        return True
    return found.is_loopback or found.is_link_local or found.is_multicast or found.is_unspecified or _is_own(found)


def _is_own(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether one of this machine's interfaces has it: only such an address is reached from itself. Nothing is sent."""
    with (
        suppress(OSError),
        socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6, socket.SOCK_DGRAM) as line,
    ):
        line.connect((str(address), 9))
        return bool(ipaddress.ip_address(line.getsockname()[0].partition("%")[0]) == address)
    return False


class _Metered(io.RawIOBase):
    """What comes for one answer, within its time and its size, however it is spread over them."""

    def __init__(self, line: socket.socket, raw: io.RawIOBase) -> None:
        super().__init__()
        self._line, self._raw, self._allowance = line, raw, _allowance.get()
        self._left, self._limit = HEAD_LIMIT, f"{HEAD_LIMIT // 1024} KiB before its body"

    def expect_body(self) -> None:
        """What comes now is the body."""
        self._left, self._limit = WIRE_LIMIT, f"{WIRE_LIMIT // 2**20} MiB"

    def hurry(self, seconds: float) -> None:
        """From now on it may take so many seconds at most."""
        now, given = time.monotonic(), self._allowance
        self._allowance = _Allowance(now, min(given.until, now + seconds), min(given.seconds, seconds))

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """As much as there is.

        Raises:
            _Spent: the answer takes too long, or is too large.
            OutOfTime: the look takes too long.
        """
        self._line.settimeout(min(self._time_left(), self._allowance.seconds))
        try:
            count: int | None = self._raw.readinto(buffer)
        except TimeoutError:
            self._time_left()
            raise
        self._left -= count or 0
        if self._left < 0:
            raise _Spent(self._limit)
        return count

    def _time_left(self) -> float:
        given = self._allowance
        left = allowed(given.until - time.monotonic())
        if left <= 0:
            raise _Spent(f"{given.until - given.began:.0f} s")
        return left

    def close(self) -> None:
        """Let go of the connection."""
        self._raw.close()
        super().close()


def is_unresolved(error: BaseException) -> bool:
    """Whether a name was not resolved: that is this machine's own resolver's word."""
    return any(
        isinstance(cause, socket.gaierror) or isinstance(getattr(cause, "reason", None), NameResolutionError)
        for cause in causes(error)
    )


def _without_odd_date(cookie: str) -> str:
    """A cookie without a date that is none: those break who reads them (http.cookiejar)."""
    parts = (part.partition("=") for part in cookie.split(";"))
    return ";".join(
        f"{name}{mark}{value}"
        for name, mark, value in parts
        if name.strip().lower() != "expires" or _DATE.fullmatch(value.strip())
    )


class _Answer(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *words: Any, **named: Any) -> None:
        super().__init__(sock, *words, **named)
        self._meter = _Metered(sock, self.fp.detach())
        self.fp = io.BufferedReader(self._meter)

    def hurry(self, seconds: float) -> None:
        """What is still to come may take so many seconds at most."""
        self._meter.hurry(seconds)

    def begin(self) -> None:
        """Read what comes before the body.

        Raises:
            http.client.HTTPException: it says nothing, or several things, of where the body ends.
        """
        super().begin()
        lengths = {one.strip() for said in self.headers.get_all("Content-Length", ()) for one in said.split(",")}
        if len(lengths) > 1:
            raise http.client.HTTPException("several lengths")
        cookies = self.headers.get_all("Set-Cookie", ())[:MOST_COOKIES]
        for name in ("Set-Cookie", "Set-Cookie2"):
            del self.headers[name]
        for cookie in cookies:
            if len(cookie) <= COOKIE_LIMIT:
                self.headers["Set-Cookie"] = _without_odd_date(cookie)
        self._meter.expect_body()


class _Bounded(HTTPConnection):
    """A connection to one of few addresses, whose answers end.

    Attributes:
        trip: seconds that the other side took to accept it.
    """

    response_class = _Answer
    trip = math.inf

    def _new_conn(self) -> socket.socket:
        name = self._dns_host
        try:
            told = socket.getaddrinfo(name, self.port, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError) as error:
            raise NameResolutionError(self.host, self, error) from error  # type: ignore[arg-type]  # as urllib3 itself
        addresses = list(dict.fromkeys(str(one[4][0]) for one in told))[:MOST_ADDRESSES]
        if _is_led.get() and any(map(is_near, addresses)):
            raise NewConnectionError(self, "an address of this machine itself") from _Near()
        complaint: NewConnectionError | None = None
        try:
            for address in addresses:
                self._dns_host = address
                began = time.perf_counter()
                try:
                    line = super()._new_conn()
                    self.trip = time.perf_counter() - began
                    return line
                except NewConnectionError as error:
                    complaint = error
        finally:
            self._dns_host = name
        raise complaint or NewConnectionError(self, "no address")


class _BoundedSecure(_Bounded, HTTPSConnection):
    """The same over TLS, whose handshake has the time of connecting."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Bounded


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _BoundedSecure

    def _validate_conn(self, conn: Any) -> None:
        """Without the library's warning that nothing is verified, which often is what we want.

        To silence it is the whole process's affair, and looks run side by side.
        """
        if conn.is_closed:
            conn.connect()


class _AsNew(HTTPConnectionPool):
    """Connections that others have used before: what goes wrong on one of these says nothing, and is tried on a new one."""

    def _make_request(self, conn: Any, method: str, *words: Any, **named: Any) -> Any:
        is_kept = not conn.is_closed
        try:
            return super()._make_request(conn, method, *words, **named)
        except (OSError, HTTPError, http.client.HTTPException) as error:
            is_bound = any(isinstance(cause, TimeoutError | TimeLimit | _Spent) for cause in causes(error))
            if not is_kept or is_bound or method not in REPEATABLE:
                raise
        allowed(0.0)
        conn.close()
        return super()._make_request(conn, method, *words, **named)


class _KeptPool(_AsNew, _Pool):
    pass


class _KeptSecurePool(_AsNew, _SecurePool):
    pass


POOLS = {"http": _Pool, "https": _SecurePool}
KEPT_POOLS = {"http": _KeptPool, "https": _KeptSecurePool}


class Adapter(HTTPAdapter):
    """What carries requests, within what an answer may take."""

    def __init__(self) -> None:
        super().__init__(max_retries=0)

    def init_poolmanager(self, *words: Any, **named: Any) -> None:
        """With connections that are bounded."""
        super().init_poolmanager(*words, **named)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def send(self, request: Any, stream: Any = False, timeout: Any = None, *words: Any, **named: Any) -> Any:
        """Send a request.

        Args:
            request: the request.
            stream: whether the body is left to be read.
            timeout: seconds to connect, and to the first byte of the answer and from there to each next one.
            words: as requests gives them.
            named: as requests gives them.
        """
        connect, seconds = timeout
        now = time.monotonic()
        _allowance.set(_Allowance(now, now + connect + TIMES * seconds, seconds))
        return super().send(request, stream, (allowed(connect), allowed(seconds)), *words, **named)


class Session(requests.Session):
    """Requests whose answers end, and that lead nowhere else; without anything of this machine's environment.

    Proxies and logins of the environment (`HTTPS_PROXY`, `.netrc`) are not for it.

    Attributes:
        begun: the hosts that were asked because somebody declared them, not because a target named them.
        trip: seconds that the quickest of its connections took to be made, which is the way there and back.
    """

    def __init__(self, adapter: Adapter | None = None) -> None:
        super().__init__()
        self.trust_env = False
        self.begun: set[str] = set()
        self.trip = math.inf
        # What is packed may unpack to a thousand times as much.
        self.headers["Accept-Encoding"] = "identity"
        for scheme in ("http://", "https://"):
            self.mount(scheme, adapter or Adapter())

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Nowhere: who wants to go on decides that itself, and no body is read for it."""

    def send(self, request: requests.PreparedRequest, **named: Any) -> requests.Response:
        """Send a request.

        Raises:
            requests.RequestException: there is no answer, whatever came in its place.
            OutOfTime: the look takes too long: whether there would have been one is not known.
        """
        try:
            answer = super().send(request, **named)
            self.trip = min(self.trip, getattr(answer.raw.connection, "trip", math.inf))
            return answer
        except TROUBLES as error:
            allowed(0.0)
            _raise_translated(error)


class Client(Session):
    """It follows no redirect, whoever asks: what it carries is meant for the declared address only."""

    def __init__(self, trust: str | bool, headers: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self.verify = trust
        self.headers.update(headers or {})


TROUBLES = (OSError, HTTPError, http.client.HTTPException, ValueError, zlib.error)
"""What those who read answers raise at what is none."""


def _raise_translated(error: Exception) -> NoReturn:
    """Raise what went wrong, in requests' words, and in ours where a bound was met."""
    for cause in causes(error):
        if isinstance(cause, _Spent):
            raise Unending(f"its answer does not end within {cause}") from error
        if isinstance(cause, _Near):
            raise NotAsked("leads to the machine itself that asks, or to its link") from error
    if isinstance(error, requests.RequestException):
        raise error
    if isinstance(error, ReadTimeoutError):
        raise requests.ReadTimeout(error) from error
    raise requests.ConnectionError(error) from error


def causes(error: BaseException) -> Iterator[BaseException]:
    """An exception, and those that it came of."""
    cause: BaseException | None = error
    for _ in range(MOST_CAUSES):
        if cause is None:
            return
        yield cause
        cause = cause.__cause__ or cause.__context__


def read_body(answer: requests.Response, limit: int) -> bytes:
    """The body of an answer, as far as so many bytes.

    Raises:
        requests.RequestException: it breaks off, or does not end within its time.
        OutOfTime: the look takes too long.
    """
    packing = answer.headers.get("Content-Encoding", "").strip().lower()
    body = bytearray()
    try:
        while len(body) < limit:
            piece = answer.raw.read(min(PIECE, limit - len(body)), decode_content=packing in PACKINGS)
            if not piece:
                break
            body += piece
    except TROUBLES as error:
        allowed(0.0)
        _raise_translated(error)
    return bytes(body)


def let_go(answer: requests.Response) -> None:
    """Read the rest of an answer, so that its connection serves the next request; where it is long or late, that ends."""
    said = getattr(answer.raw, "_original_response", None)
    if not isinstance(said, _Answer) or said.isclosed():
        return
    said.hurry(REST_SECONDS)
    left = REST_LIMIT
    with suppress(*TROUBLES, OutOfTime):
        while left > 0 and (piece := answer.raw.read(min(PIECE, left), decode_content=False)):
            left -= len(piece)


# Proxmox VE, by proxmoxer: of its session everything is ours, because its own reads whatever comes.


class _Said(Struct, frozen=True):
    """An answer as proxmoxer looks at it."""

    status_code: int
    reason: str
    content: bytes

    @property
    def text(self) -> str:
        """The body."""
        return self.content.decode("utf-8", "replace")


class _ProxmoxSession:
    """What proxmoxer asks by."""

    def __init__(self, client: Client, seconds: tuple[float, float], limit: int) -> None:
        self.client, self.seconds, self.limit = client, seconds, limit

    def request(self, method: str, url: str, **named: Any) -> _Said:
        """An answer, whole."""
        with self.client.request(method, url, timeout=self.seconds, stream=True, **named) as answer:
            if answer.is_redirect or answer.status_code in (301, 302, 303, 307, 308):
                raise requests.TooManyRedirects(response=answer)
            body = read_body(answer, self.limit + 1)
            if len(body) > self.limit:
                raise plainjson.NoJson("the answer is too large")
            return _Said(answer.status_code, plain_text(answer.reason or ""), body)


class _Serializer:
    """How proxmoxer reads answers."""

    def loads(self, answer: _Said) -> Any:
        """What the API says.

        Raises:
            plainjson.NoJson: it is none of its answers.
        """
        said = plainjson.loads(answer.text)
        if not isinstance(said, dict) or "data" not in said:
            raise plainjson.NoJson("it has no data")
        return said["data"]

    def loads_errors(self, answer: _Said) -> Any:
        """What it complains of."""
        try:
            said = plainjson.loads(answer.text)
        except plainjson.NoJson:
            return None
        return said.get("errors") if isinstance(said, dict) else None


@contextmanager
def proxmox_api(
    host: str, port: int, trust: str, seconds: tuple[float, float], limit: int, token: tuple[str, str, str]
) -> Iterator[Any]:
    """Proxmoxer's API with a token (user, name, value), without its redirects, and with answers up to a limit.

    Raises:
        requests.TooManyRedirects: later, by a request that was answered with one.
        plainjson.NoJson: later, by one that was answered with something else than data.
    """
    from proxmoxer import core
    from proxmoxer.backends import https

    user, name, value = token
    backend = https.Backend(host, port=port, user=user, token_name=name, token_value=value, verify_ssl=trust)
    with Client(trust) as client:
        client.auth = backend.auth
        session = _ProxmoxSession(client, seconds, limit)
        yield core.ProxmoxResource(base_url=backend.get_base_url(), session=session, serializer=_Serializer())
