"""Pictures that a report carries: base64 of a bounded length, and never more than a page bears."""

from __future__ import annotations

import re
from collections.abc import Iterable

BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
LONGEST = 4_000_000
"""Of characters; a picture of a page has a tenth of it."""
MOST = 40
"""Of pictures, in one item."""


def sound(pictures: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Captions with pictures, without what is no picture."""
    found = [one for one in pictures if len(one[1]) <= LONGEST and BASE64.fullmatch(one[1])]
    return tuple(found[:MOST])
