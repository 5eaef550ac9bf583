"""The deployed git checkout. It is hostile too: git runs as its owner, and runs nothing of the checkout's own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pytest_zebu.facts.answer import Garbled, is_number
from pytest_zebu.facts.fact import Fact, Gathered, Need, Probe
from pytest_zebu.facts.lines import records
from pytest_zebu.settings.target import Target

PROBE = Probe(
    "repository",
    file="repository.sh",
    uses=("git.sh",),
    needs=(Need.APP_DIR, Need.OWNER),
    owner=True,
)
HISTORY_PROBE = Probe(
    "history",
    file="history.sh",
    uses=("git.sh", "history.pl"),
    needs=(Need.APP_DIR, Need.OWNER),
    owner=True,
    secrets=True,
    timeout=20,
)
VERSION = re.compile(r"^v?([0-9]{1,9})\.([0-9]{1,9})\.([0-9]{1,9})(?:\+[0-9A-Za-z.-]+)?$")


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag, and the commit that it names."""

    name: str
    commit: str

    @property
    def version(self) -> tuple[int, int, int] | None:
        """The release that it names; none for a pre-release or another kind of name."""
        found = VERSION.match(self.name)
        if found is None:
            return None
        return int(found[1]), int(found[2]), int(found[3])


@dataclass(frozen=True, slots=True)
class CommittedSecrets:
    """What became of `.env` and of its values in the repository's history.

    Attributes:
        is_partial: why the history is not all there; empty if it is.
        committed: `.env` files that some commit of some branch has added.
        holds_secret: some object holds the exact value of a present secret; nothing where none is known to look for.
        meant: examples and encrypted files that some commit has added.
    """

    is_partial: str
    is_ignored: bool
    is_tracked: bool
    committed: tuple[str, ...]
    holds_secret: bool | None
    meant: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Repository:
    """The checkout's state.

    Attributes:
        remote: the address of `origin`, without any credential.
        is_known: some branch or tag of the remote has the commit.
        absent: how many files of the commit the repository does not hold, though it should.
        empty_submodules: submodules that are not checked out.
    """

    head: str
    tags: tuple[Tag, ...]
    changes: tuple[str, ...]
    owner: str = ""
    remote: str = ""
    is_known: bool = False
    absent: int = 0
    empty_submodules: tuple[str, ...] = ()

    @property
    def tags_at_head(self) -> tuple[Tag, ...]:
        """The tags that name exactly the commit that is checked out."""
        return tuple(tag for tag in self.tags if tag.commit == self.head)

    @property
    def newest_release(self) -> Tag | None:
        """The tag of the newest stable release."""
        return max((tag for tag in self.tags if tag.version), key=lambda tag: tag.version or (0, 0, 0), default=None)

    @property
    def describe(self) -> str:
        """The deployed version for people."""
        releases = [tag.name for tag in self.tags_at_head if tag.version]
        return (releases[0] if releases else self.head[:12]) + (" (dirty)" if self.changes else "")


def parse(gathered: Gathered, target: Target) -> Repository:
    """From rev-parse, for-each-ref and status."""
    head, owner, tags, changes, empty = "", "", [], [], []
    more: dict[str, str] = {}
    words = ("head", "owner", "remote", "known", "absent", "left", "tag", "submodule", "change")
    for one in records(gathered.said("repository").out, "git", words):
        word, rest = one.word, one.rest
        if word == "head":
            head = rest
        elif word == "owner":
            owner = rest
        elif word == "tag":
            name, _, commit = one.fields(3)
            tags.append(Tag(name, commit))
        elif word == "submodule":
            empty.append(rest)
        elif word in ("remote", "known", "absent", "left"):
            more[word] = rest.strip()
        else:
            changes.append(rest)
    if not re.fullmatch(r"[0-9a-f]{40}([0-9a-f]{24})?", head):
        raise Garbled("git gave no commit")
    known, absent = more.get("known", "0"), more.get("absent", "0")
    if not (is_number(known) and is_number(absent)):
        raise Garbled("git said how much it holds in another way than known")
    return Repository(
        head, tuple(tags), tuple(changes), owner, more.get("remote", ""), known != "0", int(absent), tuple(empty)
    )


FACT = Fact("repository", parse, (PROBE,))


def parse_history(gathered: Gathered, target: Target) -> CommittedSecrets:
    """From git, all branches and all objects."""
    lines = gathered.said("history").out.splitlines()
    said = dict(line.split("=", 1) for line in lines if "=" in line)
    if not {"shallow", "ignored", "tracked", "found"} <= said.keys():
        raise Garbled("the search of the history")
    committed, meant = (
        tuple(line.removeprefix(key) for line in lines if line.startswith(key)) for key in ("committed=", "meant=")
    )
    holds = {"1": True, "0": False}.get(said["found"])
    return CommittedSecrets(_lacking(said), said["ignored"] == "1", said["tracked"] != "0", committed, holds, meant)


def _lacking(said: Mapping[str, str]) -> str:
    """Why the history is not all there; empty if it is."""
    fetch = said.get("fetch", "").strip()
    if said["shallow"] != "false":
        return "the clone is shallow"
    if said.get("partial") != "0":
        return "the clone is partial: it leaves objects with its remote"
    if said.get("walked") != "0" or said.get("missing") != "0" or "unread" in said:
        return f"the repository lacks {said.get('missing', 'some')} objects of its history, or cannot read them"
    if fetch and "refs/heads/*" not in fetch and "refs/*" not in fetch:
        return "the clone has one branch only"
    return ""


HISTORY = Fact("history", parse_history, (HISTORY_PROBE,))
