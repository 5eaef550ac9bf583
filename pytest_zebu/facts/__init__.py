"""One module per subject; `ALL` has every fact by its name, which is that of the parameter that checks ask for it by.

They are imported when somebody asks for `ALL`: who needs one module, to call a host, say, does not wait for all.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_zebu.facts.fact import Fact

    ALL: Mapping[str, Fact[Any]]

LATE = frozenset({"chains"})
"""Modules that have no fact, and are imported when something is read: what they know it with is large."""


def _facts() -> Iterator[Fact[Any]]:
    from pytest_zebu.facts.fact import Fact

    for found in pkgutil.iter_modules(__path__, f"{__name__}."):
        if found.name.rpartition(".")[2] in LATE:
            continue
        module = importlib.import_module(found.name)
        yield from (value for value in vars(module).values() if isinstance(value, Fact))


def _by_name() -> dict[str, Fact[Any]]:
    known: dict[str, Fact[Any]] = {}
    for fact in sorted(_facts(), key=lambda one: one.name):
        if known.setdefault(fact.name, fact) is not fact:
            raise ValueError(f"two facts are called {fact.name!r}")
    return known


def __getattr__(name: str) -> Mapping[str, Fact[Any]]:
    if name != "ALL":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = _by_name()
    return found
