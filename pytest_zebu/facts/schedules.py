"""How often something comes: cron's expressions, read as Debian's cron reads them, and systemd's spans of time."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import chain, count, islice, pairwise, takewhile

from cronsim import CronSim, CronSimError
from msgspec import Struct

from pytest_zebu.facts.answer import is_number

START = datetime(2026, 1, 1, tzinfo=UTC)
STEPS = 1500
TOLD = 400
"""So many runs are told: a job that comes once a day is known for more than a year."""
END = datetime(2086, 1, 1, tzinfo=UTC)
"""As far as is looked: within 28 years each date falls on each weekday, so whatever comes at all came twice."""
LONG = timedelta(days=400)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)
AT_BOOT = "@reboot"
NAMES = {"@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0"}
NAMES |= {"@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *"}
_MONTHS, _DAYS = "jan feb mar apr may jun jul aug sep oct nov dec", "sun mon tue wed thu fri sat"
_FIELDS = (("minute", 0, 59, ""), ("hour", 0, 23, ""), ("day of the month", 1, 31, ""), ("month", 1, 12, _MONTHS),
           ("day of the week", 0, 7, _DAYS))  # fmt: skip
_TERM = re.compile(r"(\*|(\w+)(?:-(\w+))?)(?:/([0-9]+))?", re.ASCII)
_ZONE = re.compile(r"(?:CRON_)?TZ=\S+\s+")
_SPAN = re.compile(r"([0-9]+)(y|month|w|d|h|min|s|ms|us)")
_UNITS = {
    "y": 31_557_600.0,
    "month": 2_629_800.0,
    "w": 604_800.0,
    "d": 86_400.0,
    "h": 3600.0,
    "min": 60.0,
    "s": 1.0,
    "ms": 1e-3,
    "us": 1e-6,
}


class Schedule(Struct, frozen=True):
    """What an expression of cron's means.

    Attributes:
        gap: the longest time between two runs; None where there is none, or it is not known.
        coming: runs as they follow each other, from a fixed moment on.
        refused: why cron refuses it, and the whole table with it; empty if it does not.
        once: it runs when the machine starts, and then no more.
        never: it is valid, and never comes.
    """

    gap: timedelta | None = None
    coming: tuple[datetime, ...] = ()
    refused: str = ""
    once: bool = False
    never: bool = False


def longest_gap(moments: Iterable[datetime]) -> timedelta | None:
    """The longest time between two moments that follow each other."""
    ordered = sorted(set(moments))
    return max((later - sooner for sooner, later in pairwise(ordered)), default=None)


def together(runs: Iterable[tuple[datetime, ...]]) -> timedelta | None:
    """The longest gap of several that come in turn, over the time that all of them are known for."""
    known = [moments for moments in runs if len(moments) > 1]
    if not known:
        return None
    start, end = max(min(moments) for moments in known), min(max(moments) for moments in known)
    return longest_gap(moment for moments in known for moment in moments if start <= moment <= end)


def span(text: str) -> timedelta | None:
    """A span of time as systemd writes it, such as `1d 2h`; nothing if it is none."""
    parts = [_SPAN.fullmatch(part) for part in text.split()]
    if not parts or None in parts:
        return None
    try:
        return timedelta(seconds=sum(int(part[1]) * _UNITS[part[2]] for part in parts if part))
    except (OverflowError, ValueError):  # ValueError of digits without end
        return None


def _number(text: str, low: int, high: int, names: str) -> int | None:
    if text.lower() in names.split():
        return names.split().index(text.lower()) + low
    return int(text) if is_number(text) and len(text) < 4 and low <= int(text) <= high else None


def _complaint(field: str, name: str, low: int, high: int, names: str) -> str:
    """Why cron refuses a field, `never` for a range that runs backwards, or nothing."""
    for term in field.split(","):
        found = _TERM.fullmatch(term)
        if found is None:
            return f"has a {name} that cron does not know"
        whole, start, end, step = found.groups()
        if step is not None and (int(step[:6]) == 0 or (whole != "*" and end is None)):
            return f"has a {name} that cron does not know"
        numbers = [_number(text, low, high, names) for text in (start, end) if text is not None]
        if None in numbers:
            return f"has a {name} that cron does not know"
        if len(numbers) == 2 and (numbers[0] or 0) > (numbers[1] or 0):
            return "never"
    return ""


@lru_cache(maxsize=512)
def cron(text: str) -> Schedule:
    """What Debian's cron makes of an expression or of one of its names."""
    if text == AT_BOOT:
        return Schedule(once=True)
    if text.startswith("@"):
        return cron(NAMES[text]) if text in NAMES else Schedule(refused=f"has {text}, which cron does not know")
    fields = text.split()
    if len(fields) != len(_FIELDS):
        return Schedule(refused="has no five fields of time")
    if any(re.search(r"[#~]", field) for field in fields):
        return Schedule()  # crons differ
    complaints = [_complaint(field, *known) for field, known in zip(fields, _FIELDS, strict=True)]
    refused = next((one for one in complaints if one not in ("", "never")), "")
    if refused or "never" in complaints:
        return Schedule(refused=refused, never=not refused)
    return _simulated(text)


def interval(text: str) -> Schedule:
    """What schedulers of containers make of it: they know seconds, and `@every 1h30m` besides."""
    if every := re.fullmatch(r"@every ((?:[0-9]+(?:h|m|s))+)", text):
        units = {"h": 3600, "m": 60, "s": 1}
        seconds = sum(int(count[:9]) * units[unit] for count, unit in re.findall(r"([0-9]+)(h|m|s)", every[1]))
        return Schedule(gap=timedelta(seconds=seconds)) if seconds else Schedule()
    if text.startswith("@"):
        return cron(text)
    # They also take a zone in front, Quartz' question mark, a step behind a number, and a year.
    fields = ["*" if field == "?" else field for field in _ZONE.sub("", text).split()]
    if len(fields) == 7 and fields[-1] == "*":
        fields.pop()
    found = _simulated(" ".join(fields)) if len(fields) in (5, 6) else Schedule()
    return Schedule() if found.never and cron(" ".join(fields)).refused else found


def _simulated(text: str) -> Schedule:
    try:
        runs = tuple(takewhile(lambda run: run < END, islice(_runs(text), _enough(text))))
        gap = longest_gap(runs)
        if gap is not None and runs[-1] - START < LONG:
            # It comes so often that whole days without it are not among those: look at the days alone.
            days = longest_gap(islice(_days(" ".join(text.split()[-3:])), STEPS)) or DAY
            gap = max(gap, days - DAY)
    except (CronSimError, ValueError, OverflowError):
        return Schedule(never=True) if len(text.split()) == 5 else Schedule()
    return Schedule(gap, runs[:TOLD], never=gap is None)


def _enough(text: str) -> int:
    """So many runs tell the longest gap: where only weekdays matter, two weeks have it, and where nothing but the time does, two days."""
    *times, day, month, weekday = text.split()
    if (day, month) != ("*", "*") or "L" in weekday or "#" in weekday:
        return STEPS
    days = 3 if weekday == "*" else 15
    return min(STEPS, max(TOLD + 2, days * len(_times(" ".join(times)))))


def _runs(text: str) -> Iterator[datetime]:
    """All runs after the start. In UTC each day has the same ones, so that they are sought once, and not day by day.

    Raises:
        CronSimError: it is no expression.
    """
    first = next(CronSim(text, START), None)
    if first is None:
        return
    *times, day, month, weekday = text.split()
    of_a_day = _times(" ".join(times))
    for at in chain([START] * (first.date() == START.date()), _days(f"{day} {month} {weekday}")):
        yield from (run for offset in of_a_day if (run := at + offset) >= first)


@lru_cache(maxsize=512)
def _times(text: str) -> tuple[timedelta, ...]:
    """When in a day it runs, as far as so many runs can be asked for."""
    every_day = takewhile(lambda run: run < START + DAY, CronSim(f"{text} * * *", START - timedelta(seconds=1)))
    return tuple(run - START for run in islice(every_day, STEPS + 1))


def _days(text: str) -> Iterator[datetime]:
    """The days after the first one, each by its beginning. Where only weekdays matter, all weeks have the same ones."""
    if "L" in text or "#" in text:
        return CronSim(f"0 0 {text}", START)
    if not text.startswith("* * "):
        known = CronSim(f"0 0 {text}", START)
        return _dates(known.months, known.days) if text.endswith(" *") else known
    week = [*takewhile(lambda day: day <= START + WEEK, CronSim(f"0 0 {text}", START))]
    return (day + number * WEEK for number in count() for day in week)


def _dates(months: Iterable[int], days: Iterable[int]) -> Iterator[datetime]:
    """The days after the first one that have these dates, whatever weekday they are: day by day, it takes long to come to them."""
    for year in range(START.year, datetime.max.year):
        for month in sorted(months):
            last = monthrange(year, month)[1]
            found = (datetime(year, month, day, tzinfo=UTC) for day in sorted(days) if day <= last)
            yield from (day for day in found if day > START)
