"""`zebu`: the command beside the plugin."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pytest_zebu.commands import attest, diff, due, explain, history, incident, init, look, report, todo, waive
from pytest_zebu.commands import list as listing
from pytest_zebu.ending import Ended, heed
from pytest_zebu.files import why
from pytest_zebu.redaction import redacted
from pytest_zebu.settings.errors import UsageProblem
from pytest_zebu.shown import clean, clean_line, say

COMMANDS: dict[str, Any] = {
    "attest": attest,
    "diff": diff,
    "due": due,
    "explain": explain,
    "history": history,
    "incident": incident,
    "init": init,
    "list": listing,
    "look": look,
    "report": report,
    "todo": todo,
    "waive": waive,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; the exit status is 0 when done, 1 when it could not be, 2 for a wrong call.

    A command whose own status 1 says something else has a `COULD_NOT` for what could not be done.
    """
    parser = argparse.ArgumentParser(
        prog="zebu", description="Readiness of a Zebu deployment: the tools beside `pytest --zebu-host=...`."
    )
    parser.add_argument("--version", action="version", version=f"pytest-zebu {version('pytest-zebu')}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, module in COMMANDS.items():
        text = (module.__doc__ or "").partition(":")[2].strip()
        module.add(commands.add_parser(name, help=text.split(". ")[0].rstrip("."), description=text))
    lab = commands.add_parser("lab", help="a whole Zebu deployment in a box (comes with the checkout, needs root)")
    commands.add_parser("proofs", help="which faults and blindings prove each check (comes with the checkout)")
    lab_cli = lab_shell = None
    with contextlib.suppress(ModuleNotFoundError):
        lab_cli, lab_shell = importlib.import_module("lab.cli"), importlib.import_module("lab.shell")
    if lab_cli is not None:
        lab_cli.add_commands(lab)
    options, rest = parser.parse_known_args(argv)
    if options.command in COMMANDS:
        if rest:
            parser.error(clean_line(f"unknown arguments: {' '.join(rest)}"))
        restore = heed()
        could_not = int(getattr(COMMANDS[options.command], "COULD_NOT", 1))
        try:
            return int(COMMANDS[options.command].run(options))
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
    if lab_cli is None or lab_shell is None:
        print("zebu: the lab comes with the checkout of pytest-zebu, not with the installed package", file=sys.stderr)
        return 1
    if rest:
        parser.error(f"unknown arguments: {' '.join(rest)}")
    try:
        return int(lab_cli.print_proofs() if options.command == "proofs" else lab_cli.main(options))
    except lab_shell.LabError as error:
        print(f"zebu: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
