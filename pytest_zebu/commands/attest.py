"""`zebu attest ID`: sign for an item that no machine can see. What is not given as an option is asked for."""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from pytest_zebu import settings
from pytest_zebu.catalogue import UnknownItem, load
from pytest_zebu.facts.answer import plain_text
from pytest_zebu.people import attestations
from pytest_zebu.people.attestations import Attestation, CommandEvidence, CommitEvidence, FileEvidence, UrlEvidence
from pytest_zebu.settings.errors import UsageProblem, explain

OUTPUT_LIMIT = 2000
SECONDS = 300
Built = TypeVar("Built")
AnyEvidence = FileEvidence | UrlEvidence | CommitEvidence | CommandEvidence


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("id", help="the item, as reports name it")
    parser.add_argument("--config", metavar="FILE", help="the settings (default: $ZEBU_CONFIG, else zebu.toml here)")
    parser.add_argument("--result", choices=["passed", "failed"], default="passed", help="what was found")
    parser.add_argument("--statement", metavar="TEXT", help="what was done or seen")
    parser.add_argument("--by", metavar="ROLE", help="who signs: a role, such as operations")
    parser.add_argument("--approver", metavar="ROLE", help="who else looked at it")
    parser.add_argument("--on", metavar="DATE", help="when it was seen (default: today)")
    parser.add_argument("--valid-days", metavar="DAYS", type=int, help="for how long it holds (default: by the item)")
    kinds = parser.add_argument_group("evidence, one at least")
    kinds.add_argument("--file", metavar="FILE", action="append", default=[], help="a file; its hash is kept")
    kinds.add_argument("--url", metavar="URL", action="append", default=[], help="an address where it can be read")
    kinds.add_argument("--commit", metavar="COMMIT", action="append", default=[], help="a commit that shows it")
    kinds.add_argument(
        "--output-of", metavar="COMMAND", action="append", default=[], help="run a command here, and keep what it says"
    )


def _asked(question: str) -> str:
    """What a person answers; they are asked again until they say something."""
    if not sys.stdin.isatty():
        return ""
    while True:
        try:
            answer = input(f"{question}: ").strip()
        except EOFError:
            return ""
        if answer:
            return answer


def _file(name: str, folder: Path) -> FileEvidence:
    path = Path(name)
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise UsageProblem(f"{name} cannot be read ({type(error).__name__})") from None
    return FileEvidence(file=os.path.relpath(path.absolute(), folder.absolute()), sha256=digest)


def _output(command: str) -> CommandEvidence:
    try:
        # The person who signs wrote this command at their own prompt.
        done = subprocess.run(
            ["/bin/sh", "-c", command], stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise UsageProblem(f"{command!r} did not end within {SECONDS} s") from None
    if done.returncode != 0:
        raise UsageProblem(f"{command!r} ended with status {done.returncode}: that is no evidence")
    said = plain_text(done.stdout).strip()
    if not said:
        raise UsageProblem(f"{command!r} said nothing: that is no evidence")
    return CommandEvidence(command=command, output=said[:OUTPUT_LIMIT])


def _by_words(text: str, folder: Path) -> AnyEvidence:
    """Evidence as a person types it: an address, a file that is there, else a commit."""
    if text.startswith(("http://", "https://")):
        return UrlEvidence(url=text)
    if Path(text).exists():
        return _file(text, folder)
    return CommitEvidence(commit=text)


def _evidence(options: argparse.Namespace, folder: Path) -> tuple[AnyEvidence, ...]:
    readers: tuple[tuple[list[str], Callable[[str], AnyEvidence]], ...] = (
        (options.file, lambda name: _file(name, folder)),
        (options.url, lambda url: UrlEvidence(url=url)),
        (options.commit, lambda commit: CommitEvidence(commit=commit)),
        (options.output_of, _output),
    )
    found = tuple(read(text) for texts, read in readers for text in texts)
    if not found and (text := _asked("evidence (a file, an address, or a commit)")):
        found = (_by_words(text, folder),)
    return found


def run(options: argparse.Namespace, today: date | None = None) -> int:
    """Sign for an item.

    Raises:
        UsageProblem: an id, a date, a file or an answer is wrong or missing; nothing is written then.
    """
    today = today or datetime.now(UTC).date()
    catalogue = load()
    try:
        item = catalogue[options.id]
    except UnknownItem as error:
        raise UsageProblem(str(error)) from None
    path = settings.find(options.config).attestations_file
    attestations.read(path, catalogue, required=False)  # what is there must be right before anything is added
    print(f"{item.id}: {item.text}")
    given = {
        "statement": options.statement or _asked("statement (what was done or seen)"),
        "by": options.by or _asked("signed by (a role)"),
        "evidence": _refusing_bad(path, lambda: _evidence(options, path.parent)),
    }
    if missing := [name for name, value in given.items() if not value]:
        options_of = {"evidence": "--file, --url, --commit or --output-of"}
        raise UsageProblem(f"{missing[0]} is missing: {options_of.get(missing[0], '--' + missing[0])}")
    try:
        on = date.fromisoformat(options.on) if options.on else today
    except ValueError:
        raise UsageProblem(f"--on={options.on} is no date: write YYYY-MM-DD") from None
    if on > today:
        raise UsageProblem(f"--on={on} is in the future: nobody can have seen that")
    attestation = _refusing_bad(
        path,
        lambda: Attestation(
            id=item.id, result=options.result, on=on, valid_days=options.valid_days, approver=options.approver, **given
        ),
    )
    try:
        attestations.append(path, attestation)
    except OSError as error:
        raise UsageProblem(f"{path} cannot be written ({error.strerror})") from None
    standing = attestations.read(path, catalogue, required=True).attestations[item.id]
    print(f"{path}: {standing.summary}")
    if standing.record != attestation:
        print(f"{path}: a newer attestation of {item.id} counts, of {standing.record.on}", file=sys.stderr)
    return 0


def _refusing_bad(path: Path, build: Callable[[], Built]) -> Built:
    try:
        return build()
    except ValidationError as error:
        raise UsageProblem(explain(path, error, Attestation)) from None
