"""Addresses as a browser reads them (https://url.spec.whatwg.org), compared as wholes: scheme, host and port together."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import unquote, urljoin, urlsplit

from msgspec import Struct

from pytest_zebu.facts import plainjson

PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?")
_SCHEME = re.compile(r"(https?|wss?):(/*)", re.IGNORECASE)
_AROUND = "".join(map(chr, range(0x21)))
"""What a browser takes away at both ends: controls and blanks."""


def is_address(text: str) -> bool:
    """Whether it is a numeric address, of either family, and no name."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


class Url(Struct, frozen=True):
    """An address with a host.

    Attributes:
        host: in small letters, a name of other scripts in its ASCII form; with the dot at its end, where it has one.
        path: as it is, with the query.
    """

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        """As browsers write it: the scheme's own port is left out."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}{'' if PORTS[self.scheme] == self.port else f':{self.port}'}"

    @property
    def text(self) -> str:
        """The whole address."""
        return f"{self.origin}{self.path}"


def _host(text: str) -> str:
    name = unquote(text).lower()
    if ":" in name:
        try:
            return str(ipaddress.IPv6Address(name.partition("%")[0]))
        except ValueError:
            return ""
    if not name.isascii():
        try:
            name = name.encode("idna").decode("ascii")
        except UnicodeError:
            return ""
    return name if _HOST.fullmatch(name) else ""


def read(text: str, base: str = "") -> Url | None:
    """An address, or what it means on a page; nothing where it is none that has a host."""
    text = re.sub(r"[\t\n\r]", "", text.strip(_AROUND))
    head, mark, rest = text.partition("?")
    # To a browser, a backslash is a slash.
    text = f"{head.replace(chr(92), '/')}{mark}{rest}"
    if (found := _SCHEME.match(text)) and (len(found[2]) > 1 or not base.lower().startswith(f"{found[1].lower()}:")):
        text = f"{found[1]}://{text[found.end() :]}"
    try:
        joined = urljoin(base, text) if base else text
        parts = urlsplit(joined)
        scheme, port, host = parts.scheme.lower(), parts.port, _host(parts.hostname or "")
    except ValueError:
        return None
    if scheme not in PORTS or not host:
        return None
    path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    return Url(scheme, host, PORTS[scheme] if port is None else port, path)


def origin(text: str) -> str:
    """The origin of an address; empty where it has none."""
    found = read(text)
    return found.origin if found else ""


def listed_origins(text: str) -> tuple[str, ...]:
    """The origins that a variable lists: between commas, or as JSON, in the two ways in which settings are read (as by Pydantic)."""
    try:
        said = plainjson.loads(text) if text.lstrip().startswith("[") else None
    except (ValueError, RecursionError):
        said = None
    parts = [str(one) for one in said] if isinstance(said, list) else text.split(",")
    return tuple(part.strip() for part in parts if part.strip())


def media_type(header: str) -> str:
    """The type that a Content-Type header names, without its parameters."""
    return header.partition(";")[0].strip().lower()


def is_json(header: str) -> bool:
    """Whether a Content-Type header names JSON (RFC 6839, section 3.1)."""
    kind = media_type(header)
    return kind == "application/json" or kind.endswith("+json")
