"""What a real browser reports: of the main routes, of cold loads, and of narrow screens."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_zebu.facts.answer import Garbled, Missing, Reason, Unknown, part
from pytest_zebu.facts.dns import lead
from pytest_zebu.facts.fact import Fact, Gathered, Look
from pytest_zebu.settings.target import Target

COLD_LOADS = 3
WIDTHS = (360, 430)
"""CSS pixels: the narrow and the wide end of today's telephones."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A script, style, font or image that a page asked for, and what came."""

    kind: str
    url: str
    status: int
    type: str


@dataclass(frozen=True, slots=True)
class Page:
    """One visited route.

    Attributes:
        errors: of the console and of scripts.
        failed: requests that failed or were answered with an error, as "METHOD status URL".
        over_http: addresses without TLS that the page, or a script of it, asked for.
    """

    url: str
    status: int
    errors: tuple[str, ...]
    failed: tuple[str, ...]
    resources: tuple[Resource, ...] = ()
    over_http: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Load:
    """A cold load, in milliseconds; or why it did not come to its end."""

    trouble: str
    load: float | None
    paint: float | None


@dataclass(frozen=True, slots=True)
class Screen:
    """The first page on a narrow screen, in CSS pixels.

    Attributes:
        wide: how wide the page is.
        small: what is to be tapped and is smaller than 24 pixels.
        picture: a JPEG, in base64.
    """

    width: int
    trouble: str
    wide: int
    inner: int
    viewport: str
    small: tuple[str, ...]
    picture: str


def look(target: Target, *, measured: bool = False) -> Look | None:
    """All routes, in one browser; where it is asked for, cold loads and narrow screens as well."""
    domains, browser = target.settings.domains, target.settings.browser
    if not domains.site:
        return None
    ca_file = target.settings.tls.ca_file
    return Look(
        "browser",
        "routes",
        {
            **lead(target),
            "urls": [f"https://{domains.site}{route}" for route in browser.routes],
            "executable": str(browser.executable),
            "ca_file": str(ca_file) if ca_file else None,
            "settle_seconds": browser.settle_seconds,
            "loads": COLD_LOADS if measured else 0,
            "widths": list(WIDTHS) if measured else [],
            "control": target.settings.control,
        },
        extent=int(measured),
    )


def looks(target: Target) -> tuple[Look, ...]:
    """One look."""
    found = look(target)
    return (found,) if found else ()


def measured_looks(target: Target) -> tuple[Look, ...]:
    """The same look, that measures too."""
    found = look(target, measured=True)
    return (found,) if found else ()


def _seen(gathered: Gathered, target: Target) -> Mapping[str, Any]:
    asked = look(target)
    if asked is None:
        raise Missing(Unknown(Reason.NOT_CONFIGURED, "domains.site is not set"))
    seen = gathered.saw(asked)
    if isinstance(seen, Unknown):
        raise Missing(seen)
    found: Mapping[str, Any] = seen.value
    return found


def parse(gathered: Gathered, target: Target) -> tuple[Page, ...]:
    """By route."""
    return tuple(
        Page(
            part(row, "url", str),
            part(row, "status", int),
            _texts(row, "errors"),
            _texts(row, "failed"),
            tuple(_resource(one) for one in part(row, "resources", list)),
            _texts(row, "over_http"),
        )
        for row in part(_seen(gathered, target), "pages", list)
    )


def _texts(row: Any, key: str) -> tuple[str, ...]:
    return tuple(str(text) for text in part(row, key, list))


def _resource(row: Any) -> Resource:
    return Resource(part(row, "kind", str), part(row, "url", str), part(row, "status", int), part(row, "type", str))


def _number(value: Any) -> float | None:
    """A number that a page gave; nothing if it is none, or none that pixels or milliseconds could be."""
    return float(value) if isinstance(value, int | float) and abs(value) < 1e12 else None


def parse_loads(gathered: Gathered, target: Target) -> tuple[Load, ...]:
    """In their order."""
    rows = part(_seen(gathered, target), "loads", list)
    return tuple(Load(part(row, "trouble", str), _number(row.get("load")), _number(row.get("paint"))) for row in rows)


def parse_screens(gathered: Gathered, target: Target) -> tuple[Screen, ...]:
    """By width. What the page says of itself is taken as numbers and short texts only."""
    found = []
    for row in part(_seen(gathered, target), "screens", list):
        trouble, width = part(row, "trouble", str), part(row, "width", int)
        wide, inner = _number(row.get("wide")), _number(row.get("inner"))
        if not trouble and (wide is None or inner is None):
            raise Garbled("the browser's layout")
        picture = str(row.get("picture", ""))
        if not re.fullmatch(r"[A-Za-z0-9+/]*={0,2}", picture):
            raise Garbled("the browser's picture")
        small = tuple(str(text)[:100] for text in (part(row, "small", list) if row.get("small") else ()))
        viewport = str(row.get("viewport") or "")[:200]
        found.append(
            Screen(
                width=width,
                trouble=trouble,
                wide=int(wide or 0),
                inner=int(inner or 0),
                viewport=viewport,
                small=small,
                picture=picture,
            )
        )
    return tuple(found)


FACT = Fact("pages", parse, looks=looks)
LOADS = Fact("loads", parse_loads, looks=measured_looks)
SCREENS = Fact("screens", parse_screens, looks=measured_looks)
