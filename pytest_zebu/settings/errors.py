"""Errors that are the user's to mend: one line, naming the place and the remedy."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core.core_schema import ErrorType

from pytest_zebu.files import read_text, why
from pytest_zebu.redaction import redacted
from pytest_zebu.settings.wanted import Place, example, keys, place, wanted, written
from pytest_zebu.shown import clean_line, meant

# The parser's time grows with the square of the parts of a key, however long each is. No letter is looked at twice as the first of one.
LONG_KEY = re.compile(r"(?<![\w\"'-])(?:[\w\"'-]++[ \t]*+\.[ \t]*+){64}")


NAME = "no blanks, no commas, at most 255 characters"
LONGEST, SHORT = 1_000, 40
BUILT_IN = frozenset({*get_args(ErrorType), "path_type"})
"""What pydantic itself complains of, in words of its own; other complaints are the models'."""


class UsageProblem(Exception):
    """Something in the options, settings or files is wrong; the text says where and what helps."""


def explain(path: Path | str, error: ValidationError, model: type[BaseModel]) -> str:
    """One line for the first thing that is wrong in a file: the key, what was written, what is wanted, and an example."""
    first = error.errors(include_url=False)[0]
    spot = place(model, first["loc"])
    said = _complaint(spot, first["type"], first["msg"], first.get("ctx", {}), first["input"], model, first["loc"])
    return f"{path}: {said}"


def _complaint(
    spot: Place,
    kind: str,
    message: str,
    context: dict[str, Any],
    found: Any,
    model: type[BaseModel],
    loc: Sequence[Any],
) -> str:
    if kind == "extra_forbidden":
        known = keys(place(model, loc[:-1]).kind)
        hint = meant(spot.name, known) or f"; there are: {', '.join(known)}"
        return f"unknown key {spot.key!r}{hint}"
    if kind == "missing":
        return f"{spot.key} is missing; for example: {example(spot)}"
    of_model = kind == "value_error" or kind not in BUILT_IN
    said = message.removeprefix("Value error, ") if of_model else ""
    own = redacted(said, words=False)  # some quote what was written
    if own and (not spot.key or keys(spot.kind)):  # a rule about several keys names them
        return f"{spot.key}: {own}" if spot.key else own
    if loc and loc[-1] == "[key]":
        return f"{spot.key}: is no name: {NAME}"
    must = own or f"must be {wanted(spot.kind, spot.info)}{_length(kind, context)}"
    # Some say themselves what was written.
    if not (said and isinstance(found, str) and said.startswith(repr(found[:SHORT])[:-1])):
        must = f"{written(found, spot.name or 'value')}: {must}"
    return clean_line(f"{spot.key}: {must}; for example: {example(spot)}", LONGEST)


def _length(kind: str, context: dict[str, Any]) -> str:
    """How long it may be, where that is what is wrong."""
    if not kind.endswith(("too_long", "too_short")):
        return ""
    most = context.get("max_length") if kind.endswith("long") else None
    number = context["min_length"] if most is None else most
    one, several = ("character", "characters") if kind.startswith("string") else ("entry", "entries")
    return f", of at {'least' if most is None else 'most'} {number} {one if number == 1 else several}"


def parsed(path: Path, limit: int) -> tuple[str, dict[str, Any]]:
    """The text of a TOML file, and what it says.

    Raises:
        FileNotFoundError: there is none.
        UsageProblem: it is no regular file, is larger than `limit` bytes, or is no TOML; the text names the file.
    """
    try:
        text = read_text(path, limit)
        return text, toml(text)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UsageProblem(f"{path}: {why(error)}") from None
    except UnicodeDecodeError as error:
        raise UsageProblem(f"{path}: is not UTF-8 (at byte {error.start})") from None
    except ValueError as error:
        raise UsageProblem(f"{path}: {error}") from None


def toml(text: str) -> dict[str, Any]:
    """What a TOML text says.

    Raises:
        ValueError: it is none, or one that takes for ever to read.
    """
    if LONG_KEY.search(text):
        raise ValueError("a key has more than 64 parts")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    except tomllib.TOMLDecodeError:
        raise
    except ValueError:  # Python reads numbers of up to 4,300 digits
        raise ValueError("has a number or a date that is out of range") from None
