"""Where dumps of the database are kept: by the jobs that make them, and by those that take the old ones away."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath

from msgspec.structs import replace

from pytest_zebu.discovery.found import Found, Seen, Unseen
from pytest_zebu.facts.containers import Containers
from pytest_zebu.facts.dumping import dump_of, making_of
from pytest_zebu.facts.environment import Environment
from pytest_zebu.facts.jobs import Command, Copy, Job

_FOLDER = re.compile(r"/(?:[A-Za-z0-9_.@+-]+/)*[A-Za-z0-9_.@+-]+")
_PATTERN = re.compile(r"[A-Za-z0-9_.*?-]+")
_OLDER = re.compile(r"\+?([0-9]{1,4})")
OTHERWISE = {"!", "-not", "-o", "-or", "(", "\\("}
"""Words of find by which what stands behind them may mean something else."""
COPY = "where copies of the dumps go: a folder on other storage, or user@host:folder as the machine reaches it by ssh"
_ELSEWHERE = re.compile(
    r"(?:(?P<user>[A-Za-z_][A-Za-z0-9_.-]*)@)?(?P<host>[A-Za-z0-9.-]+):(?P<folder>[A-Za-z0-9_./-]*)"
)


def backups(
    jobs: Sequence[Job], environment: Environment | None = None, containers: Containers | None = None
) -> Iterator[Seen]:
    """`[backups]`: folder and pattern of the dumps, for how long they are kept, and where their copies go.

    What the environment and the containers say tells the dumps of this database from those of others.
    """
    # One that its scheduler leaves out is this database's all the same; those that run count first.
    free = [replace(job, hindered="") for job in sorted(jobs, key=lambda job: bool(job.hindered))]
    folder, where = next(_folders(making_of(free, environment, containers).dumping), ("", ""))
    if not folder:
        why = "no job of this machine was seen that writes a dump of the database"
        yield Unseen("backups.folder", '"/var/backups/zebu"', why)
    else:
        yield Found("backups.folder", folder, where)
        yield from _kept(jobs, folder)
    yield _copy(jobs, folder)


def _copy(jobs: Sequence[Job], folder: str) -> Seen:
    """Where copies go: another machine counts more than another folder, which may be of the same disk."""
    seen = [
        _destination(copy, into, f"{copy.tool} of {job.name}", job.trouble)
        for job in jobs
        for copy in job.copies
        if folder and not copy.place and (into := _into(copy, folder))
    ]
    found = [one for one in seen if isinstance(one, Found)]
    remote = next((one for one in found if ":" in str(one.value)), None)
    keeper = next((copy.tool for job in jobs for copy in job.copies if not copy.places and not copy.place), "")
    if first := remote or next(iter(found), None) or next(iter(seen), None):
        return first
    kept = f"{keeper} runs here, in a form of its own: {COPY}" if keeper else COPY
    return Unseen("backups.copy", '"backup@nas.example.org:zebu"', kept)


def _into(copy: Copy, folder: str) -> str:
    """The folder in which the dumps are then, of a command that copies them; empty for one that copies something else."""
    *sources, into = copy.places or ("",)
    for source in sources:
        bare = source.removesuffix("/.").rstrip("/")
        if bare == folder:
            is_content = (
                source.endswith("/.") or copy.tool == "rclone" or (copy.tool == "rsync" and source.endswith("/"))
            )
            slash = "" if into.endswith((":", "/")) else "/"
            return into if is_content else f"{into}{slash}{PurePosixPath(folder).name}"
        if source.startswith(f"{folder}/"):
            return into
    return ""


def _destination(copy: Copy, into: str, where: str, trouble: str) -> Seen:
    doubt = trouble and f"the job {trouble}" if copy.is_sure or trouble else "it runs under a condition"
    into = into.rstrip("/") or "/"
    if _FOLDER.fullmatch(into):
        return Found("backups.copy", into, where, doubt or "whether that is other storage, its device shows")
    found = _ELSEWHERE.fullmatch(into)
    if found is None or not found["folder"]:
        return Unseen(
            "backups.copy",
            '"backup@nas.example.org:zebu"',
            f"{where} copies them, to where only a run could tell: {COPY}",
        )
    if copy.tool == "rclone":
        why = f"rclone of its own configuration copies them to {into}: where that is, as a folder or by ssh"
        return Unseen("backups.copy", '"backup@nas.example.org:zebu"', why)
    if not found["user"]:
        return Unseen(
            "backups.copy", f'"{copy.user or "root"}@{into}"', f"{where} names no user: ssh's own configuration may"
        )
    return Found("backups.copy", into, where, doubt)


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
            if name != "find" or command.place or not words or words[0].rstrip("/") != folder or "-delete" not in words:
                continue
            if OTHERWISE & {*words}:
                continue
            said = dict(itertools.pairwise(words))
            where = f"find of {job.name}"
            if _PATTERN.fullmatch(pattern := said.get("-name", "")):
                yield Found("backups.pattern", pattern, where)
            if found := _OLDER.fullmatch(said.get("-mtime", "")):
                yield Found("backups.retention_days", int(found[1]), where)
            return
