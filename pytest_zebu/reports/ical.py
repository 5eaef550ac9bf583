"""Recurring tasks as a calendar (iCalendar, RFC 5545): each an event on the day when it is due, and again by its cadence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from typing import Protocol

from pytest_zebu.reports.report import Report
from pytest_zebu.shown import clean

FIRST = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//pytest-zebu//recurring tasks//EN")
LAST = "END:VCALENDAR"


class Due(Protocol):
    """A recurring task, of a report or as people's records have it."""

    @property
    def id(self) -> str:
        """The item's."""

    @property
    def text(self) -> str:
        """What is to be done."""

    @property
    def due(self) -> date:
        """The day on which it is to be done."""

    @property
    def cadence_days(self) -> int:
        """For how many days that lasts."""

    @property
    def summary(self) -> str:
        """When it was last done, in a line."""


def _escaped(text: str) -> str:
    """Text of a calendar (RFC 5545, section 3.3.11)."""
    text = clean(text)
    for plain, escape in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        text = text.replace(plain, escape)
    return text


def _folded(line: str) -> str:
    """A content line in pieces of at most 75 octets (RFC 5545, section 3.1)."""
    pieces: list[bytes] = []
    piece = b""
    for character in line:
        data = character.encode()
        if len(piece) + len(data) > (75 if not pieces else 74):
            pieces.append(piece)
            piece = b""
        piece += data
    pieces.append(piece)
    return "\r\n ".join(part.decode() for part in pieces)


def _events(tasks: Iterable[Due], host: str, at: datetime) -> Iterator[str]:
    where = re.sub(r"[^A-Za-z0-9._-]", "-", host)[:255]
    for one in tasks:
        yield "BEGIN:VEVENT"
        yield f"UID:{re.sub(r'[^a-z0-9._-]', '-', one.id)[:200]}@{where}.pytest-zebu"
        yield f"DTSTAMP:{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
        yield f"DTSTART;VALUE=DATE:{one.due:%Y%m%d}"
        yield f"RRULE:FREQ=DAILY;INTERVAL={max(1, one.cadence_days)}"
        yield f"SUMMARY:{_escaped(one.text)}"
        yield f"DESCRIPTION:{_escaped(f'{one.id}: {one.summary}. zebu attest {one.id}')}"
        yield "TRANSP:TRANSPARENT"
        yield "END:VEVENT"


def _calendar(events: Iterable[str]) -> str:
    return "".join(f"{_folded(line)}\r\n" for line in (*FIRST, *events, LAST))


def calendar(tasks: Iterable[Due], host: str, at: datetime) -> str:
    """The calendar of one host.

    Args:
        tasks: what is to be done.
        host: names the events, so that a calendar that is read again renews them.
        at: when that was known.
    """
    return _calendar(_events(tasks, host, at))


def render(report: Report) -> str:
    """The calendar of all hosts."""
    return _calendar(line for host in report.hosts for line in _events(host.tasks, host.name, host.at))
