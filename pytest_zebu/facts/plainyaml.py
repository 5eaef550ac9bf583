"""YAML of which every word stays a text: no version becomes a number, and `on` no truth."""

from __future__ import annotations

from typing import Any

BROKEN = (ValueError, RecursionError)
"""What reading raises where a text is no YAML."""
MOST = 1_000_000
"""So many values a document may have, its aliases written out."""


def documents(text: str) -> list[Any]:
    """The documents of a text, without those that are empty.

    Raises:
        one of `BROKEN`: it is no YAML, or one that grows beyond all bounds.
    """
    import yaml  # it is large, and only needed once a text is there

    loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        found = [one for one in yaml.load_all(text, Loader=loader) if one]
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None
    if sum(_size(one, {}) for one in found) > MOST:
        raise ValueError("its aliases stand for too much")
    return found


def _size(value: Any, known: dict[int, int]) -> int:
    """How many values are in a value; each is counted once, however often aliases stand for it."""
    if not isinstance(value, dict | list):
        return 1
    if id(value) not in known:
        known[id(value)] = 1 + sum(_size(one, known) for one in (value.values() if isinstance(value, dict) else value))
    return known[id(value)]
