"""Answers as no tool prints them: cut, shuffled, with other numbers, with values of another type."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

from msgspec.structs import replace

from pytest_zebu.facts.answer import Reason, Said, Unknown

NUMBERS = (
    "", "-1", "0", "-0", "²", "٣", "१२", "1e400", "nan", "NaN", "inf", "-inf", "Infinity", "0x1f", "010", "9" * 30, "9" * 5000, "-99999999999999",
    "18446744073709551616", "253402300800", "1_0", "1.5", "1,5", " ", "+1", "1e3", "--1", "None", "null", "true", "-",
)  # fmt: skip
"""What stands where a number should: among them digits that `int` takes for none, and more of them than it takes."""
GARBAGE = (
    "", "\n", "\n\n", " ", "\t", "@", "@ ", "=", ":", "::", "/", '"', "'", "\\", "{", "[" * 3000, "(" * 300, "\x00", "\ud800", "\ufffd", "\ufeff",
    "<html>", "@for", "! ", "-A INPUT -j", ":INPUT", "x" * 3000, "%", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\u202e", "\x1b[2J",
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "9999-99-99 99:99:99", "2026-02-30", "2016-12-31T23:59:60Z", "2026-11-24T12:00:00+99:00", "24:00", "*/0 * * * *",
    "0.0.0.0/0", "::/0", "fe80::1%eth0", "::ffff:127.0.0.1", "0177.0.0.1", "127.1", "999.1.1.1", "1.2.3.4/33", "[::1", "1.2.3.4-1.2.3.3", "::/129",
    "__class__", "{0.__class__}", "%(here)s", "$unknown", "../..", "-rf", "NaN", "1e999", "0", "none", "None", "null", "{}", "[]", "yes", "on",
    "a: &a [*a]", "!!python/object:os.system", "<!DOCTYPE x [<!ENTITY a 'b'>]>", "- - - - -",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**63, 10**30, 10**400, 1.5, -0.0, 1e300, float("nan"), float("inf"), "", "0", "1", "²", "9" * 5000, "x", "\ud800", "2026-02-30", [], {},
    [None], [[]], [{}], [0], [True], {"x": None}, [1, "a"], "abc", ["abc"], {"0": {}}, {"$unknown": "x"}, {"__class__": 1}, Unknown(Reason.GARBLED, "x"),
)  # fmt: skip
STATUSES = (1, 2, 9, 126, 127, 137, 255, -1)
_NUMBER = re.compile(r"\d+")


def _lines_changed(rng: Random, text: str) -> str:
    lines = text.split("\n")
    at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    match rng.randrange(7):
        case 0:
            del lines[at]
        case 1:
            lines.insert(at, lines[at])
        case 2:
            lines[at], lines[other] = lines[other], lines[at]
        case 3:
            words = lines[at].split(" ")
            del words[rng.randrange(len(words))]
            lines[at] = " ".join(words)
        case 4:
            words = lines[at].split(" ")
            words[rng.randrange(len(words))] = rng.choice((*NUMBERS, *GARBAGE))
            lines[at] = " ".join(words)
        case 5:
            lines[at : at + 2] = ["".join(lines[at : at + 2])]
        case _:
            start = rng.randrange(len(lines))
            part = lines[start : start + 8]
            rng.shuffle(part)
            lines[start : start + 8] = part
    return "\n".join(lines)


def _bytes_changed(rng: Random, text: str) -> str:
    at = rng.randint(0, len(text))
    match rng.randrange(7):
        case 0:
            return text[:at]
        case 1:
            return text[at:]
        case 2:
            return text[:at] + chr(rng.randrange(0x3000)) + text[at + 1 :]
        case 3:
            return text[:at] + rng.choice(GARBAGE) + text[at:]
        case 4:
            end = min(len(text), at + rng.randint(1, 200))
            return text[:at] + text[at:end] * rng.randint(2, 20) + text[end:]
        case 5:
            return text[:at] + text[at + rng.randint(1, 20) :]
        case _:
            found = list(_NUMBER.finditer(text))
            if not found:
                return text
            one = rng.choice(found)
            return text[: one.start()] + rng.choice(NUMBERS) + text[one.end() :]


def paths(data: Any) -> list[tuple[Any, ...]]:
    """The ways to every value within a value, the value itself included."""
    found: list[tuple[Any, ...]] = []
    waiting: list[tuple[tuple[Any, ...], Any]] = [((), data)]
    while waiting:
        here, value = waiting.pop()
        found.append(here)
        inner = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
        waiting += [((*here, key), one) for key, one in inner]
    return found


def put(data: Any, path: Sequence[Any], change: Callable[[Any, Any], None]) -> Any:
    """The same value, with one of its entries changed; `change` is given what holds it and its key."""
    found: Any = dict(data) if isinstance(data, Mapping) else list(data)
    if len(path) == 1:
        change(found, path[0])
    else:
        found[path[0]] = put(data[path[0]], path[1:], change)
    return found


def _data_changed(rng: Random, data: Any) -> Any:
    path = rng.choice(paths(data))
    if not path:
        return rng.choice(VALUES)

    def change(holder: Any, key: Any) -> None:
        value = holder[key]
        match rng.randrange(8):
            case 0:
                del holder[key]
            case 1 if isinstance(value, str):
                holder[key] = changed_text(rng, value)
            case 1 if isinstance(value, list) and value:
                holder[key] = value + [rng.choice(value)] * rng.randint(1, 3)
            case 2:
                holder[key] = rng.choice((*NUMBERS, *GARBAGE))
            case 3:
                holder[key] = [value]
            case 4 if not isinstance(value, dict | list):
                holder[key] = str(value)
            case 5 if isinstance(value, list):
                holder[key] = {str(place): one for place, one in enumerate(value)}
            case 6 if isinstance(value, int | float) and not isinstance(value, bool):
                holder[key] = rng.choice((-value, float(value), value * 10**18, bool(value)))
            case _:
                holder[key] = rng.choice(VALUES)

    return put(data, path, change)


def changed_data(rng: Random, data: Any) -> Any:
    """Plain data in which values are of another type, or not there."""
    for _ in range(rng.randint(1, 3)):
        data = _data_changed(rng, data)
    return data


def changed_text(rng: Random, text: str) -> str:
    """Text that was damaged in up to four places."""
    if rng.randrange(10) == 0:
        return rng.choice((*GARBAGE, *NUMBERS))
    if text[:1] in ("{", "[") and rng.randrange(2):
        try:
            return json.dumps(changed_data(rng, json.loads(text)), default=str)
        except ValueError:
            return text[1:]
    for _ in range(rng.randint(1, 4)):
        text = _lines_changed(rng, text) if rng.randrange(2) else _bytes_changed(rng, text)
    return text


def changed_answer(rng: Random, answer: Said | Unknown) -> Said | Unknown:
    """What a command said, otherwise; now and then it ended otherwise, too."""
    if isinstance(answer, Unknown):
        return answer
    status = rng.choice(STATUSES) if rng.randrange(12) == 0 else answer.status
    return replace(answer, status=status, out=changed_text(rng, answer.out))
