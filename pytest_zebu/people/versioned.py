"""What git knows of files on the runner. Who asks a repository must not run what it brings along.

Only what is committed is asked: a look at the working tree would run the repository's own filters. The file as it lies
there is compared with it here. Whose repository may be asked is git's own decision (`safe.directory`), and the user's.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from difflib import SequenceMatcher
from pathlib import Path

from msgspec import Struct

from pytest_zebu.facts.answer import Reason, Unknown, plain_text
from pytest_zebu.files import MIB, read_bytes

SECONDS = 10
SIZE_LIMIT = 4 * MIB
OUTPUT_LIMIT = 64 * MIB
MOST_PAIRS = 4_000_000
"""Of lines that are compared with each other."""
MOST_ALIKE = 250_000
"""Of those, pairs of equal lines: of thousands of equal lines in another order there would be no end."""
# What a repository's configuration could run, or change in the answer, for the commands that are used here. A command
# line comes after every file, those that the repository includes among them.
OFF = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.attributesFile=/dev/null",
    "core.pager=cat",
    "log.showSignature=false",
    "safe.bareRepository=explicit",
    "blame.ignoreRevsFile=",
)
# Objects that a partial clone lacks are not fetched: no way to fetch is allowed, by no transport and no helper. The
# variable that forbids it outright is younger than Debian 11 and 12.
ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
NOT_OURS = ("dubious ownership", "unsafe repository")
"""What git complains of where a repository belongs to somebody else; Debian 11's says it in other words."""


class Change(Struct, frozen=True):
    """The commit that a line of a file comes from."""

    commit: str
    at: datetime

    @property
    def is_uncommitted(self) -> bool:
        """Whether the line is only in the working tree."""
        return not self.commit.strip("0")


UNCOMMITTED = Change("0" * 40, datetime.fromtimestamp(0, UTC))


def _environment(mine: Mapping[str, str]) -> dict[str, str]:
    """The user's own, without what points git elsewhere: a hook of another repository may have started us."""
    kept = {key: value for key, value in mine.items() if not key.startswith("GIT_") or key.startswith("GIT_CONFIG")}
    return {**kept, **ENVIRONMENT}


def git(folder: Path, *words: str) -> str | Unknown:
    """What a git command says of committed things, or why it says nothing: the end of a sentence about the file."""
    flags = [word for setting in OFF for word in ("-c", setting)]
    with tempfile.TemporaryFile() as complaints:
        try:
            process = subprocess.Popen(
                ["git", "--no-pager", *flags, "-C", str(folder), *words],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaints, env=_environment(os.environ),
            )  # fmt: skip
        except FileNotFoundError:
            return Unknown(Reason.NO_COMMAND, "has no history: there is no git on this machine")
        except (OSError, ValueError) as error:
            return Unknown(Reason.UNDECIDABLE, f"has no history: git does not start: {type(error).__name__}")
        is_over = threading.Event()

        def end() -> None:
            is_over.set()
            process.kill()

        timer = threading.Timer(SECONDS, end)
        timer.start()
        with process:
            assert process.stdout  # noqa: S101 (it is a pipe)
            said = process.stdout.read(OUTPUT_LIMIT + 1)
            process.kill() if len(said) > OUTPUT_LIMIT else None
        timer.cancel()
        complaints.seek(0)
        complaint = plain_text(complaints.read(OUTPUT_LIMIT))
    if is_over.is_set():
        return Unknown(Reason.TIMED_OUT, f"has no history: git did not answer within {SECONDS} s")
    if len(said) > OUTPUT_LIMIT:
        return Unknown(Reason.UNDECIDABLE, "has more history than is read")
    if process.returncode == 0:
        return said.decode(errors="replace")
    if any(mark in complaint for mark in NOT_OURS):
        return Unknown(
            Reason.NO_PERMISSION, "lies in a repository of somebody else, which git does not ask (safe.directory)"
        )
    return Unknown(Reason.MISSING, "is in no commit")


def changes_by_line(path: Path) -> list[Change] | Unknown:
    """The change that each line of a file comes from, as the file lies there; or why nobody can tell."""
    said = git(path.parent, "blame", "--no-textconv", "--line-porcelain", "HEAD", "--", path.name)
    if isinstance(said, Unknown):
        return said
    try:
        now = _lines(read_bytes(path, SIZE_LIMIT).decode(errors="replace"))
    except OSError as error:
        return Unknown(Reason.MISSING, f"cannot be read ({type(error).__name__})")
    committed = list(_blamed(said))
    then = [line for _, line in committed]
    head = next(
        (n for n, pair in enumerate(zip(then, now, strict=False)) if pair[0] != pair[1]), min(len(then), len(now))
    )
    rest = range(min(len(then), len(now)) - head)
    tail = next((n for n in rest if then[-1 - n] != now[-1 - n]), len(rest))
    between = then[head : len(then) - tail], now[head : len(now) - tail]
    times = Counter(between[1])
    if len(between[0]) * len(between[1]) > MOST_PAIRS or sum(times[line] for line in between[0]) > MOST_ALIKE:
        return Unknown(Reason.UNDECIDABLE, "differs too much from what is committed to be compared")
    found = [change for change, _ in committed[:head]]
    found += [UNCOMMITTED] * len(between[1])
    found += [change for change, _ in committed[len(committed) - tail :]]
    for block in SequenceMatcher(None, *between, autojunk=False).get_matching_blocks():
        changes = [change for change, _ in committed[head + block.a : head + block.a + block.size]]
        found[head + block.b : head + block.b + block.size] = changes
    return found


def _lines(text: str) -> list[str]:
    """Lines as git counts them, whatever the platform ends them with."""
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")] if text else []


def _blamed(said: str) -> Iterator[tuple[Change, str]]:
    commit, at = "", UNCOMMITTED.at
    for line in said.split("\n"):
        word, _, rest = line.partition(" ")
        if line.startswith("\t"):
            yield Change(commit, at), line[1:].removesuffix("\r")
        elif word == "committer-time":
            at = datetime.fromtimestamp(int(rest), UTC)
        elif len(word) in (40, 64) and not word.strip("0123456789abcdef"):
            commit = word
