"""What a real browser reports: of the main routes, of cold loads, and of narrow screens."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from statistics import median
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from pytest_zebu.facts import certificates
from pytest_zebu.facts.answer import Garbled, Known, Missing, Reason, Unknown, part
from pytest_zebu.facts.dns import lead
from pytest_zebu.facts.fact import Fact, Gathered, Look
from pytest_zebu.settings.target import Target

COLD_LOADS = 3
SLOW = 3000.0
"""Milliseconds that the checklist allows for a load."""
WIDTHS = (360, 430)
"""CSS pixels: the narrow and the wide end of today's telephones."""


class Resource(Struct, frozen=True):
    """A script, style, font or image that a page asked for, and what came."""

    kind: str
    url: str
    status: int
    type: str


class Asked(Struct, frozen=True):
    """What a script of a page asked for, and what came.

    Attributes:
        url: without its query.
        status: 0 where nothing came that the page may see.
        type: of the answer.
        failure: the browser's word for why nothing came.
        is_page: the answer is the page itself once more, as single pages answer what they do not know.
    """

    method: str
    url: str
    status: int = 0
    type: str = ""
    failure: str = ""
    is_page: bool = False


class Shown(Struct, frozen=True):
    """What of a page can be seen, after it was waited for.

    Attributes:
        words: the first of them.
        controls, pictures: how many links, buttons and fields, and how many pictures and frames.
        is_busy: something says that it is being loaded.
        empty: the name of the element that scripts fill, where they have not.
    """

    words: str
    controls: int
    pictures: int
    is_busy: bool
    empty: str

    @property
    def trouble(self) -> str:
        """Why it is no page for its users; empty if it is one, as far as that can be told."""
        words = self.words.strip(_AROUND_WORDS)
        if not (words or self.controls or self.pictures):
            return "shows nothing"
        if self.controls == 0 and (_WAITS.fullmatch(words) or (self.is_busy and len(words) <= SHORT)):
            return f"shows nothing but that it is loading ({words or 'without a word'})"
        if self.controls <= FEW and (_BROKEN.match(words) or _DEFAULT.match(words)):
            return f"shows an error or somebody else's page ({words[:60]})"
        return ""

    @property
    def doubt(self) -> str:
        """Why it is not known to be a page for its users; empty if it is."""
        if not (self.words.strip(_AROUND_WORDS) or self.controls):
            return "shows a picture or a frame, and no word: whether that is the page is not known"
        return f"#{self.empty}, which scripts are to fill, is empty" if self.empty else ""


SHORT, FEW = 60, 3
"""Characters of a page that only waits; links and buttons of a page that only says what went wrong."""
_AROUND_WORDS = " \t\n.\u2026\u00b7-\u2013\u2014"
_WAITS = re.compile(
    r"(just a moment|loading|please wait|one moment( please)?|initiali[sz]ing|starting|connecting|bitte warten|"
    r"wird geladen|l[aä]dt|chargement( en cours)?|veuillez patienter|cargando|caricamento|carregando|laden|"
    r"загрузка|加载中|読み込み中)([\s.\u2026!]|(your|the|app|application|page|data)\b)*",
    re.IGNORECASE,
)
_BROKEN = re.compile(
    r"(oh,? no|uh-?oh|sorry|hmm+)?[\s,.!\u2026:\u2013\u2014-]*(wh?oops|oops|something went wrong|error(?=\s*([:!.]|$))|(unexpected )?application error|configuration error|an? (unexpected )?error occurred|"
    r"(this|the) page (crashed|isn.t working)|(error )?(code )?[45][0-9][0-9](\s|[:|.\u2013\u2014-])+(error(?!-)|forbidden|unauthori[sz]ed|access denied|this page|page)\b|"
    r"(forbidden|access denied)\s*([!.]|you don.t have|nginx|$)|"
    r"(this|the|our) (web)?site (is|will be) (currently |temporarily )?(under|down for|undergoing|in) (construction|(scheduled )?maintenance)|"
    r"we.(ll| will) be (right )?back|(5[0-9][0-9] )?(internal server error|bad gateway|service (temporarily )?unavailable|"
    r"gateway time-?out)|this site can.t be reached|you need to enable javascript)",
    re.IGNORECASE,
)
_DEFAULT = re.compile(
    r"(welcome to (nginx|openresty|caddy|traefik)|congratulations! you.ve successfully started|congratulations! your web server|"
    r"apache2? .{0,20}default page|it works!|404 page not found|(404 )?not found|vite \+ (react|vue|svelte|preact|lit|solid|typescript)|index of /|default (web )?(site|page)|"
    r"test page for)",
    re.IGNORECASE,
)


class Page(Struct, frozen=True):
    """One visited route.

    Attributes:
        errors: of the console and of scripts.
        failed: requests that failed or were answered with an error, as "METHOD status URL".
        over_http: addresses without TLS that the page, or a script of it, asked for.
        asked: what its scripts asked for.
        shown: what it shows; nothing where that could not be told.
        is_again: it came only when it was asked for once more.
    """

    url: str
    status: int
    errors: tuple[str, ...]
    failed: tuple[str, ...]
    resources: tuple[Resource, ...] = ()
    over_http: tuple[str, ...] = ()
    asked: tuple[Asked, ...] = ()
    shown: Shown | None = None
    is_again: bool = False


class Load(Struct, frozen=True):
    """A cold load, in milliseconds; or why it did not come to its end.

    Attributes:
        is_beside: it was measured while the batch ran.
    """

    trouble: str
    load: float | None
    paint: float | None
    shown: Shown | None = None
    is_beside: bool = False

    @property
    def slowest(self) -> float:
        """When it had ended, and something was painted."""
        return max(self.load or 0.0, self.paint or 0.0)


class Screen(Struct, frozen=True):
    """The first page on a narrow screen, in CSS pixels.

    Attributes:
        wide: how wide the page is.
        layout: how wide the browser makes what it lays the page out in.
        small: what is to be tapped and is smaller than 24 pixels.
        picture: a JPEG, in base64.
        is_held: it cannot be moved sideways, whatever stands there.
        cut: a text that is lost by that.
    """

    width: int
    trouble: str
    wide: int
    inner: int
    viewport: str
    small: tuple[str, ...]
    picture: str
    layout: int = 0
    is_held: bool = False
    cut: str = ""
    shown: Shown | None = None


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
            "is_declared": "executable" in browser.model_fields_set,
            "ca_file": str(ca_file) if ca_file else None,
            "settle_seconds": browser.settle_seconds,
            "loads": COLD_LOADS if measured else 0,
            "widths": list(WIDTHS) if measured else [],
            "control": target.settings.control,
            "sees": ["asked", "shown", "layout"],
        },
        extent=int(measured),
        beside=measured,
    )


def looks(target: Target) -> tuple[Look, ...]:
    """One look, and what is served to it, wherever a page leads."""
    return _with_certificate(target, look(target))


def measured_looks(target: Target) -> tuple[Look, ...]:
    """The same look, that measures too."""
    return _with_certificate(target, look(target, measured=True))


def _look_alone(target: Target) -> Look | None:
    """The first page's cold loads only."""
    found = look(target, measured=True)
    if found is None:
        return None
    changed = {"urls": found.arguments["urls"][:1], "settle_seconds": 0.0, "widths": []}
    return Look("browser", "loads alone", {**found.arguments, **changed})


def loads_alone(gathered: Gathered, target: Target) -> tuple[Look, ...]:
    """The cold loads once more, where they were slow or did not end while the batch ran, and there is a page."""
    asked, again = look(target), _look_alone(target)
    if asked is None or again is None:
        return ()
    seen = gathered.saw(asked)
    return (again,) if isinstance(seen, Known) and _is_unsettled(seen.value) else ()


def _is_unsettled(seen: Any) -> bool:
    """Whether loads that were measured beside other work are slow, or broken, at a page that answers and yields."""
    if not isinstance(seen, Mapping) or seen.get("beside") is not True:
        return False
    try:
        pages, rows = part(seen, "pages", list), [_load(row) for row in part(seen, "loads", list)]
        if not pages or part(pages[0], "status", int) == 0 or any(NEVER_YIELDED in one.trouble for one in rows):
            return False
    except Garbled:
        return False
    times = [one.slowest for one in rows if one.load is not None and not one.trouble]
    return len(times) < len(rows) or not times or median(times) >= SLOW


def _with_certificate(target: Target, found: Look | None) -> tuple[Look, ...]:
    return (found, *(certificates.look(target, name) for name in certificates.pages(target))) if found else ()


NOT_TRUSTED = re.compile(r"Page\.goto: (net::ERR_CERT_(?:AUTHORITY_INVALID|DATE_INVALID)) ")
"""What a browser says where an authority is not in its store, or where by its clock a certificate does not hold."""


def _own_distrust(seen: Any, gathered: Gathered, target: Target) -> str:
    """With which word the browser refused a certificate that is to be trusted as it is served; empty where it did not."""
    rows = part(seen, "pages", list)
    first = next((str(text) for row in rows for text in _texts(row, "errors")[:1] if part(row, "status", int) == 0), "")
    found = NOT_TRUSTED.match(first)
    if found is None:
        return ""
    served = certificates.of_pages(gathered, target)
    return found[1] if served and all(one.is_right or one.doubt for one in served) else ""


def _seen(gathered: Gathered, target: Target) -> Mapping[str, Any]:
    asked = look(target)
    if asked is None:
        raise Missing(Unknown(Reason.NOT_CONFIGURED, "domains.site is not set"))
    seen = gathered.saw(asked)
    if isinstance(seen, Unknown):
        raise Missing(seen)
    if word := _own_distrust(seen.value, gathered, target):
        why = f"this machine's browser does not trust the certificate ({word}), which leads to an authority that browsers have"
        raise Missing(Unknown(Reason.UNDECIDABLE, f"{why}: its store or clock, or that not all browsers have it"))
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
            tuple(_asked(one) for one in part(row, "asked", list)),
            read_shown(part(row, "shown", dict)),
            part(row, "again", bool),
        )
        for row in part(_seen(gathered, target), "pages", list)
    )


def _texts(row: Any, key: str) -> tuple[str, ...]:
    return tuple(str(text) for text in part(row, key, list))


def _resource(row: Any) -> Resource:
    return Resource(part(row, "kind", str), part(row, "url", str), part(row, "status", int), part(row, "type", str))


def _asked(row: Any) -> Asked:
    method, url, kind, failure = (part(row, key, str) for key in ("method", "url", "type", "failure"))
    return Asked(method, url, part(row, "status", int), kind, failure, part(row, "page", bool))


def read_shown(seen: Mapping[str, Any]) -> Shown | None:
    """What a page says that it shows: short texts and numbers only; nothing where it did not say.

    Raises:
        Garbled: it says something else.
    """
    if not seen:
        return None
    words, empty = part(seen, "words", str)[:400], part(seen, "empty", str)[:40]
    counts = [_number(seen.get(key)) for key in ("controls", "pictures")]
    if None in counts:
        raise Garbled("what a page shows")
    controls, pictures = (int(count or 0) for count in counts)
    return Shown(words, controls, pictures, part(seen, "busy", bool), empty)


def _number(value: Any) -> float | None:
    """A number that a page gave; nothing if it is none, or none that pixels or milliseconds could be."""
    return float(value) if type(value) in (int, float) and abs(value) < 1e12 else None


NEVER_YIELDED = "the page never yielded"
"""How it is said that a page kept the browser until that was ended."""
LARGEST_PICTURE = 4_000_000
"""Characters of a picture: a screen's has some fifty thousand."""


def _is_picture(text: Any) -> bool:
    """Whether it is nothing, or a JPEG in base64: a report shows it, and a browser finds out by itself what else it is."""
    if not isinstance(text, str) or len(text) > LARGEST_PICTURE:
        return False
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        return False
    return not data or (data.startswith(b"\xff\xd8\xff") and data.rstrip(b"\0").endswith(b"\xff\xd9"))


def parse_loads(gathered: Gathered, target: Target) -> tuple[Load, ...]:
    """In their order: those that were measured alone, if they were."""
    seen = _seen(gathered, target)
    for again in loads_alone(gathered, target):
        found = gathered.saw(again)
        if isinstance(found, Unknown):
            raise Missing(found)
        seen = found.value
    is_beside = seen.get("beside") is True
    return tuple(replace(_load(row), is_beside=is_beside) for row in part(seen, "loads", list))


def _load(row: Any) -> Load:
    trouble, shown = part(row, "trouble", str), read_shown(part(row, "shown", dict))
    return Load(trouble, _number(row.get("load")), _number(row.get("paint")), shown)


def parse_screens(gathered: Gathered, target: Target) -> tuple[Screen, ...]:
    """By width. What the page says of itself is taken as numbers and short texts only."""
    found = []
    for row in part(_seen(gathered, target), "screens", list):
        trouble, width = part(row, "trouble", str), part(row, "width", int)
        wide, inner, layout = (_number(row.get(key)) for key in ("wide", "inner", "layout"))
        if not trouble and (wide is None or inner is None or layout is None):
            raise Garbled("the browser's layout")
        picture = row.get("picture", "")
        if not _is_picture(picture):
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
                layout=int(layout or 0),
                is_held=row.get("held") is True,
                cut=str(row.get("cut") or "")[:100],
                shown=read_shown(part(row, "shown", dict)),
            )
        )
    return tuple(found)


FACT = Fact("pages", parse, looks=looks)
LOADS = Fact("loads", parse_loads, looks=measured_looks, alone=loads_alone)
SCREENS = Fact("screens", parse_screens, looks=measured_looks)
