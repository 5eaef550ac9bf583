"""`zebu list`: the items of the checklist, in its order and its words, with the markers that pick them."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from _pytest.mark import expression as expressions

from pytest_zebu.catalogue import Item, load
from pytest_zebu.settings.errors import UsageProblem
from pytest_zebu.shown import say, wrapped

BUILT_IN = ("filterwarnings", "parametrize", "skip", "skipif", "usefixtures", "xfail")
"""Markers that pytest itself knows; each test of an item is parametrized by it."""
LEAST = 30
"""Columns that a text needs beside the id; where there are fewer, it stands below."""


def run(options: argparse.Namespace) -> int:
    """List items.

    Raises:
        UsageProblem: no item is picked, or an expression is none.
    """
    by_markers, by_words = _by_markers(options.markers), _by_words(options.words)
    picked = [item for item in load() if by_markers(item) and by_words(item)]
    if options.shows_markers:
        for line in _markers(picked):
            say(line)
        return 0
    if not picked:
        raise UsageProblem("no item is picked: `zebu list` has them all, `zebu list --markers` the markers")
    if options.json:
        print(json.dumps([_data(item) for item in picked], indent=1))
    else:
        for line in _lines(picked, shutil.get_terminal_size().columns if sys.stdout.isatty() else 0):
            say(line)
    return 0


# Picking


def _by_markers(text: str) -> Callable[[Item], bool]:
    if not text:
        return lambda item: True
    expression = _compiled("-m", text, "'pre_deployment and not browser'")
    from pytest_zebu.plugin.judging import wrong_marker  # all that judges comes with it

    known = [*(f"{name}: {told}" for name, told in load().markers.items()), *BUILT_IN]
    if wrong := wrong_marker(text, known):
        raise UsageProblem(f"-m {text!r}: {wrong.replace('--markers lists them', '`zebu list --markers` has them')}")
    # No marker of an item has arguments: with some, none of them is meant.
    return lambda item: expression.evaluate(
        lambda name, /, **arguments: not arguments and name in (*item.markers, "parametrize")
    )


def _by_words(text: str) -> Callable[[Item], bool]:
    if not text:
        return lambda item: True
    expression = _compiled("-k", text, "'certificate and not renewal'")

    def picks(item: Item) -> bool:
        names = [f"[{item.id}]", item.text.lower(), *item.markers]
        found: bool = expression.evaluate(
            lambda word, /, **arguments: not arguments and any(word.lower() in name for name in names)
        )
        return found

    return picks


def _compiled(option: str, text: str, example: str) -> Any:
    """An expression, as pytest reads it.

    Raises:
        UsageProblem: it is none.
    """
    wrong: tuple[type[Exception], ...] = (SyntaxError, getattr(expressions, "ParseError", SyntaxError))
    try:
        return expressions.Expression.compile(text)
    except wrong as error:
        raise UsageProblem(
            f"{option} {text!r}: {error.args[0] if error.args else error}; words stand with `and`, `or`, `not` and brackets between "
            f"them: {option} {example}"
        ) from None


# Telling


def _markers(items: Sequence[Item]) -> Iterator[str]:
    """Every marker, also those that none of the items has."""
    for name, text in load().markers.items():
        yield f"{name:24} {sum(name in item.markers for item in items):4}  {text}"


def _lines(items: Sequence[Item], columns: int) -> Iterator[str]:
    """Under stage and category, `!` before what is non-negotiable.

    Args:
        items: what is listed.
        columns: of the terminal; none where each item is a line, however long: other programs read it.
    """
    heading: tuple[object, ...] = ()
    width = max(len(item.id) for item in items)
    for item in items:
        if (item.stage, item.category) != heading:
            heading = (item.stage, item.category)
            yield f"{item.stage.label} / {item.category}"
        first = f"{'!' if item.non_negotiable else ' '} {item.id:{width}}  "
        if not columns:
            yield f"{first}{item.text}"
        elif columns - len(first) >= LEAST:
            yield from wrapped(item.text, columns, first, " " * len(first))
        else:
            yield first.rstrip()
            yield from wrapped(item.text, max(columns, 20), " " * 6, " " * 6)


def _data(item: Item) -> dict[str, object]:
    return {
        "id": item.id, "stage": item.stage.value, "category": item.category, "text": item.text, "markers": list(item.markers),
        "non_negotiable": item.non_negotiable, "optional": item.optional, "conditional": item.conditional,
    }  # fmt: skip
