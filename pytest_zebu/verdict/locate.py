"""Where a piece of evidence points to: a line of a file, a file, or nothing.

What is read here was said by a target, or by our own checks of it. In doubt it is no place: the port of an address, a time
and the tag of an image look much like a line's number.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

MOST = 2_000
"""Of characters: a place that stands later than this is no reader's first."""
LAST_LINE = 1_000_000
_SEGMENT = r"\.?[A-Za-z0-9_@+-][A-Za-z0-9_.@+-]{0,99}"
# In files that lie below a folder, as the endings of sources and settings are; a bare name may as well be a host's, so that
# only those endings count there that are no top-level domain.
_SOURCE = r"(?:conf|cfg|cnf|ini|toml|ya?ml|json|xml|env|service|timer|socket|rules|cron|py|pl|sh|js|mjs|cjs|jsx|ts|tsx|vue|html|css|sql|md|txt|lock)"
_BARE = r"(?:conf|cfg|cnf|ini|toml|ya?ml|json|xml|service|timer|jsx|tsx|sql)"
# Settings below /etc need no ending; elsewhere a folder and a port would look like one without.
_ABSOLUTE = rf"/(?:etc/(?:{_SEGMENT}/){{0,20}}{_SEGMENT}|(?:{_SEGMENT}/){{1,20}}{_SEGMENT}\.{_SOURCE})"
# A first segment with a dot in it is a host's name, unless it begins with the dot.
_RELATIVE = rf"\.?[A-Za-z0-9_@+-]{{1,100}}/(?:{_SEGMENT}/){{0,20}}{_SEGMENT}\.{_SOURCE}"
_NAME = rf"[A-Za-z0-9_-][A-Za-z0-9_.-]{{0,99}}\.{_BARE}|Dockerfile"
_DOTENV = r"\.env(?:\.[A-Za-z0-9_-]{1,40}){0,3}"
_FILE = rf"(?:{_ABSOLUTE}|{_RELATIVE}|(?:[A-Za-z0-9_@+-]{{1,100}}/)?{_DOTENV}|{_NAME})"
_NOT_WITHIN = r"(?<![\w./:@+\\-])"
_LINE = r"([1-9][0-9]{0,6})(?![\w/]|[.:][0-9]|-[0-9])"
_AT = re.compile(rf"{_NOT_WITHIN}({_FILE}):{_LINE}")
_OF = re.compile(rf"\bline {_LINE} of ({_FILE})(?![\w/])")
# What is said of an item is what is said of its cases, one after the other.
_FIRST = r"(?:^|(?<=; ))"
_NAMED = re.compile(rf"{_FIRST}({_FILE}): (?:[^;\n]{{0,200}}?\b)?line {_LINE}(?! of )")
_COMPOSE = rf"(?:{_SEGMENT}/){{0,20}}(?:docker-)?compose(?:[.-][\w-]{{1,40}}){{0,2}}\.ya?ml"
_WORKFLOW = rf"\.github/workflows/{_SEGMENT}\.ya?ml|\.gitlab-ci\.yml"
_SETTINGS = rf"/etc/(?:{_SEGMENT}/){{0,20}}{_SEGMENT}|{_COMPOSE}|{_WORKFLOW}|zebu\.toml|attestations\.toml"
_WHOLE = re.compile(rf"{_NOT_WITHIN}(?:{_SETTINGS})(?![\w/]|[.:-]\w)")
_BEGINS = re.compile(rf"{_FIRST}((?:/(?:{_SEGMENT}/){{0,20}})?{_DOTENV})(?=:|$)")
_ADDRESS = re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]{0,20}://\S*")
_REPOSITORY = re.compile(rf"{_COMPOSE}|{_WORKFLOW}|Dockerfile")
"""What lies in a checkout, by its name alone."""


class Place(NamedTuple):
    """A line of a file, in the order of the fields of a report's location.

    Attributes:
        line: from 1; 0 where the whole file is meant.
        is_in_repository: whether it is a file of the deployed checkout, named from its top.
    """

    file: str
    line: int = 0
    is_in_repository: bool = False


def locate(text: str) -> tuple[str, int] | None:
    """The file and the line that a text points to; line 0 is the whole file. Of several the first, one with a line before one without.

    Lines are read as `FILE:3`, `line 3 of FILE` and, where a file begins the text, `FILE: ... line 3`. A file without a line
    counts only where it begins the text as `.env` does (`.env: SECRET_KEY is empty`), or where it is one of settings by its
    place or name: below `/etc`, a compose file, a workflow, `zebu.toml`.
    """
    return _located(text[:MOST])


@lru_cache(maxsize=4096)
def _located(text: str) -> tuple[str, int] | None:
    """Of several hosts much the same is said."""
    said = _ADDRESS.sub(" ", text)
    lines = [(found.start(), found[1], int(found[2])) for found in [_AT.search(said), _NAMED.search(said)] if found]
    lines += [(found.start(), found[2], int(found[1])) for found in [_OF.search(said)] if found]
    for _, file, line in sorted(lines):
        if line <= LAST_LINE:
            return file, line
    begins, within = _BEGINS.search(said), _WHOLE.search(said)
    for whole in (begins[1] if begins else "", within[0] if within else ""):
        if whole:
            return whole.rstrip(".-"), 0
    return None


def location_of(*texts: str) -> Place | None:
    """Where the first text that points to a line points to; where none does, the first that points to a file.

    Args:
        texts: what was said of one thing, the most telling first: a reason, then evidence.
    """
    found = [place for place in map(locate, texts) if place is not None]
    chosen = next((place for place in found if place[1]), found[0] if found else None)
    return Place(*chosen, bool(_REPOSITORY.fullmatch(chosen[0]))) if chosen else None
