"""Answers as no tool prints them: cut, shuffled, with other numbers, with values of another type."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from pytest_zebu.facts.answer import Said, Unknown

NUMBERS = (
    "", "-1", "0", "²", "٣", "1e400", "nan", "-inf", "0x1f", "9" * 30, "9" * 5000, "-99999999999999", "1_0", "1.5", " ", "None",
)  # fmt: skip
"""What stands where a number should: among them digits that `int` takes for none, and more of them than it takes."""
GARBAGE = (
    "", "\n", "\n\n", " ", "\t", "@", "@ ", "=", ":", "::", "/", '"', "'", "\\", "{", "[" * 3000, "(" * 300, "\x00", "\ud800", "\ufffd",
    "<html>", "@for", "! ", "-A INPUT -j", ":INPUT", "x" * 3000, "0001-01-01T00:00:00Z", "9999-99-99 99:99:99", "*/0 * * * *", "%",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 10**400, 1.5, float("nan"), float("inf"), "", "²", "9" * 5000, "x", "\ud800", [], {}, [None], [[]], [{}],
    {"x": None}, [1, "a"],
)  # fmt: skip
_NUMBER = re.compile(r"\d+")


def _at(draw: st.DrawFn, items: Sequence[Any]) -> int:
    return draw(st.integers(0, len(items) - 1)) if items else 0


def _lines_changed(draw: st.DrawFn, text: str) -> str:
    lines = text.split("\n")
    at, other = _at(draw, lines), _at(draw, lines)
    match draw(st.sampled_from(["drop", "double", "swap", "word dropped", "words", "joined"])):
        case "drop":
            del lines[at]
        case "double":
            lines.insert(at, lines[at])
        case "swap":
            lines[at], lines[other] = lines[other], lines[at]
        case "word dropped":
            words = lines[at].split(" ")
            del words[_at(draw, words)]
            lines[at] = " ".join(words)
        case "words":
            words = lines[at].split(" ")
            words[_at(draw, words)] = draw(st.sampled_from((*NUMBERS, *GARBAGE)))
            lines[at] = " ".join(words)
        case _:
            lines[at : at + 2] = ["".join(lines[at : at + 2])]
    return "\n".join(lines)


def _bytes_changed(draw: st.DrawFn, text: str) -> str:
    at = draw(st.integers(0, len(text)))
    match draw(st.sampled_from(["cut", "flip", "insert", "tail", "number"])):
        case "cut":
            return text[:at]
        case "tail":
            return text[at:]
        case "flip":
            return text[:at] + draw(st.characters()) + text[at + 1 :]
        case "insert":
            return text[:at] + draw(st.sampled_from(GARBAGE)) + text[at:]
        case _:
            found = list(_NUMBER.finditer(text))
            if not found:
                return text
            one = found[_at(draw, found)]
            return text[: one.start()] + draw(st.sampled_from(NUMBERS)) + text[one.end() :]


def paths(data: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The ways to every value within a value, the value itself included."""
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [here, *(path for key, value in inner for path in paths(value, (*here, key)))]


def _put(data: Any, path: tuple[Any, ...], value: Any, *, drop: bool) -> Any:
    if not path:
        return value
    key, *rest = path
    if isinstance(data, dict):
        found: Any = dict(data)
    else:
        found = list(data)
    if drop and not rest:
        del found[key]
    else:
        found[key] = _put(data[key], tuple(rest), value, drop=drop)
    return found


@st.composite
def changed_data(draw: st.DrawFn, data: Any) -> Any:
    """Plain data in which values are of another type, or not there."""
    for _ in range(draw(st.integers(1, 3))):
        ways = paths(data)
        value = draw(st.sampled_from(VALUES))
        data = _put(data, ways[_at(draw, ways)], value, drop=draw(st.booleans()))
    return data


@st.composite
def changed_text(draw: st.DrawFn, text: str) -> str:
    """Text that was damaged in up to four places."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.sampled_from((*GARBAGE, *NUMBERS)))
    if text[:1] in ("{", "[") and draw(st.booleans()):
        return json.dumps(draw(changed_data(json.loads(text))))
    for _ in range(draw(st.integers(1, 4))):
        text = _lines_changed(draw, text) if draw(st.booleans()) else _bytes_changed(draw, text)
    return text


@st.composite
def changed_answer(draw: st.DrawFn, answer: Said | Unknown) -> Said | Unknown:
    """What a command said, otherwise; now and then it ended otherwise, too."""
    if isinstance(answer, Unknown):
        return answer
    status = draw(st.sampled_from((answer.status,) * 12 + (1, 9, 126, 137)))
    return replace(answer, status=status, out=draw(changed_text(answer.out)))
