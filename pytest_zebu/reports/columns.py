"""Lines of a terminal: how many columns a text takes, where it is broken, and what an encoding has in place of a character."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import islice

MORE = "..."
WORD = re.compile("( *)([^ ]+)")
PLAIN = {
    "█": "#", "░": ".", "→": "->", "…": "...", "\N{EN DASH}": "-", "\N{EM DASH}": "-", "·": "-",
    "\N{MULTIPLICATION SIGN}": "x", "≥": ">=", "≤": "<=", "\u00a0": " ",
}  # fmt: skip
"""What is meant by a character, where the encoding does not have it."""


def columns(text: str) -> int:
    """How many columns a clean text takes: letters of the Far East take two, marks over a letter none."""
    if text.isascii():
        return len(text)
    return sum(_columns_of(character) for character in unicodedata.normalize("NFC", text))


def _columns_of(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("F", "W") else 1


def cut(text: str, width: int) -> str:
    """As much of a text as a line holds; three dots say that there was more. A width of 0 is no limit."""
    if not width or columns(text) <= width:
        return text
    return _split(text, width - len(MORE))[0].rstrip() + MORE


def _split(text: str, width: int) -> tuple[str, str]:
    """What of a text fits, one character at least, and the rest."""
    used = 0
    for position, character in enumerate(text):
        used += _columns_of(character)
        if used > width and position > 0:
            return text[:position], text[position:]
    return text, ""


def folded(text: str, width: int, hanging: int = 4, most: int = 0) -> list[str]:
    """A text as lines, broken between words.

    Args:
        text: one line; the blanks that it begins with are kept.
        width: in columns; 0 leaves the text as it is.
        hanging: how far the lines after the first are indented.
        most: so many lines at most, the last of which says whether something is missing; a word that is longer than a
            line goes on in the next. 0 for all lines: then such a word stays whole, so that it can be copied.
    """
    if not width:
        return [text]
    lines = list(islice(_lines(text, width, " " * hanging, is_split=most > 0), most + 1 if most else None))
    if most and len(lines) > most:
        last, rest = lines[most - 1], lines[most].strip()
        lines[most - 1 :] = [cut(f"{last} {rest} {MORE}", width)]
    return lines or [text]


def _lines(text: str, width: int, hanging: str, is_split: bool) -> Iterator[str]:
    line, is_begun = "", False
    for blanks, word in WORD.findall(text):
        if is_begun and columns(line) + len(blanks) + columns(word) > width:
            yield line
            line, is_begun = hanging, False
        else:
            line += blanks
        rest = word
        while is_split and columns(line) + columns(rest) > width and len(rest) > 1:
            head, rest = _split(rest, width - columns(line))
            yield line + head
            line = hanging
        line, is_begun = line + rest, True
    if is_begun:
        yield line


def encodable(text: str, encoding: str) -> str:
    """A text of characters that an encoding has: what is meant by the others, else a question mark."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        meant = "".join(PLAIN.get(character, character) for character in text)
        return meant.encode(encoding, "replace").decode(encoding)
    except LookupError:
        return text.encode("ascii", "replace").decode()
    return text
