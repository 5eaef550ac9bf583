"""When Proxmox's jobs run: its calendar events, which are like systemd's, with shorter ways to write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

START = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 800
"""So many days are looked at: each kind of year has a first and a last day in them."""
MOST = 4000
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NAMES = {
    "minutely": "*-*-* *:*:00", "hourly": "*-*-* *:00:00", "daily": "*-*-* 00:00:00", "weekly": "mon *-*-* 00:00:00",
    "monthly": "*-*-01 00:00:00", "quarterly": "*-01,04,07,10-01 00:00:00", "semiannually": "*-01,07-01 00:00:00",
    "semi-annually": "*-01,07-01 00:00:00", "yearly": "*-01-01 00:00:00", "annually": "*-01-01 00:00:00",
}  # fmt: skip
_TERM = re.compile(r"(?:(\*)|([0-9]{1,4})(?:\.\.([0-9]{1,4}))?)(?:/([0-9]{1,4}))?")
_DAY = re.compile(r"([a-z]{3,9})(?:(?:\.\.|-)([a-z]{3,9}))?")


class _NotUnderstood(Exception):
    """It is none that is known."""


def _values(text: str, low: int, high: int) -> frozenset[int]:
    """What a list of numbers, ranges and steps stands for."""
    found: set[int] = set()
    for term in text.split(","):
        read = _TERM.fullmatch(term)
        if read is None:
            raise _NotUnderstood
        every, first, last, step = read.groups()
        start = low if every else int(first)
        # A step behind a single number goes on from it.
        end = high if every or (last is None and step) else int(last or first)
        if not low <= start <= end <= high or step == "0":
            raise _NotUnderstood
        found.update(range(start, end + 1, int(step or 1)))
    return frozenset(found)


def _weekday(text: str) -> int:
    if text[:3] not in WEEKDAYS:
        raise _NotUnderstood
    return WEEKDAYS.index(text[:3])


def _weekdays(text: str) -> frozenset[int]:
    found: set[int] = set()
    for term in text.split(","):
        read = _DAY.fullmatch(term)
        if read is None:
            raise _NotUnderstood
        first = _weekday(read[1])
        last = _weekday(read[2]) if read[2] else first
        found.update((first + step) % 7 for step in range((last - first) % 7 + 1))
    return frozenset(found)


def _times(text: str) -> list[timedelta]:
    """Times of the day: `HOURS:MINUTES[:SECONDS]`, or minutes of every hour."""
    parts = text.split(":")
    if len(parts) > 3:
        raise _NotUnderstood
    hours, minutes, seconds = ["*", parts[0], "0"] if len(parts) == 1 else [*parts, "0"][:3]
    return sorted(
        timedelta(hours=hour, minutes=minute, seconds=second)
        for hour in _values(hours, 0, 23)
        for minute in _values(minutes, 0, 59)
        for second in _values(seconds, 0, 59)
    )


def _dates(text: str) -> tuple[frozenset[int], frozenset[int], frozenset[int]]:
    """Years, months and days: `[YEARS-]MONTHS-DAYS`."""
    parts = text.split("-")
    if len(parts) not in (2, 3):
        raise _NotUnderstood
    years, months, days = ["*", *parts][-3:]
    return _values(years, 1970, 9999), _values(months, 1, 12), _values(days, 1, 31)


def _understood(text: str) -> tuple[datetime, ...]:
    words = NAMES.get(text, text).split()
    if words and words[-1] == "utc":
        words.pop()
    weekdays = _weekdays(words.pop(0).rstrip(",")) if words and words[0][:1].isalpha() else frozenset(range(7))
    years, months, days = _dates(words.pop(0) if words and "-" in words[0] else "*-*-*")
    if len(words) > 1:
        raise _NotUnderstood
    times = _times(words[0] if words else "0:0")
    found: list[datetime] = []
    for number in range(DAYS):
        day = START + timedelta(days=number)
        if day.weekday() in weekdays and day.year in years and day.month in months and day.day in days:
            found += [day + time for time in times]
        if len(found) > MOST:
            break
    return tuple(found)


@lru_cache(maxsize=256)
def coming(text: str) -> tuple[datetime, ...]:
    """The runs that follow each other from a fixed moment on; none where it is not understood, or there are none."""
    try:
        return _understood(text.strip().lower()) if text.strip() else ()
    except _NotUnderstood:
        return ()
