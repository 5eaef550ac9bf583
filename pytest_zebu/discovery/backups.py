"""Where dumps of the database are kept: by the jobs that make them, and by those that take the old ones away."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath

from pytest_zebu.discovery.found import Found, Seen, Unseen
from pytest_zebu.facts.dumping import dump_of
from pytest_zebu.facts.jobs import Command, Job

_FOLDER = re.compile(r"/(?:[A-Za-z0-9_.@+-]+/)*[A-Za-z0-9_.@+-]+")
_PATTERN = re.compile(r"[A-Za-z0-9_.*?-]+")
_OLDER = re.compile(r"\+?([0-9]{1,4})")
COPY = "where copies of the dumps go: a folder on other storage, or user@host:folder as the machine reaches it by ssh"


def backups(jobs: Sequence[Job]) -> Iterator[Seen]:
    """`[backups]`: folder and pattern of the dumps, for how long they are kept, and the copy that no job names."""
    folder, where = next(_folders(jobs), ("", ""))
    if not folder:
        yield Unseen("backups.folder", '"/var/backups/zebu"', "no job of this machine was seen that writes a dump")
    else:
        yield Found("backups.folder", folder, where)
        yield from _kept(jobs, folder)
    yield Unseen("backups.copy", '"backup@nas.example.org:zebu"', COPY)


def _folders(jobs: Iterable[Job]) -> Iterator[tuple[str, str]]:
    for job in jobs:
        for command in job.commands:
            dump = dump_of(command)
            if dump is None or dump.lacking:
                continue
            for file in _files(command):
                folder = str(PurePosixPath(file).parent)
                if _FOLDER.fullmatch(folder):
                    yield folder, f"{command.words[0]} of {job.name}"


def _files(command: Command) -> Iterator[str]:
    """The files that a command writes: behind `>`, or as its own option says where it is run on the machine itself."""
    into = command.into
    yield from (into[at + 1] for at, word in enumerate(into[:-1]) if word == ">")
    if command.place:
        return
    words = command.words
    for at, word in enumerate(words):
        if word in ("-f", "--file") and words[at + 1 :]:
            yield words[at + 1]
        elif word.startswith("--file="):
            yield word.removeprefix("--file=")


def _kept(jobs: Iterable[Job], folder: str) -> Iterator[Found]:
    for job in jobs:
        for command in job.commands:
            name, *words = command.words
            if name != "find" or not words or words[0].rstrip("/") != folder or "-delete" not in words:
                continue
            said = dict(itertools.pairwise(words))
            where = f"find of {job.name}"
            if _PATTERN.fullmatch(pattern := said.get("-name", "")):
                yield Found("backups.pattern", pattern, where)
            if found := _OLDER.fullmatch(said.get("-mtime", "")):
                yield Found("backups.retention_days", int(found[1]), where)
            return
