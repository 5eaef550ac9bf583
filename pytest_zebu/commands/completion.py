"""`zebu completion SHELL`: what a shell needs to complete the words of `zebu`; and the words themselves, when it asks for them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import argcomplete
from argcomplete.completers import FilesCompleter, SuppressCompleter
from argcomplete.shell_integration import shellcode

from pytest_zebu.commands.calls import SUBJECTS

MOST_RUNS = 20
Completer = Callable[..., Iterable[str]]


def run(options: argparse.Namespace) -> int:
    """Print the code for a shell."""
    print(shellcode(["zebu"], shell=options.shell))
    return 0


def complete(parser: argparse.ArgumentParser) -> None:
    """Tell the shell what may come next, and end; without a shell that asks, nothing happens."""
    for action in actions(parser):
        # A text that people think of is not completed; without this, argcomplete offers files for it.
        action.completer = COMPLETERS.get(_first_word(action), SuppressCompleter())  # type: ignore[attr-defined]
    argcomplete.autocomplete(parser, always_complete_options="long")


def actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """All that takes a value of no list, in the parser and in those of its commands."""
    for action in parser._actions:  # argparse tells them nowhere else
        if isinstance(action, argparse._SubParsersAction):
            for one in action.choices.values():
                yield from actions(one)
        elif action.choices is None and action.nargs != 0:
            yield action


def _first_word(action: argparse.Action) -> str:
    """What kind of value it takes, as its help says."""
    return str(action.metavar or action.dest).partition("[")[0]


def _items(**_: Any) -> dict[str, str]:
    from pytest_zebu.catalogue import load

    return {item.id: item.text for item in load()}


def _steps(**_: Any) -> dict[str, str]:
    from pytest_zebu.catalogue import Stage, load

    return {item.id.removeprefix("incident."): item.text for item in load().stage(Stage.INCIDENT)}


def _hosts(parsed_args: argparse.Namespace, **_: Any) -> list[str]:
    """Those of the settings; of settings that are wrong, none: a run says what is wrong with them."""
    from pytest_zebu import settings
    from pytest_zebu.settings.errors import UsageProblem

    try:
        return [*settings.find(getattr(parsed_args, "config", None)).hosts]
    except (UsageProblem, OSError):
        return []


def _markers(prefix: str, **_: Any) -> dict[str, str]:
    """The last word of an expression."""
    from pytest_zebu.catalogue import load

    begun = prefix[: max(prefix.rfind(" "), prefix.rfind("(")) + 1]
    return {f"{begun}{name}": text for name, text in load().markers.items()}


def _runs(prefix: str, parsed_args: argparse.Namespace, **known: Any) -> list[str]:
    """Names of runs, and files."""
    from pytest_zebu.commands.sides import Shelf
    from pytest_zebu.settings.errors import UsageProblem

    found = ["last"]
    try:
        shelf = Shelf.of(argparse.Namespace(config=parsed_args.config, host=parsed_args.host))
        found += [str(one.number) for one in shelf.runs()[1][-MOST_RUNS:]] if shelf.path.exists() else []
    except (UsageProblem, OSError):
        pass
    return [*found, *FILES(prefix=prefix)]


def _types(**_: Any) -> tuple[str, ...]:
    from pytest_zebu.reports.formats import names

    return tuple(names())


FILES = FilesCompleter()
COMPLETERS: Mapping[str, Completer] = {
    "ITEM": _items, "STEP": _steps, "HOST": _hosts, "MARKERS": _markers, "RUN": _runs, "TYPE": _types, "FILE": FILES,
    "SNAPSHOT_OR_JSON": FILES, "SUBJECT": lambda **_: SUBJECTS,
}  # fmt: skip
"""By what an option's help calls its value."""
