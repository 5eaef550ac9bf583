"""What git knows of files on the runner: who asks must not run what a repository brings along."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

SECONDS = 10
# The repository may be somebody else's: none of its programs is run, and nothing of it is written.
SAFE = (
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "core.pager=cat",
    "-c",
    "safe.directory=*",
)


@dataclass(frozen=True, slots=True)
class Change:
    """The commit that a line of a file comes from."""

    commit: str
    at: datetime

    @property
    def is_uncommitted(self) -> bool:
        """Whether the line is only in the working tree."""
        return not self.commit.strip("0")


def git(folder: Path, *words: str) -> str | None:
    """What a git command says; nothing where there is no git, no repository, or no answer in time."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *SAFE, *words],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"},
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode(errors="replace") if done.returncode == 0 else None


def changes_by_line(path: Path) -> list[Change] | None:
    """The change that each line of a file comes from; nothing where the file is under no version control."""
    said = git(path.parent, "blame", "--line-porcelain", "--", path.name)
    if said is None:
        return None
    found: list[Change] = []
    commit, at = "", datetime.fromtimestamp(0, UTC)
    for line in said.splitlines():
        word, _, rest = line.partition(" ")
        if line.startswith("\t"):
            found.append(Change(commit, at))
        elif word == "committer-time":
            at = datetime.fromtimestamp(int(rest), UTC)
        elif len(word) in (40, 64) and not word.strip("0123456789abcdef"):
            commit = word
    return found
