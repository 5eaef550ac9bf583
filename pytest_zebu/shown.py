"""Text on its way out. A leaf: it knows nothing else of the project.

What a target or a stranger's file said stays as it is while it is judged. At each door by which it leaves (a terminal, a
page, a file that programs read, a record that people keep) it passes one of these functions, once.
"""

from __future__ import annotations

import math
import re
import sys
import textwrap
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, TextIO, TypeVar

T = TypeVar("T")

MOST = 20_000
"""Of characters, in one text of a file or a page."""
MOST_IN_LINE = 4_000
"""Of characters, in one line of a terminal."""
MOST_ENTRIES = 2_000
"""Of entries, in one list."""
ROOM = 40
"""Of characters, for what is said where a text is cut."""
MOST_IN_NAME = 200
"""Of characters, of a name that is compared with others: it takes as long as both are, multiplied."""
STACKED = 4
"""Of marks over one letter: no language needs more, and hundreds run over the lines above."""
# Escape sequences (ECMA-48): control sequences, strings (OSC, DCS, SOS, PM, APC) and short escapes, with their seven-bit
# and their eight-bit openings. Of a string that nothing ends only the opening goes: what follows is to be seen.
ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x90\x98\x9b-\x9f\n]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-Z\\^-~]"
)
# Controls other than tab and newline; what has no shape of its own (Unicode's default ignorable code points: directions,
# joiners, tags, fillers); what is no character.
UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
NO_CHARACTER = re.compile(
    "[\ud800-\udfff\ufdd0-\ufdef"
    + "".join(f"{chr(p + 0xFFFE)}{chr(p + 0xFFFF)}" for p in range(0, 0x110000, 0x10000))
    + "]"
)
HALVES = re.compile("[\ud800-\udfff]")
BREAKS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
MARKED = re.compile(f"[^\x00-\u02ff]{{{STACKED + 1}}}")
# What runners of CI take for a command of theirs: GitHub's begin a line, or stand anywhere in it; so do Azure's and TeamCity's.
COMMANDS = re.compile(r"^([ \t]*):(?=:)", re.MULTILINE), re.compile(r"##(?=\w*\[)")


def nearest(name: str, known: Iterable[str]) -> str:
    """What is known that somebody may have meant; empty where nothing is near."""
    near = get_close_matches(name[:MOST_IN_NAME], [one[:MOST_IN_NAME] for one in known], n=1)
    return near[0] if near else ""


def meant(name: str, known: Iterable[str]) -> str:
    """The same as a question to put behind a complaint."""
    near = nearest(name, known)
    return f"; did you mean {near!r}?" if near else ""


def clean(text: str, most: int = MOST) -> str:
    """A text that steers nothing: letters, blanks, tabs and newlines, as much as somebody reads.

    Args:
        text: whatever was said.
        most: how many characters are shown; what is left out is counted.
    """
    if text.isascii() and text.isprintable() and len(text) <= most:
        return text
    left_out = max(0, len(text) - 4 * most)
    found = NO_CHARACTER.sub("\ufffd", visible(text[: 4 * most]))
    if MARKED.search(found):
        found = _flattened(found)
    if not left_out and len(found) <= most:
        return found
    kept = found[: most - ROOM]
    return f"{kept} ... ({left_out + len(found) - len(kept)} more characters)"


def visible(text: str) -> str:
    """What can be seen of a text, whole: no escapes, no controls but tab and newline, nothing without a shape of its own."""
    return UNSEEN.sub("", BREAKS.sub("\n", ESCAPES.sub("", text)))


def _flattened(text: str) -> str:
    kept, stacked = [], 0
    for character in text:
        stacked = stacked + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if stacked <= STACKED:
            kept.append(character)
    return "".join(kept)


def clean_line(text: str, most: int = MOST_IN_LINE) -> str:
    """A text as one line of a terminal: it begins no other, and is no command of a runner's."""
    return _no_command(" ".join(clean(text, most).replace("\t", " ").split("\n")))


def clean_lines(text: str, most: int = 10 * MOST) -> str:
    """A text of several lines on a terminal, such as a traceback."""
    return _no_command(clean(text, most).expandtabs(4))


def say(text: str, file: TextIO | None = None) -> None:
    """A line on standard output, or where it is said; what its encoding does not have is a question mark."""
    out = file or sys.stdout
    encoding = out.encoding or "utf-8"
    print(clean_line(text).encode(encoding, "replace").decode(encoding), file=out)


def _no_command(text: str) -> str:
    at_start, anywhere = COMMANDS
    return anywhere.sub("## ", at_start.sub(r"\1: ", text))


def clean_data(data: Any) -> Any:
    """Plain data, for programs: every text is clean, every list has an end, and no number is infinite or none."""
    match data:
        case str():
            return clean(str(data))
        case float() if not math.isfinite(data):
            return 0.0
        case Mapping():
            return {clean(str(key), 200): clean_data(value) for key, value in data.items()}
        case list() | tuple():
            return [clean_data(value) for value in some(data)]
        case _:
            return data


def sendable(data: Any) -> Any:
    """Plain data for another process of ours: as it is, without halves of characters, which no text on the way can hold."""
    match data:
        case str():
            return data if data.isascii() else HALVES.sub("\ufffd", data)
        case Mapping():
            return {key: sendable(value) for key, value in data.items()}
        case list() | tuple():
            return [sendable(value) for value in data]
        case _:
            return data


def some(entries: Sequence[T]) -> list[T]:
    """The entries of a list that are shown; how many are not, where they are texts."""
    shown: list[Any] = list(entries[:MOST_ENTRIES])
    if len(entries) > MOST_ENTRIES and isinstance(entries[0], str):
        shown[-1] = f"and {len(entries) - MOST_ENTRIES + 1} more"
    return shown


def code(text: str, most: int = 300) -> str:
    """A text as a line of Markdown that is text and nothing else: a span of code, which nothing in it can end."""
    line = " ".join(clean(text, most).split())
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", line)), default=0))
    between = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{between}{line}{between}{fence}" if line else ""


_COPIED = re.compile(r"`[^`\n]+`")
_NO_BREAK = "\x00"


def wrapped(text: str, columns: int, first: str = "", rest: str = "  ") -> list[str]:
    """A text in lines; what stands in backticks is for copying, and is never broken."""
    whole = _COPIED.sub(lambda found: found[0].replace(" ", _NO_BREAK), text.replace(_NO_BREAK, " "))
    found = textwrap.wrap(
        whole,
        columns,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(_NO_BREAK, " ") for line in found]
