"""`zebu init HOST`: look at a machine, and write the settings that its deployment needs, each with where it was seen. Nothing there is changed."""

from __future__ import annotations

import argparse
import os
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from pytest_zebu.discovery.found import Found, Unseen, Value
from pytest_zebu.discovery.written import Written, keys_of, opening_of
from pytest_zebu.files import at_home, read_text, why, write_whole
from pytest_zebu.gather.ssh import Connection
from pytest_zebu.gather.targets import targets
from pytest_zebu.plugin.looking import Looking
from pytest_zebu.settings.errors import UsageProblem
from pytest_zebu.settings.model import DEFAULT_FILE, SIZE_LIMIT
from pytest_zebu.shown import clean_line, say
from pytest_zebu.verdict.openings import opened_by_settings, openings
from pytest_zebu.verdict.outcome import Finding, Outcome

DECIDED = frozenset({Outcome.PASSED, Outcome.FAILED, Outcome.ADVICE, Outcome.NOT_APPLICABLE, Outcome.WAIVED})
SHOWN_OPENINGS = 8
PROJECT = "host.project"


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
    is_asking = not options.yes and not options.print and sys.stdin.isatty()
    try:
        if options.project:
            looking.add(Found(PROJECT, options.project, "as it was named"))
        looking.look()
        if is_asking and _has_named_its_project(looking):
            looking.look()
        findings = looking.judge()
    finally:
        looking.connection.close()
    opens = opened_by_settings(openings(findings))
    if is_asking:
        _ask(looking, opens)
    _tell(looking, looking.written(opens), findings, options)
    return 0


def _known(path: Path) -> str:
    try:
        return read_text(path, SIZE_LIMIT) if os.path.lexists(path) else ""
    except (OSError, UnicodeDecodeError) as error:
        raise UsageProblem(f"{path}: {why(error) if isinstance(error, OSError) else 'is not UTF-8'}") from None


def _has_named_its_project(looking: Looking) -> bool:
    """Where there are several that may be it, ask for the one that is: nothing else can be told before."""
    unseen = next((one for one in looking.seen if isinstance(one, Unseen) and one.key == PROJECT), None)
    if unseen is None or not _answered(looking, unseen):
        return False
    named = [one for one in looking.seen if isinstance(one, Found) and one.key == PROJECT]
    if named:
        looking.seen = [*named]
    return bool(named)


def _ask(looking: Looking, opens: Mapping[str, int]) -> None:
    """Let whoever sits there say what could not be seen, what opens the most first; nothing is said by an empty line."""
    unseen = {opening_of(one.key): one for one in looking.seen if isinstance(one, Unseen)}
    for key in sorted((key for key in unseen if opens.get(key)), key=lambda key: -opens[key]):
        if key not in ("vantages", opening_of(PROJECT)) and not _answered(looking, unseen[key], opens[key]):
            return


def _answered(looking: Looking, one: Unseen, count: int = 0) -> bool:
    """Ask for a value until it is one, or is left out; whether to ask on."""
    gain = f" (opens {count} item{'' if count == 1 else 's'})" if count else ""
    say(f"{one.key}{gain}: {one.why}")
    while True:
        try:
            text = input(clean_line(f"  {one.key}, such as {one.example} (Enter: leave it out): ")).strip()
        except EOFError:
            return False
        if not text:
            return True
        try:
            looking.add(Found(one.key, _value(one.key, text, looking.path.parent), "as was answered"))
        except UsageProblem as error:
            say(f"  {error}")
        else:
            return True


def _value(key: str, text: str, folder: Path) -> Value:
    """What was typed, as TOML has it; words without quotes are a text.

    Raises:
        UsageProblem: it can be no value, or names no file where it has to: a secret itself is never written.
    """
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError):
        value = text
    if key.endswith("_file") and not (isinstance(value, str) and (folder / at_home(Path(value))).is_file()):
        raise UsageProblem("name a file that is there: what it holds is never written into this one")
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return tuple(value)
    if not isinstance(value, str | int):
        raise UsageProblem('write it as TOML has it: "text", 7, true or ["one", "other"]')
    return value


def _tell(looking: Looking, found: Written, findings: Sequence[Finding], options: argparse.Namespace) -> None:
    """Show what differs and what is left, and write the file where there is anything to write."""
    decided = sum(finding.outcome in DECIDED for finding in findings)
    for line in found.differs:
        say(f"{looking.path}: {line}")
    if options.print:
        for line in found.text.splitlines():
            say(line)
    elif found.text == looking.known:
        say(f"{looking.path}: says all that was seen")
    elif options.yes or not looking.known or _agreed(looking.path, found.added):
        write_whole(looking.path, found.text)
        say(f"{looking.path}: {'added ' + ', '.join(found.added) if looking.known else 'written'}")
    say(
        f"with it, {decided} of {len(findings)} items are decided by what can be seen; next: pytest --zebu-host={looking.name}"
    )
    says = {f"set {key}" for key in keys_of(found.text)}
    left = [one for one in openings(findings) if one.key not in says]
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
