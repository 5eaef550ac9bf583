"""`zebu list`: the items of the checklist, in its order and its words, with the markers that pick them."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator

from _pytest.mark.expression import Expression

from pytest_zebu.catalogue import Item, load
from pytest_zebu.settings.errors import UsageProblem
from pytest_zebu.shown import say


def run(options: argparse.Namespace) -> int:
    """List items.

    Raises:
        UsageProblem: no item is picked, or the markers are no expression.
    """
    picked = [item for item in load() if _picks(options.markers)(item) and _has(item, options.text)]
    if not picked:
        raise UsageProblem("no item is picked: `zebu list --markers` has the markers")
    if options.shows_markers:
        for name, text in load().markers.items():
            say(f"{name:24} {sum(name in item.markers for item in picked):4}  {text}")
    elif options.json:
        print(json.dumps([_data(item) for item in picked], indent=1))
    else:
        for line in _lines(picked):
            say(line)
    return 0


def _picks(text: str) -> Callable[[Item], bool]:
    if not text:
        return lambda item: True
    try:
        expression = Expression.compile(text)
    except SyntaxError as error:
        raise UsageProblem(
            f"-m {text!r}: {error.args[0]}; write it as pytest has it: 'pre_deployment and not browser'"
        ) from None
    if unknown := sorted({*_names(text)} - {*load().markers}):
        raise UsageProblem(f"-m {text!r}: there is no marker {unknown[0]!r}: `zebu list --markers` has them")
    return lambda item: expression.evaluate(lambda name, /, **_: name in item.markers)


def _names(text: str) -> Iterator[str]:
    words = text.replace("(", " ").replace(")", " ").split()
    return (word for word in words if word not in ("and", "or", "not"))


def _has(item: Item, text: str) -> bool:
    return text.lower() in f"{item.id} {item.text}".lower()


def _lines(items: list[Item]) -> Iterator[str]:
    """Under stage and category, `!` before what is non-negotiable."""
    heading: tuple[object, ...] = ()
    width = max(len(item.id) for item in items)
    for item in items:
        if (item.stage, item.category) != heading:
            heading = (item.stage, item.category)
            yield f"{item.stage.label} / {item.category}"
        yield f"{'!' if item.non_negotiable else ' '} {item.id:{width}}  {item.text}"


def _data(item: Item) -> dict[str, object]:
    return {
        "id": item.id, "stage": item.stage.value, "category": item.category, "text": item.text, "markers": list(item.markers),
        "non_negotiable": item.non_negotiable, "optional": item.optional, "conditional": item.conditional,
    }  # fmt: skip
