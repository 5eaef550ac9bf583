"""Moments and spans of time, as every check says them."""

from __future__ import annotations

from datetime import datetime, timedelta


def moment(at: datetime | None, otherwise: str = "never") -> str:
    """A moment, to the minute."""
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else otherwise


_UNITS = (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1)))


def span(length: timedelta) -> str:
    """A span, by its two largest units that follow one another: `1 day and 2 hours`, `12 minutes`."""
    left, said = max(length, timedelta()), []
    for name, unit in _UNITS:
        count, left = divmod(left, unit)
        if count:
            said.append(f"{count} {name}{'' if count == 1 else 's'}")
        if len(said) == 2 or (said and not count):
            break
    return " and ".join(said) or f"{left.seconds} second{'' if left.seconds == 1 else 's'}"


def every(gap: timedelta | None) -> str:
    """How often something comes: `every day`, `every 12 hours`."""
    if gap is None:
        return "at times that were not worked out"
    said = span(gap)
    return f"every {said.removeprefix('1 ') if ' and ' not in said else said}"
