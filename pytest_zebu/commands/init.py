"""`zebu init HOST`: look at a machine, and write the settings that its deployment needs, each with where it was seen. Nothing there is changed."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from pytest_zebu.discovery.written import Written
from pytest_zebu.files import read_text, why, write_whole
from pytest_zebu.gather.ssh import Connection
from pytest_zebu.gather.targets import targets
from pytest_zebu.plugin.looking import Looking
from pytest_zebu.settings.errors import UsageProblem
from pytest_zebu.settings.model import DEFAULT_FILE, SIZE_LIMIT
from pytest_zebu.shown import say
from pytest_zebu.verdict.openings import opened_by_settings, openings
from pytest_zebu.verdict.outcome import Finding, Outcome

DECIDED = frozenset({Outcome.PASSED, Outcome.FAILED, Outcome.ADVICE, Outcome.NOT_APPLICABLE, Outcome.WAIVED})
SHOWN_OPENINGS = 8


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("host", metavar="HOST", help="an ssh alias, ssh://user@host:port, or a name from the file")
    parser.add_argument(
        "--config", metavar="FILE", help="the file to write (default: $ZEBU_CONFIG, else zebu.toml here)"
    )
    parser.add_argument("--yes", action="store_true", help="never ask: write what was seen")
    parser.add_argument("--print", action="store_true", help="write nothing: show the file")


def run(options: argparse.Namespace) -> int:
    """Look, and write.

    Raises:
        UsageProblem: the host does not let us in, or the file cannot be read or written; nothing is written then.
    """
    path = Path(options.config or os.environ.get("ZEBU_CONFIG") or DEFAULT_FILE)
    known = _known(path)
    several = targets(options.host, str(path) if known else None, None)
    if len(several) > 1:
        raise UsageProblem("zebu init looks at one host at a time")
    looking = Looking(path, known, several[0], Connection(several[0]), lambda text: say(f"zebu: {text}", sys.stderr))
    try:
        looking.look()
        findings = looking.judge()
    finally:
        looking.connection.close()
    _tell(looking, looking.written(opened_by_settings(openings(findings))), findings, options)
    return 0


def _known(path: Path) -> str:
    try:
        return read_text(path, SIZE_LIMIT) if os.path.lexists(path) else ""
    except (OSError, UnicodeDecodeError) as error:
        raise UsageProblem(f"{path}: {why(error) if isinstance(error, OSError) else 'is not UTF-8'}") from None


def _tell(looking: Looking, found: Written, findings: Sequence[Finding], options: argparse.Namespace) -> None:
    """Show what differs and what is left, and write the file where there is anything to write."""
    decided = sum(finding.outcome in DECIDED for finding in findings)
    for line in found.differs:
        say(f"{looking.path}: {line}")
    if options.print:
        say(found.text)
    elif found.text == looking.known:
        say(f"{looking.path}: says all that was seen")
    elif options.yes or not looking.known or _agreed(looking.path, found.added):
        write_whole(looking.path, found.text)
        say(f"{looking.path}: {'added ' + ', '.join(found.added) if looking.known else 'written'}")
    say(
        f"with it, {decided} of {len(findings)} items are decided by what can be seen; next: pytest --zebu-host={looking.name}"
    )
    left = openings(findings)
    for opening in left[:SHOWN_OPENINGS]:
        say(f"  {opening.text}")
    if len(left) > SHOWN_OPENINGS:
        say("  `zebu todo` lists them all")


def _agreed(path: Path, added: Sequence[str]) -> bool:
    if not sys.stdin.isatty():
        say(f"{path}: nothing was written: --yes adds {', '.join(added) or 'the comments'}", sys.stderr)
        return False
    try:
        return input(f"add {', '.join(added) or 'comments'} to {path}? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False
