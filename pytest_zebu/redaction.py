"""What no output may hold. A leaf: it knows nothing else of the project.

The list of names and shapes is `redaction.txt`, which the far side reads too (`gather/filter.pl`): what it hides on the
target is hidden here in what is read from elsewhere, and in tracebacks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any

HIDDEN = "[redacted]"
LINE = re.compile(r"([a-z][\w.]*)\s+(.*)")
QUOTED = re.compile(r"(\\?[\"']?)(.*?)(\\?[\"']?|[,\]\[{}]*)", re.DOTALL)
NUMBER = re.compile(r"-?[0-9.]{4,}")
LITERAL = re.compile(r"([\"'])[^\s]*\1")
FOR_CODE = frozenset(f"hide.{name}" for name in ("pem", "issued", "crypt", "hook", "login", "bearer"))
UNITS = (
    (r"[A-Za-z0-9]{20,}", 0.3),
    (r"[A-Za-z0-9_-]{20,}={0,2}", 0.35),
    (r"[A-Za-z0-9+/]{20,}={0,2}", 0.4),
)
SHORTEST = 6
"""Of a known secret: shorter ones are hidden by name and shape only."""
_known: set[str] = set()


@cache
def listed() -> str:
    """The list, as both sides read it."""
    return resources.files(__package__).joinpath("redaction.txt").read_text(encoding="utf-8")


@cache
def _patterns() -> Mapping[str, re.Pattern[str]]:
    texts: dict[str, str] = {}
    for line in listed().splitlines():
        if found := LINE.fullmatch(line):
            texts[found[1]] = re.sub(r"\{\{([\w.]+)\}\}", lambda name: f"(?:{texts[name[1]]})", found[2])
    many_lines = ("hide", "digest", "pair", "option")
    flags = {name: re.ASCII | (re.MULTILINE if name.startswith(many_lines) else 0) for name in texts}
    return {name: re.compile(text, flags[name]) for name, text in texts.items()}


def _name(name: str) -> str:
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    return f"_{re.sub('[^A-Z0-9]+', '_', words.upper()).strip('_')}_"


def _rank(name: str) -> int:
    """2 where a name is a secret's, 1 where it may be one's, 0 where it is none's."""
    patterns, words = _patterns(), _name(name)
    if patterns["name.about"].search(words):
        return 0
    return 2 if patterns["name.secret"].search(words) else 1 if patterns["name.maybe"].search(words) else 0


def is_secret(name: str) -> bool:
    """Whether a variable's name says that its value is a secret."""
    return _rank(name) > 0


def remember(secret: str) -> str:
    """A secret that is to be hidden from now on, wherever it stands."""
    if len(secret) >= SHORTEST:
        _known.add(secret)
    return secret


def _is_random(word: str, least: float) -> bool:
    core = re.sub("[^A-Za-z0-9]", "", word)
    classes = sum(bool(re.search(kind, core)) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
    if len(core) < 20 or classes < 2 or (classes == 2 and (len(core) < 24 or core != word)):
        return False
    return len(_patterns()["changes"].findall(core)) >= least * len(core)


@cache
def _words() -> tuple[re.Pattern[str], tuple[tuple[re.Pattern[str], float], ...]]:
    digest = _patterns()["digest"].pattern
    flags = re.ASCII | re.MULTILINE
    units = tuple((re.compile(f"({digest})|({word})", flags), least) for word, least in UNITS)
    return re.compile(f"({digest})|({_patterns()['hex'].pattern})", flags), units


def _without_words(text: str) -> str:
    hexadecimal, units = _words()
    text = hexadecimal.sub(lambda found: found[1] if found[1] is not None else HIDDEN, text)
    for pattern, least in units:
        text = pattern.sub(
            lambda found, least=least: (  # type: ignore[misc]
                found[1] if found[1] is not None else HIDDEN if _is_random(found[2], least) else found[2]
            ),
            text,
        )
    return text


def _value(value: str, name: str, between: str = "") -> str:
    found = QUOTED.fullmatch(value)
    assert found is not None  # noqa: S101 (it takes every text)
    opening, inner, closing = found.groups()
    patterns = _patterns()
    if re.search(patterns["value.none"].pattern, inner, re.IGNORECASE | re.ASCII):
        return value
    if _rank(name) == 1 and patterns["value.ordinary"].search(inner):
        return value
    if opening or not re.search("[\"']", between):
        return f"{opening}{HIDDEN}{closing}"
    return f'"{HIDDEN}"{closing}' if NUMBER.fullmatch(inner) else value


def hide_shapes(text: str, code: bool = False) -> str:
    """A text without what looks like a secret.

    Args:
        text: what is read.
        code: whether it is a program's, in which only literals are taken for values.
    """
    patterns = _patterns()
    for name, pattern in patterns.items():
        if name.startswith("hide.") and (not code or name in FOR_CODE):
            text = pattern.sub(lambda found: f"{found[1]}{HIDDEN}", text)

    def pair(found: re.Match[str]) -> str:
        name, between, value = found.groups()
        rank = _rank(name)
        if not rank or (code and (rank == 1 or not LITERAL.fullmatch(value))):
            return found[0]
        return f"{name}{between}{_value(value, name, between)}"

    def option(found: re.Match[str]) -> str:
        name, between, value = found.groups()
        return f"{name}{between}{_value(value, name)}" if is_secret(name) else found[0]

    text = patterns["pair"].sub(pair, text)
    if not code:
        text = patterns["option"].sub(option, text)
    return _without_words(text)


def redacted(text: str, code: bool = False) -> str:
    """A text without known secrets, and without what looks like one."""
    for secret in sorted(_known, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return hide_shapes(text, code)


def redacted_data(data: Any, code: bool = True) -> Any:
    """Plain data without secrets: the texts in it, and what stands behind the name of one."""
    match data:
        case str():
            return redacted(data, code)
        case Mapping():
            return {key: _redacted_entry(str(key), value, code) for key, value in data.items()}
        case list() | tuple():
            return type(data)(redacted_data(value, code) for value in data)
        case _:
            return data


def _redacted_entry(key: str, value: Any, code: bool) -> Any:
    if isinstance(value, str) and is_secret(key):
        return _value(value, key)
    return redacted_data(value, code)


def forget(secrets: Iterable[str] | None = None) -> None:
    """Let go of what was remembered: for tests."""
    _known.difference_update(_known.copy() if secrets is None else secrets)
