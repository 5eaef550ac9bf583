"""A badge: as SVG (the type `badge`), and as what shields.io makes one of (the type `badge-json`).

It says when it was true, since badges stay where they are; a partial run is never ready, and of several hosts all must be.
All words on it are ours.
"""

from __future__ import annotations

import json
from enum import Enum
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from msgspec import Struct

from pytest_zebu.reports.report import HostReport, Report, Verdict
from pytest_zebu.verdict.outcome import Outcome

LABEL = "production readiness"


class Colour(Enum):
    """A colour by the name that shields.io gives it, and as SVG: dark enough for white letters."""

    GOOD = "brightgreen", "#2e7d32"
    DECLARED = "green", "#4a7c23"
    UNSURE = "yellow", "#8a6d00"
    BAD = "red", "#c62828"
    UNKNOWN = "lightgrey", "#616161"


class Badge(Struct, frozen=True):
    """What it says."""

    message: str
    colour: Colour
    label: str = LABEL


def _of_one(host: HostReport) -> Badge:
    said = host.verdict.value.lower()
    match host.verdict:
        case Verdict.NO_DATA | Verdict.NOT_SELECTED:
            return Badge(said, Colour.UNKNOWN)
        case Verdict.PARTIAL:
            failed = len(host.failed)
            return Badge(f"{said}, {failed} failed" if failed else said, Colour.BAD if failed else Colour.UNSURE)
        case Verdict.NOT_READY:
            blockers = sum(len(host.blockers(stage)) for stage in host.selected_stages)
            return Badge(f"{said}, {blockers} non-negotiable" if blockers else said, Colour.BAD)
        case Verdict.READY:
            return _declared((host,), said)


def _declared(hosts: tuple[HostReport, ...], message: str) -> Badge:
    """Readiness, with what it rests on beside evidence."""
    if any(host.simulated for host in hosts):
        return Badge(f"{message}, simulated", Colour.UNSURE)
    if any(host.relaxations for host in hosts):
        return Badge(f"{message}, relaxed", Colour.DECLARED)
    if any(host.overall.counts[Outcome.WAIVED] for host in hosts):
        return Badge(f"{message}, with waivers", Colour.DECLARED)
    return Badge(message, Colour.GOOD)


def _of_all(hosts: tuple[HostReport, ...]) -> Badge:
    each = [_of_one(host) for host in hosts]
    ready = [host for host in hosts if host.verdict is Verdict.READY]
    message = f"{len(ready)} of {len(hosts)} hosts ready"
    if len(ready) == len(hosts):
        return _declared(hosts, message)
    colours = {badge.colour for badge in each}
    worst = next(colour for colour in (Colour.BAD, Colour.UNSURE, Colour.UNKNOWN, Colour.DECLARED) if colour in colours)
    return Badge(message, worst)


def badge(report: Report) -> Badge:
    """What the badge says of a run."""
    if not report.hosts:
        return Badge("no data", Colour.UNKNOWN)
    made = _of_one(report.hosts[0]) if len(report.hosts) == 1 else _of_all(report.hosts)
    at = min(host.at for host in report.hosts)
    return Badge(f"{made.message}, {at:%Y-%m-%d}", made.colour)


# As SVG

HEIGHT, BESIDE, SIZE, ROUND = 20, 6, 11, 3
UNITS = 2048
WIDTHS = {
    " ": 720, ",": 745, "-": 930, "a": 1230, "b": 1276, "c": 1067, "d": 1276, "e": 1220, "f": 720, "g": 1276, "h": 1296,
    "i": 562, "j": 705, "k": 1212, "l": 562, "m": 1992, "n": 1296, "o": 1243, "p": 1276, "q": 1276, "r": 874, "s": 1067,
    "t": 807, "u": 1296, "v": 1212, "w": 1676, "x": 1212, "y": 1212, "z": 1076, **dict.fromkeys("0123456789", 1302),
}  # fmt: skip
"""Of the letters of Verdana, in its units. Where another font stands for it, `textLength` keeps the text in its place."""


def width_of(text: str) -> int:
    """How many pixels a text takes."""
    return round(sum(WIDTHS[letter] for letter in text) * SIZE / UNITS)


def render(report: Report) -> str:
    """The badge as SVG."""
    made = badge(report)
    left, right = (width_of(text) + 2 * BESIDE for text in (made.label, made.message))
    whole = f"{made.label}: {made.message}"
    svg = Element("svg", xmlns="http://www.w3.org/2000/svg", width=str(left + right), height=str(HEIGHT), role="img")
    svg.set("aria-label", whole)
    SubElement(svg, "title").text = whole
    # Without names inside, so that a page may hold several: round at both ends, straight where the parts meet.
    back = {"height": str(HEIGHT), "rx": str(ROUND)}
    SubElement(svg, "rect", {"width": str(left + right), "fill": made.colour.value[1], **back})
    SubElement(svg, "rect", {"width": str(left), "fill": "#444", **back})
    SubElement(svg, "rect", x=str(left - ROUND), width=str(ROUND), height=str(HEIGHT), fill="#444")
    font = {"font-family": "Verdana,DejaVu Sans,Geneva,sans-serif", "font-size": str(SIZE)}
    texts = SubElement(svg, "g", {"fill": "#fff", **font})
    for text, x in ((made.label, BESIDE), (made.message, left + BESIDE)):
        SubElement(texts, "text", x=str(x), y="14", textLength=str(width_of(text))).text = text
    return ElementTree.tostring(svg, encoding="unicode") + "\n"


class Endpoint:
    """The same as the JSON that https://shields.io/badges/endpoint-badge makes a badge of."""

    @staticmethod
    def render(report: Report) -> str:
        """The document."""
        made = badge(report)
        document = {
            "schemaVersion": 1, "label": made.label, "message": made.message, "color": made.colour.value[0],
            "isError": made.colour is Colour.BAD,
        }  # fmt: skip
        return json.dumps(document, indent=1) + "\n"
