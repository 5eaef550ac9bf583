"""docs/settings.md has every key of zebu.toml, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from pytest_zebu.settings import Settings
from pytest_zebu.settings.sections import DeclaredHost, Host

PAGE = Path(__file__).parents[2] / "docs/settings.md"


def inner(annotation: object) -> Iterator[object]:
    yield annotation
    for part in getattr(annotation, "__args__", ()):
        yield from inner(part)


def keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Every key, with the tables that it is in; NAME stands for a name of the user's own, lists of tables stand alone."""
    for name, field in model.model_fields.items():
        if field.exclude:
            continue
        key = f"{prefix}{field.alias or name}"
        kinds = [kind for kind in inner(field.annotation) if isinstance(kind, type) and issubclass(kind, BaseModel)]
        is_list = getattr(field.annotation, "__origin__", None) is tuple
        is_mapping = "Mapping" in str(field.annotation)
        if kinds and not is_list:
            # What is declared of one host alone has the names of what is declared of all.
            yield from keys(Host if kinds[0] is DeclaredHost else kinds[0], f"{key}.NAME." if is_mapping else f"{key}.")
        else:
            yield key


def documented() -> set[str]:
    """The keys of the table's first column; `.key` continues the table of the key before it."""
    found: set[str] = set()
    for line in PAGE.read_text().splitlines():
        parent = ""
        for key in re.findall(r"`([^`]+)`", line.split("|")[1]) if line.startswith("|") else ():
            full = parent + key if key.startswith(".") else key
            parent = full.rpartition(".")[0]
            found.add(full)
    return found


def test_every_key_is_documented() -> None:
    """A mapping of the user's own names is documented with NAME or with what the name is of."""
    expected = {re.sub(r"\.[A-Z]+$", "", key) for key in keys(Settings)}
    shown = {re.sub(r"\.[A-Z]+$", "", key) for key in documented()}
    assert expected - shown == set()
    assert shown - expected == set()


def test_what_one_host_may_have_of_its_own_is_named() -> None:
    own = DeclaredHost.model_fields.keys() - Host.model_fields.keys()
    assert own == {name for name, field in Settings.model_fields.items() if not field.exclude} - {"hosts"}
    (told,) = (line for line in PAGE.read_text().splitlines() if line.startswith("A host may have of its own: "))
    assert set(re.findall(r"`(\w+)`", told)) == own
