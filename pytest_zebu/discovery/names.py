"""Under which names an application is served: by what its backend lets pages ask it and by its frontend's API."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from pytest_zebu.discovery.found import Found
from pytest_zebu.facts import urls

STAGING = re.compile(r"(?:^|[.-])(?:staging|stage|stg|test|testing|preview|preprod|uat|qa|dev|demo)(?=[.-])")
"""What the names of deployments have in them that are none for the public."""
LOCAL = re.compile(r"localhost|.*\.(?:localhost|local|internal|lan|home|home\.arpa|localdomain)")
"""Names that nobody else finds (RFC 6761, RFC 6762, RFC 8375, and what routers call their networks)."""


class Told(Struct, frozen=True):
    """What was said of names.

    Attributes:
        origins: CORS_ORIGINS as the backend has it.
        api_base: VITE_API_BASE_URL as the frontend was built with; nothing where that was not seen.
    """

    origins: Sequence[str] = ()
    api_base: str | None = None


def names(told: Told) -> Iterator[Found]:
    """`domains.site`, `www`, `api` and `staging`, as far as what was said tells them apart."""
    pages = [host for host in map(_public, told.origins) if host]
    base = urls.read(told.api_base) if told.api_base else None
    api = base.host if base and _is_public(base.host) else ""
    staging = [host for host in pages if STAGING.search(host)]
    where = "CORS_ORIGINS of the running backend"
    chosen = [host for host in dict.fromkeys(pages) if host not in staging]
    # Whoever has staging only has that for its site.
    site = _site(chosen or staging, api)
    if site:
        others = [host for host in chosen if host not in (site, f"www.{site}", api)]
        doubt = f"{', '.join(others)} may ask the API, too" if others else ""
        yield Found("domains.site", site, where, doubt)
        if f"www.{site}" in chosen:
            yield Found("domains.www", f"www.{site}", where)
        if chosen and staging:
            yield Found("domains.staging", staging[0], where)
    yield from _api(told, site, api)


def _api(told: Told, site: str, api: str) -> Iterator[Found]:
    where = "VITE_API_BASE_URL of the frontend"
    if api:
        yield Found("domains.api", "same-origin" if api in (site, f"www.{site}") else api, where)
    elif told.api_base is not None and not re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//", told.api_base):
        yield Found("domains.api", "same-origin", f"{where}, which is no whole address")


def _public(origin: str) -> str:
    read = urls.read(origin)
    return read.host.rstrip(".") if read and read.scheme in ("http", "https") and _is_public(read.host) else ""


def _is_public(host: str) -> bool:
    """Whether others may find it by this name."""
    host = host.rstrip(".")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." in host and not LOCAL.fullmatch(host)
    return False


def _site(hosts: Sequence[str], api: str = "") -> str:
    """The one that others are below of, such as the API, or the first; of `www` what stands behind it."""
    for host in hosts:
        if host.startswith("www.") and (host[4:] in hosts or _below(host[4:], hosts)):
            return host[4:]
    for host in hosts:
        if f"www.{host}" in hosts or _below(host, [*hosts, api]):
            return host
    return hosts[0] if hosts else ""


def _below(host: str, hosts: Iterable[str]) -> bool:
    return any(one.endswith(f".{host}") and one != f"www.{host}" for one in hosts)
