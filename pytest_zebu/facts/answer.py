"""An answer: known, or why it could not be had. A leaf: it knows nothing else of the project."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from msgspec import Struct

T = TypeVar("T")
_DIGITS = re.compile(r"[0-9]{1,18}")
MOST = 2**64
"""What no size, count or moment reaches."""
# ANSI escape sequences (ECMA-48: CSI, OSC and two-byte escapes) and other control characters but tab and newline.
_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
)


def plain_text(data: bytes | str) -> str:
    """Text without terminal escapes and control characters, whatever a target sent."""
    text = data.decode("utf-8", errors="replace") if isinstance(data, bytes) else data
    return _ESCAPES.sub("", text.replace("\r\n", "\n"))


class Reason(StrEnum):
    """Why something is unknown."""

    NO_PERMISSION = "no permission"
    NO_COMMAND = "no such command"
    TIMED_OUT = "timed out"
    UNREACHABLE = "unreachable"
    NO_WAY = "no way there"
    GARBLED = "garbled"
    MISSING = "not there"
    NOT_CONFIGURED = "not configured"
    UNDECIDABLE = "undecidable"
    NOT_GATHERED = "not gathered"


class Known(Struct, Generic[T], frozen=True):
    """What was asked for."""

    value: T


class Unknown(Struct, frozen=True):
    """Why it could not be had."""

    reason: Reason
    detail: str

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}"


Answer = Known[T] | Unknown


class NotAssessed(Exception):
    """Raised by a judgement that cannot see what it needs; the text says why."""


def need(answer: Known[T] | Unknown) -> T:
    """The value of an answer.

    Raises:
        NotAssessed: it is unknown.
    """
    if isinstance(answer, Unknown):
        raise NotAssessed(str(answer))
    return answer.value


class Missing(Exception):
    """Raised by a parser whose question was not answered."""

    def __init__(self, unknown: Unknown) -> None:
        super().__init__(str(unknown))
        self.unknown = unknown


class Garbled(Exception):
    """Raised by a parser that does not understand an answer."""


def is_number(text: str) -> bool:
    """Whether it is a number as tools print it: digits of ASCII, and no more of them than a size or a moment has."""
    return _DIGITS.fullmatch(text) is not None


def lines_of(text: str) -> list[str]:
    """The lines of an answer: other ends of lines than the one that our scripts print are characters like any other."""
    return text.removesuffix("\n").split("\n") if text else []


def integer(value: Any, what: str) -> int:
    """A whole number of plain data, as a number or in digits: a truth (`true`) and a part of one (`1.5`) are none.

    Raises:
        Garbled: it is none, or larger than what is counted or measured.
    """
    if isinstance(value, str):
        digits = value.removeprefix("-")
        value = int(value) if is_number(digits) else None
    if type(value) is not int or abs(value) >= MOST:
        raise Garbled(f"{what} is no number")
    return value


def seconds(value: Any, what: str) -> datetime:
    """A moment of plain data, as seconds since 1970, with or without parts.

    Raises:
        Garbled: it is none, or beyond what calendars have.
    """
    try:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ValueError(value)
        return datetime.fromtimestamp(float(value), UTC)
    except (ValueError, OverflowError, OSError):
        raise Garbled(f"{what} is no moment") from None


def whole_number(text: str, what: str) -> int:
    """A number as tools print it.

    Raises:
        Garbled: it is none.
    """
    if not is_number(text):
        raise Garbled(f"{what} is no number")
    return int(text)


def moment_of(text: str, what: str) -> datetime:
    """A moment as seconds since 1970.

    Raises:
        Garbled: it is none, or beyond what calendars have.
    """
    try:
        return datetime.fromtimestamp(whole_number(text, what), UTC)
    except (ValueError, OverflowError, OSError):
        raise Garbled(f"{what} is no moment") from None


def part(data: Any, key: str, kind: type[T]) -> T:
    """A value of plain data, of the kind that it must be of.

    Raises:
        Garbled: it is not there, or of another kind.
    """
    found = data.get(key) if isinstance(data, Mapping) else None
    if not isinstance(found, kind) or (kind is int and isinstance(found, bool)):
        raise Garbled(f"{key} is not there, or of another kind than known")
    return found


def text_or_empty(value: Any) -> str:
    """A text of plain data; an empty one where there is nothing.

    Raises:
        TypeError: it is of another kind.
    """
    if not isinstance(value, str | None):
        raise TypeError(value)
    return value or ""


def texts(data: Any, key: str) -> tuple[str, ...]:
    """A list of texts of plain data: one text is none, though it can be gone through like one.

    Raises:
        Garbled: it is not there, or of another kind.
    """
    found = part(data, key, list)
    if not all(isinstance(one, str) for one in found):
        raise Garbled(f"{key} is not there, or of another kind than known")
    return tuple(found)


class Said(Struct, frozen=True):
    """What a command said, as text."""

    status: int
    out: str
    err: str = ""

    @property
    def complaint(self) -> str:
        """The last line of its complaint, or its status."""
        lines = self.err.strip().splitlines()
        return lines[-1][:300] if lines else f"exit status {self.status}"
