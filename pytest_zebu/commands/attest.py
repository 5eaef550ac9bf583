"""`zebu attest ID`: sign for an item that no machine can see. What is not given as an option is asked for."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeVar

from msgspec import Struct
from pydantic import BaseModel, ValidationError

from pytest_zebu import settings
from pytest_zebu.catalogue import Catalogue, Item, UnknownItem, load
from pytest_zebu.facts.answer import plain_text
from pytest_zebu.files import digest, why
from pytest_zebu.people import attestations
from pytest_zebu.people.attestations import (
    Attestation,
    CommandEvidence,
    CommitEvidence,
    FileEvidence,
    Records,
    UrlEvidence,
    Waiver,
)
from pytest_zebu.settings.errors import UsageProblem, explain
from pytest_zebu.settings.sections import DAY
from pytest_zebu.shown import meant, say

OUTPUT_LIMIT = 2000
SECONDS = 300
Built = TypeVar("Built")
AnyEvidence = FileEvidence | UrlEvidence | CommitEvidence | CommandEvidence


class File(Struct, frozen=True):
    """The file of people's words, which is right as it is."""

    path: Path
    project: Path
    catalogue: Catalogue

    def read(self, *, required: bool = True) -> Records:
        """What it says.

        Raises:
            UsageProblem: something in it is wrong.
        """
        return attestations.read(self.path, self.catalogue, required=required, project=self.project)

    def refusing_bad(self, model: type[BaseModel], build: Callable[[], Built]) -> Built:
        """What is built of what was given.

        Raises:
            UsageProblem: it is none; the text says which part, and why.
        """
        try:
            return build()
        except ValidationError as error:
            raise UsageProblem(explain(self.path, error, model)) from None

    def add(self, record: Attestation | Waiver) -> Records:
        """Add a record; what the file says then.

        Raises:
            UsageProblem: it cannot be added.
        """
        try:
            attestations.append(self.path, record)
        except (OSError, ValueError) as error:
            raise UsageProblem(f"{self.path} cannot be written ({why(error)})") from None
        return self.read()


def opened(options: argparse.Namespace) -> tuple[File, Item]:
    """The file of people's words, and the item that is spoken of.

    Raises:
        UsageProblem: there is no such item, or something in the file is wrong already.
    """
    catalogue = load()
    try:
        item = catalogue[options.id]
    except UnknownItem as error:
        raise UsageProblem(str(error)) from None
    declared = settings.find(options.config)
    if options.host is not None:
        if options.host not in declared.hosts:
            raise UsageProblem(f"{options.host!r} is not in [hosts]{meant(options.host, declared.hosts)}")
        declared = declared.for_host(options.host)
    file = File(declared.attestations_file, declared.folder, catalogue)
    file.read(required=False)
    return file, item


def day(name: str, text: str) -> date:
    """A day as it was given.

    Raises:
        UsageProblem: it is none.
    """
    with suppress(ValueError):
        if DAY.fullmatch(text):
            return date.fromisoformat(text)
    raise UsageProblem(f"{name}={text} is no date: write YYYY-MM-DD")


def asked(question: str) -> str:
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


def _file(name: str, folder: Path, project: Path) -> FileEvidence:
    path = Path(name)
    try:
        found, _ = digest(path, attestations.EVIDENCE_LIMIT)
    except (OSError, ValueError) as error:
        raise UsageProblem(f"{name} cannot be read ({why(error)})") from None
    if not any(attestations.inside(path, one) for one in (folder, project)):
        raise UsageProblem(
            f"{name} lies outside of {project.absolute()}: copy it there, or name its address with --url"
        )
    return FileEvidence(file=os.path.relpath(path.absolute(), folder.absolute()), sha256=found)


def _output(command: str) -> CommandEvidence:
    begun, is_over = b"", threading.Event()
    try:
        # The person who signs wrote this command at their own prompt.
        process = subprocess.Popen(
            ["/bin/sh", "-c", command],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
    except ValueError:
        raise UsageProblem(f"{command!r} is no command") from None

    def end() -> None:
        is_over.set()
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

    timer = threading.Timer(SECONDS, end)
    timer.start()
    try:
        with process:
            assert process.stdout  # noqa: S101 (it is a pipe)
            while piece := process.stdout.read(65_536):  # it may be endless: the beginning is kept
                begun += piece[: max(0, 4 * OUTPUT_LIMIT - len(begun))]
    except BaseException:
        end()
        raise
    finally:
        timer.cancel()
    if is_over.is_set():
        raise UsageProblem(f"{command!r} did not end within {SECONDS} s")
    if process.returncode != 0:
        raise UsageProblem(f"{command!r} ended with status {process.returncode}: that is no evidence")
    said = plain_text(begun).strip()
    if not said:
        raise UsageProblem(f"{command!r} said nothing: that is no evidence")
    return CommandEvidence(command=command, output=said[:OUTPUT_LIMIT])


def _by_words(text: str, folder: Path, project: Path) -> AnyEvidence:
    """Evidence as a person types it: an address, a file that is there, else a commit."""
    if text.startswith(("http://", "https://")):
        return UrlEvidence(url=text)
    if Path(text).exists():
        return _file(text, folder, project)
    return CommitEvidence(commit=text)


def _evidence(options: argparse.Namespace, folder: Path, project: Path) -> tuple[AnyEvidence, ...]:
    readers: tuple[tuple[list[str], Callable[[str], AnyEvidence]], ...] = (
        (options.file, lambda name: _file(name, folder, project)),
        (options.url, lambda url: UrlEvidence(url=url)),
        (options.commit, lambda commit: CommitEvidence(commit=commit)),
        (options.output_of, _output),
    )
    found = tuple(read(text) for texts, read in readers for text in texts)
    if not found and (text := asked("evidence (a file, an address, or a commit)")):
        found = (_by_words(text, folder, project),)
    return found


def run(options: argparse.Namespace, today: date | None = None) -> int:
    """Sign for an item.

    Raises:
        UsageProblem: an id, a date, a file or an answer is wrong or missing; nothing is written then.
    """
    today = today or datetime.now(UTC).date()
    file, item = opened(options)
    path, project = file.path, file.project
    say(f"{item.id}: {item.text}")
    given = {
        "statement": options.statement or asked("statement (what was done or seen)"),
        "by": options.by or asked("signed by (a role)"),
        "evidence": file.refusing_bad(Attestation, lambda: _evidence(options, path.parent, project)),
    }
    if missing := [name for name, value in given.items() if not value]:
        options_of = {"evidence": "--file, --url, --commit or --output-of"}
        raise UsageProblem(f"{missing[0]} is missing: {options_of.get(missing[0], '--' + missing[0])}")
    on = day("--on", options.on) if options.on else today
    if on > today:
        raise UsageProblem(f"--on={on} is in the future (in UTC it is {today}): nobody can have seen that")
    attestation = file.refusing_bad(
        Attestation,
        lambda: Attestation(
            id=item.id, result=options.result, on=on, valid_days=options.valid_days, approver=options.approver,
            about=tuple(options.about) or None, **given,
        ),
    )  # fmt: skip
    standing = file.add(attestation).attestations[item.id]
    if standing.record == attestation:
        say(f"{path}: {standing.summary}")
        return 0
    newer = f"a newer attestation of {item.id} counts, of {standing.record.on}"
    about = f", where it is about {', '.join(standing.record.about)}" if standing.record.about else ""
    say(f"{path}: added")
    say(f"{path}: {newer}{about}", sys.stderr)
    return 0
