"""The deployed git checkout. It is hostile too: git runs as its owner, and runs nothing of the checkout's own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from pytest_zebu.facts.answer import Garbled, NotAssessed, is_number
from pytest_zebu.facts.environment import by_checkout
from pytest_zebu.facts.fact import Fact, Gathered, Need, Probe
from pytest_zebu.facts.lines import records
from pytest_zebu.settings.target import Target

PROBE = Probe(
    "repository",
    file="repository.sh",
    uses=(
        "quiet.sh",
        "git.sh",
    ),
    needs=(Need.APP_DIR, Need.OWNER),
    owner=True,
    takes=0.4,
)
HISTORY_PROBE = Probe(
    "history",
    file="history.sh",
    uses=("quiet.sh", "git.sh", "history.pl"),
    needs=(Need.APP_DIR, Need.OWNER),
    owner=True,
    secrets=True,
    each=True,
    timeout=20,
    takes=0.2,
)
VERSION = re.compile(
    r"(?:(?!v?[0-9])([A-Za-z][A-Za-z0-9_-]*)[-_/@])?v?(([0-9]{1,9}(?:\.[0-9]{1,9}){1,3})(?:\+[0-9A-Za-z.-]+)?)"
)
"""A tag of a version: what stands before it, and the numbers; a single one is a branch's rather than a release's."""
RELEASE = frozenset({"", "release", "releases", "rel", "version", "ver"})
FIRST_YEAR = 1970
EARLY = frozenset({"alpha", "beta", "canary", "dev", "edge", "nightly", "pre", "preview", "rc", "snapshot", "test"})


class Tag(Struct, frozen=True):
    """A tag, and the commit that it names."""

    name: str
    commit: str

    @property
    def version(self) -> tuple[int, ...] | None:
        """The version that it names; none for a pre-release or another kind of name."""
        found = VERSION.fullmatch(self.name)
        if found is None or EARLY & {*re.split(r"[_-]", self.prefix)}:
            return None
        numbers = tuple(map(int, found[3].split(".")))
        return numbers + (0,) * (3 - len(numbers))

    @property
    def is_dated(self) -> bool:
        """Whether its version begins with a year, and not with what counts releases."""
        return self.version is not None and self.version[0] >= FIRST_YEAR

    @property
    def prefix(self) -> str:
        """What stands before the version: a word for releases, or the name of what is released."""
        found = VERSION.fullmatch(self.name)
        return (found[1] or "").lower() if found else ""

    @property
    def number(self) -> str:
        """The version as it stands there."""
        found = VERSION.fullmatch(self.name)
        return found[2] if found else ""


class CommittedSecrets(Struct, frozen=True):
    """What became of `.env` and of its values in the history of a checkout.

    Attributes:
        is_partial: why the history is not all there; empty if it is.
        committed: `.env` files that some commit of some branch has added.
        holds_secret: some object holds the exact value of a present secret; nothing where none is known to look for.
        meant: examples and encrypted files that some commit has added.
        open: `.env` files that are there, and that the next commit may take along: neither tracked nor ignored.
        place: the checkout's path; empty for the deployed one.
        others: other checkouts of the project on the machine.
        unread: others that could not be searched, with why.
    """

    is_partial: str
    is_ignored: bool
    is_tracked: bool
    committed: tuple[str, ...]
    holds_secret: bool | None
    meant: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    place: str = ""
    others: tuple[CommittedSecrets, ...] = ()
    unread: tuple[str, ...] = ()


class Repository(Struct, frozen=True):
    """The checkout's state.

    Attributes:
        remote: the address of `origin`, without any credential.
        is_known: the remote has the commit: a branch of it as it was fetched, or what a fetch or the clone brought here. Nothing
            where that cannot be told: only a tag has it, which may have been made here.
        doubt: why it cannot be told, or that it was made here; empty if it is known.
        absent: how many files of the commit the repository does not hold, though it should.
        empty_submodules: submodules that are not checked out.
        uncompared: files that only a program of the checkout could compare with the commit; none of them runs.
    """

    head: str
    tags: tuple[Tag, ...]
    changes: tuple[str, ...]
    owner: str = ""
    remote: str = ""
    is_known: bool | None = False
    absent: int = 0
    empty_submodules: tuple[str, ...] = ()
    doubt: str = ""
    uncompared: tuple[str, ...] = ()

    def expect_compared(self) -> None:
        """Nothing, where every file could be compared.

        Raises:
            NotAssessed: some could be only by a program of the checkout.
        """
        if self.uncompared:
            raise NotAssessed(
                f"whether {self.uncompared[0]} differs, of {len(self.uncompared)}, only a filter of the checkout tells,"
                " which is not run (`git status` there, as its owner, makes git remember)"
            )

    @property
    def tags_at_head(self) -> tuple[Tag, ...]:
        """The tags that name exactly the commit that is checked out."""
        return tuple(tag for tag in self.tags if tag.commit == self.head)

    def is_release(self, tag: Tag) -> bool:
        """Whether a tag names a stable release of the whole project; what has another name may be a part of it."""
        own = self.remote.rstrip("/").removesuffix(".git").rpartition("/")[2].lower()
        return tag.version is not None and tag.prefix in RELEASE | {own}

    @property
    def releases(self) -> tuple[Tag, ...]:
        """The tags of stable releases that name exactly the commit that is checked out."""
        return tuple(filter(self.is_release, self.tags_at_head))

    @property
    def newest_release(self) -> Tag | None:
        """The tag of the newest stable release."""
        return max(filter(self.is_release, self.tags), key=lambda tag: tag.version or (), default=None)

    @property
    def describe(self) -> str:
        """The deployed version for people."""
        releases = self.releases
        return (releases[0].name if releases else self.head[:12]) + (" (dirty)" if self.changes else "")


def parse(gathered: Gathered, target: Target) -> Repository:
    """From rev-parse, for-each-ref and status."""
    head, owner, tags, changes, empty, uncompared = "", "", [], [], [], []
    more: dict[str, str] = {}
    single = ("remote", "known", "branches", "tagged", "given", "made", "shallow", "absent", "left")
    for one in records(
        gathered.said("repository").out, "git", ("head", "owner", "tag", "submodule", "change", "filtered", *single)
    ):
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
        elif word == "filtered":
            uncompared.append(rest)
        elif word in single:
            more[word] = rest.strip()
        else:
            changes.append(rest)
    if not re.fullmatch(r"[0-9a-f]{40}([0-9a-f]{24})?", head):
        raise Garbled("git gave no commit")
    if not owner:
        raise Garbled("whose the checkout is was not told")
    counts = {word: more.get(word, "0") for word in ("known", "branches", "tagged", "absent")}
    if not all(is_number(count) or (count == "?" and word != "absent") for word, count in counts.items()):
        raise Garbled("git said how much it holds in another way than known")
    is_known, doubt = _known({word: int(count) if count != "?" else None for word, count in counts.items()}, more)
    return Repository(
        head,
        tuple(tags),
        tuple(changes),
        owner,
        more.get("remote", ""),
        is_known,
        int(counts["absent"]),
        tuple(empty),
        doubt,
        tuple(uncompared),
    )


def _known(counts: Mapping[str, int | None], said: Mapping[str, str]) -> tuple[bool | None, str]:
    """Whether the remote has the commit; and what speaks against it."""
    if counts["known"] or "given" in said:
        return True, ""
    if None in counts.values():
        return None, "git cannot list the branches and tags that are here"
    if "made" in said:
        return False, f"it was made here ({said['made']}), and no branch of the remote has it"
    if "shallow" in said:
        return (
            None,
            "the clone is shallow: of the remote's branches only the newest commits are here, and it is none of them",
        )
    if not counts["branches"]:
        return None, "no branch of the remote was ever fetched here"
    if counts["tagged"]:
        return None, "only tags have it, and whether the remote has them cannot be told from here"
    return False, "no branch or tag of the remote has it"


FACT = Fact("repository", parse, (PROBE,))


def parse_history(gathered: Gathered, target: Target) -> CommittedSecrets:
    """From git, all branches and all objects: of the deployed checkout, and of each other on the machine."""
    deployed, *others = by_checkout(gathered.said("history").out)
    found, unread, is_whole = [], [], False
    for path, lines in others:
        said = dict(lines)
        if said.get("ended") != "done 0":
            unread.append(f"{path} ({said.get('ended', 'no answer')})")
            continue
        one = _history(path, lines)
        # What the deployed one lacks is in another that has the deployed commit, and all before it.
        is_whole = is_whole or (not one.is_partial and said.get("has") == "1")
        found.append(one)
    one = _history("", deployed[1])
    return replace(one, is_partial="" if is_whole else one.is_partial, others=tuple(found), unread=tuple(unread))


def _history(place: str, lines: Sequence[tuple[str, str]]) -> CommittedSecrets:
    said = dict(lines)
    if not {"shallow", "ignored", "tracked", "found"} <= said.keys():
        raise Garbled("the search of the history")
    committed, meant, bare = (
        tuple(value for key, value in lines if key == word) for word in ("committed", "meant", "open")
    )
    holds = {"1": True, "0": False}.get(said["found"])
    return CommittedSecrets(
        _lacking(said), said["ignored"] == "1", said["tracked"] != "0", committed, holds, meant, bare, place
    )


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
