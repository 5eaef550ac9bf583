"""What a key of a file may hold, in words and with an example: read off its type, so that no list of messages can lag behind."""

from __future__ import annotations

import re
import types
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from msgspec import Struct, field
from pydantic import BaseModel, Tag
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from pytest_zebu.redaction import HIDDEN, is_secret, redacted
from pytest_zebu.shown import clean_line

MOST_SHOWN = 60
"""Of characters, of what was written."""
MOST_IN_KEY = 80
PASSWORD = re.compile(r"(?<=:)[^\s:@/]+(?=@)")
"""In `user:password@host`, also where no https:// makes an address of it."""
BOUNDS = {"ge": "of at least", "gt": "above", "le": "up to", "lt": "below"}
NUMBERS = {int: "a whole number", float: "a number"}
EXAMPLES: Mapping[type, str] = {
    bool: "true",
    int: "1",
    float: "1.5",
    str: '"text"',
    Path: '"files/name"',
    date: '"2026-01-31"',
}


class Place(Struct, frozen=True):
    """A place in a file, as its model knows it.

    Attributes:
        key: as people write it, with the tables that it is in.
        name: its last part that is a name.
        kind: the type of what stands there.
        info: what the model says of the field, where it is one.
        is_known: whether the model has all of it.
        is_entry: whether it is an entry of a list, and not a key.
        head: the key without numbers of entries, as the head of a table has it.
    """

    key: str
    name: str
    kind: Any
    info: FieldInfo | None = None
    is_known: bool = True
    is_entry: bool = False
    head: str = ""


def place(model: type[BaseModel], parts: Iterable[int | str]) -> Place:
    """Where pydantic found something wrong; what it adds of its own (which branch of a union it tried) is no part of it."""
    names: list[str] = []
    heads: list[str] = []
    name, is_known, is_entry = "", True, False
    kind: Any = model
    info: FieldInfo | None = None
    for part in parts:
        if (tried := _tried(kind, part)) is not None:
            kind = tried
            continue
        options = list(_options(kind))
        table = next((one for one in options if _is_model(one)), None)
        mapping = next((one for one in options if get_origin(one) is Mapping), None)
        if isinstance(part, int):
            kind, info = next((_entry(one) for one in options if get_origin(one) is tuple), Any), None
        elif table is not None and (found := _field(table, part)) is not None:
            name, kind, info = part, found.annotation, found
        elif mapping is not None:
            name, kind, info = part, get_args(mapping)[1], None
        elif part == "[key]":
            continue
        elif table is not None:
            name, kind, info, is_known = part, Any, None, False
        else:
            continue
        is_entry = isinstance(part, int)
        shown = redacted(str(part)[:MOST_IN_KEY])  # people paste a secret where its key belongs
        names.append(shown)
        heads += [] if is_entry else [shown]
    return Place(".".join(names), name, kind, info, is_known, is_entry, ".".join(heads))


def _tried(kind: Any, part: int | str) -> Any:
    """The branch of a union that has a tag, where a part of a place is one; else nothing."""
    while get_origin(kind) is Annotated:
        if any(isinstance(one, Tag) and one.tag == part for one in get_args(kind)[1:]):
            return get_args(kind)[0]
        kind = get_args(kind)[0]
    if get_origin(kind) in (Union, types.UnionType):
        return next((found for one in get_args(kind) if (found := _tried(one, part)) is not None), None)
    return None


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _field(model: type[BaseModel], name: str) -> FieldInfo | None:
    fields = model.model_fields
    return fields.get(name) or next((info for info in fields.values() if info.alias == name), None)


def _options(kind: Any) -> Iterator[Any]:
    """What a type may be: each part of a union, without what is said about it."""
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) in (Union, types.UnionType):
        for one in get_args(kind):
            yield from _options(one)
    elif kind is not type(None):
        yield kind


def _entry(kind: Any) -> Any:
    return get_args(kind)[0] if get_args(kind) else Any


def keys(kind: Any) -> list[str]:
    """The keys of a table."""
    table = next((one for one in _options(kind) if _is_model(one)), None)
    fields = table.model_fields if table is not None else {}
    return [info.alias or name for name, info in fields.items() if not info.exclude]


class _Said(Struct):
    """What is said about a type, wherever in it."""

    text: str = ""
    example: Any = None
    bounds: dict[str, float] = field(default_factory=dict)

    def read(self, metadata: Iterable[Any]) -> None:
        """Note what is known; what stands further out counts."""
        for one in metadata:
            if isinstance(one, FieldInfo):
                self.read_field(one)
            self.bounds |= {name: getattr(one, name) for name in BOUNDS if getattr(one, name, None) is not None}

    def read_field(self, info: FieldInfo) -> None:
        self.text = self.text or info.description or ""
        if self.example is None and info.examples:
            self.example = info.examples[0]
        self.read(info.metadata)


def _said(kind: Any, info: FieldInfo | None = None) -> _Said:
    found = _Said()
    if info is not None:
        found.read_field(info)
    while get_origin(kind) is Annotated:
        found.read(get_args(kind)[1:])
        kind = get_args(kind)[0]
    return found


def _bounded(text: str, said: Mapping[str, float]) -> str:
    if {"ge", "le"} <= said.keys():
        return f"{text} from {said['ge']:g} to {said['le']:g}"
    parts = [f"{word} {said[name]:g}" for name, word in BOUNDS.items() if name in said]
    return " ".join([text, " and ".join(parts)]).strip()


def wanted(kind: Any, info: FieldInfo | None = None) -> str:
    """What may stand there, in words."""
    said = _said(kind, info)
    if said.text:
        return said.text
    return " or ".join(dict.fromkeys(_words(one, said) for one in _branches(kind)))


def _branches(kind: Any) -> list[Any]:
    """The parts of a union, with what is said about each."""
    inner = kind
    while get_origin(inner) is Annotated and get_origin(get_args(inner)[0]) in (Union, types.UnionType):
        inner = get_args(inner)[0]
    if get_origin(inner) in (Union, types.UnionType):
        return [one for one in get_args(inner) if one is not type(None)]
    return [kind]


def _words(kind: Any, outer: _Said) -> str:
    said = _said(kind)
    if said.text:
        return said.text
    bare = next(_options(kind), Any)
    if get_origin(bare) is Literal:
        return (
            "one of " + ", ".join(f'"{one}"' for one in get_args(bare))
            if len(get_args(bare)) > 1
            else f'"{get_args(bare)[0]}"'
        )
    if get_origin(bare) is tuple:
        entry = _entry(bare)
        return f"a list, and each entry {wanted(entry)}"
    if get_origin(bare) is Mapping or _is_model(bare):
        return "a table"
    if bare in NUMBERS:
        return _bounded(NUMBERS[bare], outer.bounds | said.bounds)
    return {bool: "true or false", Path: "the path of a file, in quotes", date: "a day: YYYY-MM-DD"}.get(
        bare, "a text in quotes"
    )


def example(spot: Place) -> str:
    """A line that would be right; of a table its head."""
    bare = next(_options(spot.kind), Any)
    if _is_model(bare):
        return f"[[{spot.head}]]" if spot.is_entry else f"[{spot.head}]"
    if get_origin(bare) is tuple and _is_model(next(_options(_entry(bare)), None)):
        return f"[[{spot.head}]]"
    if get_origin(bare) is Mapping:
        return f"[{spot.head}.NAME]" if _is_model(next(_options(get_args(bare)[1]), None)) else f"[{spot.head}]"
    value = _value(spot.kind, spot.info)
    return f"{spot.name} = [{value}]" if spot.is_entry else f"{spot.name} = {value}"


def _value(kind: Any, info: FieldInfo | None = None) -> str:
    said = _said(kind, info)
    if said.example is not None:
        return written(said.example)
    if info is not None and info.default not in (PydanticUndefined, None, ()):
        return written(info.default)
    for one in _branches(kind):
        inner = _said(one)
        if inner.example is not None:
            return written(inner.example)
        bare = next(_options(one), Any)
        if get_origin(bare) is Literal:
            return written(get_args(bare)[0])
        if get_origin(bare) is tuple:
            return f"[{_value(_entry(bare))}]"
        bounds = said.bounds | inner.bounds
        if bare in NUMBERS and (least := bounds.get("ge", bounds.get("gt"))) is not None:
            return f"{least + 1:g}"
        return EXAMPLES.get(bare, '"text"')
    return '"text"'


def written(value: Any, name: str = "") -> str:
    """What was written, as people would recognize it: cleaned, bounded, and without what may be a secret.

    Args:
        value: what stood there.
        name: the key's, which may say that it is a secret.
    """
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            text = f"{value:g}" if isinstance(value, float) else str(value)
        case str() | Path() if _may_be_secret(name):
            return f"a text of {len(str(value))} characters, which is not shown"
        case str() | Path():
            # An example has no secret, and is shown as it is.
            shown = PASSWORD.sub(HIDDEN, redacted(str(value))) if name else str(value)
            return f'"{clean_line(shown, MOST_SHOWN)}"' if name else f'"{shown}"'
        case datetime() | date():
            text = value.isoformat()
        case Mapping():
            return "a table"
        case list() | tuple() if name:
            count = f"{len(value)} {'entry' if len(value) == 1 else 'entries'}"
            return f"a list of {count}" if value else "an empty list"
        case list() | tuple():
            return f"[{', '.join(written(one) for one in value)}]"
        case _:
            text = str(value)
    return clean_line(text, MOST_SHOWN)


def _may_be_secret(name: str) -> bool:
    """Whether the key is one beside which people put a secret by mistake: most name files that hold one."""
    return bool(name) and (name == "url_file" or is_secret(name) or is_secret(name.removesuffix("_file")))
