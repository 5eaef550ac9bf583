"""Errors that are the user's to mend: one line, naming the place and the remedy."""

from __future__ import annotations

import re
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from pytest_zebu.files import read_text, why

# The parser's time grows with the square of the parts of a key, however long each is. No letter is looked at twice as the first of one.
LONG_KEY = re.compile(r"(?<![\w\"'-])(?:[\w\"'-]++[ \t]*+\.[ \t]*+){64}")


class UsageProblem(Exception):
    """Something in the options, settings or files is wrong; the text says where and what helps."""


def _known_keys(model: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    current: type[BaseModel] | None = model
    for part in path:
        if current is None or isinstance(part, int) or part not in current.model_fields:
            continue
        annotation = current.model_fields[part].annotation
        inner = [annotation, *getattr(annotation, "__args__", ())]
        current = next((kind for kind in inner if isinstance(kind, type) and issubclass(kind, BaseModel)), None)
    if current is None:
        return []
    return [field.alias or name for name, field in current.model_fields.items()]


def explain(path: Path, error: ValidationError, model: type[BaseModel]) -> str:
    """One line for the first thing that is wrong in a file: the key, what is wrong, and the nearest right name."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place = tuple(first["loc"])
    key = ".".join(str(part)[:80] for part in place)
    if first["type"] == "extra_forbidden":
        near = get_close_matches(str(place[-1]), _known_keys(model, place[:-1]), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return f"{path}: unknown key {key!r}{hint}"
    said = first["msg"].removeprefix("Value error, ")
    return f"{path}: {key}: {said}" if key else f"{path}: {said}"


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
