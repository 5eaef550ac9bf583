# PYTHON_ARGCOMPLETE_OK
"""`zebu`: the command beside the plugin."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from pytest_zebu import __version__
from pytest_zebu.commands.calls import CALLS, DONE, Manual, manual_end
from pytest_zebu.ending import Ended, heed
from pytest_zebu.files import why
from pytest_zebu.redaction import redacted
from pytest_zebu.shown import clean, clean_line, say

ABOUT = """Readiness of a Zebu deployment: the tools beside `pytest --zebu-host=HOST`, which judges it.

A first time: `zebu init HOST` writes the settings, `pytest --zebu-host=HOST` judges, `zebu todo` says what would let more be judged,
and `zebu explain ITEM` what an item means. Settings are looked for in $ZEBU_CONFIG, else in zebu.toml here."""
EXAMPLES = (
    ("zebu init vm", "Look at the machine of an ssh alias, and write its settings."),
    ("zebu todo", "What would open the items that the last run could not judge."),
    ("zebu explain no-passwords", "One item: why, what was seen, how to mend it."),
    ("zebu COMMAND --help", "The options of a command, with examples."),
)
CHECKOUT = {
    "lab": "a whole Zebu deployment in a box (comes with the checkout, needs root)",
    "proofs": "which faults and blindings prove each check (comes with the checkout)",
}
COMPLETES = "_ARGCOMPLETE"
"""By this in the environment a shell asks for the words that may come next."""


def parser(*, with_lab: bool = True) -> argparse.ArgumentParser:
    """All that can be called, with every option; nothing is run, and no command's own module is imported.

    Args:
        with_lab: whether the commands of the lab are known too, as far as it is there; that takes longer.
    """
    found = argparse.ArgumentParser(
        prog="zebu",
        description=ABOUT,
        formatter_class=Manual,
        epilog=manual_end(EXAMPLES, [*DONE, (2, "the call is wrong"), (130, "it was interrupted")], ()),
    )
    found.add_argument("--version", action="version", version=f"pytest-zebu {__version__}")
    commands = found.add_subparsers(dest="command", required=True, metavar="COMMAND", title="commands")
    for name, call in CALLS.items():
        call.add(
            commands.add_parser(
                name, help=call.summary, description=call.description, epilog=call.epilog, formatter_class=Manual
            )
        )
    for name, summary in CHECKOUT.items():
        of_checkout = commands.add_parser(name, help=summary, description=f"{summary[:1].upper()}{summary[1:]}.")
        if name == "lab" and with_lab and (lab_cli := _of_checkout("lab.cli")) is not None:
            lab_cli.add_commands(of_checkout)
    return found


def _of_checkout(name: str) -> Any:
    """A module of the lab; nothing where the package is installed without it."""
    with contextlib.suppress(ModuleNotFoundError):
        return importlib.import_module(name)
    return None


def command(name: str) -> ModuleType:
    """The module of a command; what judges, and pytest with it, is imported with it."""
    return importlib.import_module(f"pytest_zebu.commands.{name}")


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; the exit status is 0 when done, 1 when it could not be, 2 for a wrong call.

    A command whose own status 1 says something else has a `COULD_NOT` for what could not be done.
    """
    if COMPLETES in os.environ:
        command("completion").complete(parser(with_lab=" lab " in os.environ.get("COMP_LINE", "")))
    known = parser(with_lab="lab" in (sys.argv if argv is None else argv))
    options, rest = known.parse_known_args(argv)
    if options.command in CHECKOUT and _of_checkout("lab.cli") is None:
        print("zebu: the lab comes with the checkout of pytest-zebu, not with the installed package", file=sys.stderr)
        return 1
    if rest:
        known.error(clean_line(f"unknown arguments: {' '.join(rest)}"))
    return _of_lab(options) if options.command in CHECKOUT else _run(command(options.command), options)


def _run(module: Any, options: argparse.Namespace) -> int:
    """Run a command: however it ends, a line says so."""
    from pytest_zebu.settings.errors import UsageProblem  # not needed where only help is asked for

    restore = heed()
    could_not = int(getattr(module, "COULD_NOT", 1))
    try:
        return int(module.run(options))
    except UsageProblem as error:
        say(f"zebu: {error}", sys.stderr)
        return could_not
    except UnicodeEncodeError as error:
        print(f"zebu: what was given or is to be shown does not fit into {error.encoding}", file=sys.stderr)
        return could_not
    except Ended as ended:
        return 128 + ended.number
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # who reads had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return could_not
    except OSError as error:
        say(f"zebu: {error.filename or 'a file'}: {why(error)}", sys.stderr)
        return could_not
    except Exception as error:  # what was given may hold secrets: what Python says of it is for nobody's terminal
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}:{place.lineno}"
        said = redacted(clean(str(error)))
        say(f"zebu: a fault of pytest-zebu's own: {type(error).__name__} at {where}: {said}", sys.stderr)
        return could_not
    finally:
        restore()


def _of_lab(options: argparse.Namespace) -> int:
    lab_cli, lab_shell = importlib.import_module("lab.cli"), importlib.import_module("lab.shell")
    try:
        return int(lab_cli.print_proofs() if options.command == "proofs" else lab_cli.main(options))
    except lab_shell.LabError as error:
        print(f"zebu: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
