"""JSON as strangers write it: one reader for all of it, and whatever is no plain JSON is said to be none.

RFC 8259 leaves to each reader what doubled names and endless numbers mean. Here they mean nothing: who reads something
into them may be told two things at once.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

MOST_DEEP = 100
"""Values within values. What tools print has a tenth of it, and Python's own walks end at about a thousand."""
LONGEST_NUMBER = 40
"""Digits of a whole number: those of the largest that an IPv6 address is, and one more."""
_LONE = re.compile("[\ud800-\udfff]")


class NoJson(ValueError):
    """A text is no JSON, or none that can be relied on; the text says why."""


def whole_text(text: str) -> str:
    """A text that every encoding takes: halves of characters (surrogates) become the mark of what cannot be read."""
    return _LONE.sub("\ufffd", text)


def _finite(text: str) -> float:
    """A number that is one: JSON knows neither infinity nor NaN (RFC 8259, section 6)."""
    if not math.isfinite(number := float(text)):
        raise NoJson("a number is none")
    return number


def _whole(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise NoJson("a number is beyond all bounds")
    return int(text)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names say one thing each; the same said twice is said once."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found and not same(found[name], value):
            raise NoJson("a name says two things")
        found[name] = value
    return found


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same, types included: True is no 1, and 1.0 is none either."""
    return type(one) is type(other) and json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _plain(value: Any) -> Any:
    """The same value with whole texts, read level by level: its depth is bounded, and takes nothing of Python's stack."""
    root: list[Any] = [value]
    level: list[Any] = [root]
    for _ in range(MOST_DEEP + 1):
        inner: list[Any] = []
        for one in level:
            if isinstance(one, dict):
                if any(_LONE.search(name) for name in one):
                    entries = [(whole_text(name), held) for name, held in one.items()]
                    one.clear()
                    one.update(_once(entries))
                places: Any = one.items()
            else:
                places = enumerate(one)
            changed = [(place, whole_text(held)) for place, held in places if type(held) is str and _LONE.search(held)]
            for place, text in changed:
                one[place] = text
            inner += [
                held for held in (one.values() if isinstance(one, dict) else one) if isinstance(held, dict | list)
            ]
        if not inner:
            return root[0]
        level = inner
    raise NoJson("its values are nested too deep")


def loads(text: str) -> Any:
    """The value of a text.

    Raises:
        NoJson: it is no JSON; has numbers that are none, or beyond all bounds; says two things of one name; is nested
            too deep.
    """
    try:
        value = json.loads(text, parse_constant=_finite, parse_float=_finite, parse_int=_whole, object_pairs_hook=_once)
        return _plain(value)
    except NoJson:
        raise
    except (ValueError, RecursionError, MemoryError):
        raise NoJson("it is no JSON") from None
