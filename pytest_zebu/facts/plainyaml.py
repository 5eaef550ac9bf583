"""YAML of which every word stays a text: no version becomes a number, and `on` no truth."""

from __future__ import annotations

from typing import Any

import yaml

_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
BROKEN = (yaml.YAMLError, ValueError, RecursionError)
"""What reading raises where a text is no YAML."""


def documents(text: str) -> list[Any]:
    """The documents of a text, without those that are empty.

    Raises:
        one of `BROKEN`: it is no YAML.
    """
    return [one for one in yaml.load_all(text, Loader=_LOADER) if one]
