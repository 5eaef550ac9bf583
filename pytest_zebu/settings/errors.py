"""Errors that are the user's to mend: one line, naming the place and the remedy."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from pydantic import BaseModel, ValidationError


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
    first = error.errors(include_url=False, include_input=False)[0]
    place = tuple(first["loc"])
    key = ".".join(str(part) for part in place)
    if first["type"] == "extra_forbidden":
        near = get_close_matches(str(place[-1]), _known_keys(model, place[:-1]), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return f"{path}: unknown key {key!r}{hint}"
    return f"{path}: {key}: {first['msg']}"
