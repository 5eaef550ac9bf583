"""What a check reads: the keys of the settings, found in its own code and in that of the facts that it asks for."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any, get_args

from pydantic import BaseModel

from pytest_zebu.catalogue import load
from pytest_zebu.plugin.checks import suite
from pytest_zebu.plugin.comparing import facts_of
from pytest_zebu.settings import Settings
from pytest_zebu.settings.sections import Host

OURS = ("tests_prod", "pytest_zebu.facts")
"""Packages whose functions are followed."""
TOLD = {
    "project": "hosts.NAME.project", "app_directory": "hosts.NAME.app_directory", "outbound": "network.outbound", "peers": "network.peers",
    "names": "domains", "backup_folder": "backups.folder", "backup_pattern": "backups.pattern", "backup_copy": "backups.copy",
    "forge_paths": "forge.paths", "documents": "evidence.documents", "proxmox_node": "proxmox.node", "proxmox_vmid": "proxmox.vmid",
}  # fmt: skip
"""What the far side is told, by the key that says it."""
_TOLD = re.compile(r"ZEBU_SET_([A-Z_]+)")
SERVICES = {"P": "proxmox", "N": "proxy", "G": "forge"}
"""The section that says where a source of evidence is, and with which credential it is asked."""


@lru_cache(maxsize=256)
def keys_of(item_id: str) -> tuple[str, ...]:
    """The keys of the settings that an item's check reads, or that say where its facts are looked for.

    A key of a host's own begins with `hosts.NAME`. Where a whole section is handed on, it is that.
    """
    check = suite().get(item_id)
    starts: list[Callable[..., Any]] = [check] if check is not None else []
    for fact in facts_of(item_id):
        asked = (fact.parse, fact.looks, fact.then, fact.alone, fact.trial)
        starts += [one for one in asked if one is not None]
    seen: set[Callable[..., Any]] = set()
    found = {key for start in starts for one in _followed(start, seen) for key in _in_code(one)}
    found |= {SERVICES[source] for source in load()[item_id].by if source in SERVICES and check is not None}
    for fact in facts_of(item_id):
        texts = [part for probe in fact.probes for part in (probe.text, *probe.environment.values())]
        found |= {TOLD[name.lower()] for text in texts for name in _TOLD.findall(text) if name.lower() in TOLD}
    return tuple(sorted(key for key in found if not any(key.startswith(f"{other}.") for other in found)))


def _followed(start: Callable[..., Any], seen: set[Callable[..., Any]]) -> Iterator[FunctionType]:
    """A function, and those of ours that it names, and so on."""
    left = [inspect.unwrap(start)]
    while left:
        one = left.pop()
        if one in seen or not isinstance(one, FunctionType) or not one.__module__.startswith(OURS):
            continue
        seen.add(one)
        yield one
        left += [inspect.unwrap(found) for name in _names(one.__code__) if callable(found := one.__globals__.get(name))]


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _names(inner)


@lru_cache(maxsize=1_000)
def _in_code(function: FunctionType) -> frozenset[str]:
    """The keys that the text of a function names."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, SyntaxError):  # of a lambda within a call, there is a piece of a line only
        return frozenset()
    short: dict[str, list[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            short |= _shortened(node.targets[0], node.value)
    chains = {tuple(_chain(node, short)) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    # Of a section that is read key by key, the beginning of each is no more than that.
    keys = {key for chain in chains if (key := _key(list(chain)))}
    return frozenset(key for key in keys if not any(other.startswith(f"{key}.") for other in keys))


def _shortened(target: ast.expr, value: ast.expr) -> dict[str, list[str]]:
    """The names that stand for attributes of something: `domains = settings.domains`."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        pairs = zip(target.elts, value.elts, strict=False)
        return {name: chain for one, part in pairs for name, chain in _shortened(one, part).items()}
    is_short = isinstance(target, ast.Name) and isinstance(value, ast.Attribute)
    return {target.id: _chain(value, {})} if is_short and isinstance(target, ast.Name) else {}


def _chain(node: ast.expr, short: Mapping[str, list[str]]) -> list[str]:
    """The names of attributes, from the first on."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.insert(0, node.attr)
        node = node.value
    return [*(short.get(node.id, [node.id]) if isinstance(node, ast.Name) else []), *parts]


def _key(parts: list[str]) -> str:
    """The key that attributes of `settings` or `target.host` name; empty where they name none."""
    if "settings" in parts[:2]:
        return ".".join(_fields(Settings, parts[parts.index("settings") + 1 :]))
    if parts[:2] == ["target", "host"] and (rest := _fields(Host, parts[2:])):
        return ".".join(["hosts", "NAME", *rest])
    return ""


def _fields(model: type[BaseModel], names: list[str]) -> list[str]:
    """Of names, those that are keys, as they are written in the file; what follows is a property or a method."""
    found: list[str] = []
    kind: Any = model
    for name in names:
        fields = kind.model_fields if isinstance(kind, type) and issubclass(kind, BaseModel) else {}
        if name not in fields:
            break
        found.append(fields[name].alias or name)
        inner = (fields[name].annotation, *get_args(fields[name].annotation))
        kind = next((one for one in inner if isinstance(one, type) and issubclass(one, BaseModel)), None)
    return found if found[:1] not in (["hosts"], ["folder"], ["is_from_file"]) else []
