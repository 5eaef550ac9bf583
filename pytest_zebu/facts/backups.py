"""The dumps that are there, here and on other storage, and what other tools keep."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from pytest_zebu.facts import dumps
from pytest_zebu.facts.answer import Garbled, Known, Missing, Reason, Unknown, moment_of, whole_number
from pytest_zebu.facts.clock import FUTURE, Clock, clock_of
from pytest_zebu.facts.dumps import Listing, family
from pytest_zebu.facts.fact import Fact, Gathered, Probe
from pytest_zebu.facts.lines import Record, records
from pytest_zebu.settings.target import Target

PROBE = Probe(
    "backups",
    file="backups.pl",
    uses=(
        "quiet.pl",
        "dumps.pl",
    ),
    root=True,
    timeout=28,
    takes=0.4,
)
MEMORY = frozenset({"tmpfs", "ramfs", "devtmpfs", "hugetlbfs"})
HYPERVISORS = frozenset({"9p", "virtiofs", "vboxsf", "fuse.vmhgfs-fuse", "prl_fs"})
LAYERS = frozenset({"overlay", "aufs", "squashfs", "rootfs"})
DENSE = frozenset({"ext2", "ext3", "ext4", "xfs", "f2fs", "jfs"})
"""File systems that do not compress: a file that holds less than its size has holes."""
BLOCK = 4096


class Dump(Struct, frozen=True):
    """A file, or a folder that pg_dump made.

    Attributes:
        size: bytes; of a file with holes, those that are there.
        length: bytes with the holes.
    """

    name: str
    size: int
    made: datetime
    length: int | None = None


class Saved(Struct, frozen=True):
    """A backup in a repository.

    Attributes:
        made: when it was ended.
        state: done, failed, unknown.
        cluster: the system identifier of the server that it is of; empty where it is not told.
    """

    name: str
    made: datetime | None
    state: str
    cluster: str


class Repository(Struct, frozen=True):
    """A folder in which a tool keeps backups its own way."""

    tool: str
    folder: str
    saved: tuple[Saved, ...]


class Listed(Struct, frozen=True):
    """What is in a folder.

    Attributes:
        dumps: oldest first.
        left_out: of a list that was too long, how many are not in it; neither the newest nor the oldest are.
        bytes_left_out: what they hold.
        is_whole: every folder in it could be read.
    """

    dumps: tuple[Dump, ...] = ()
    repositories: tuple[Repository, ...] = ()
    left_out: int = 0
    bytes_left_out: int = 0
    is_whole: bool = True


class Copy(Struct, frozen=True):
    """Where the copies are.

    Attributes:
        same_storage: why it is no other storage; empty if it is.
        doubt: why it is not known whether it is.
    """

    where: str
    same_storage: str
    dumps: tuple[Dump, ...]
    doubt: str = ""
    repositories: tuple[Repository, ...] = ()
    is_whole: bool = True


class Backups(Struct, frozen=True):
    """Dumps on the machine, newest last, and their copies.

    Attributes:
        available: free bytes on their file system.
        now: the moment of looking, by the machine's clock.
        ahead: by how much that is ahead of ours.
        content: what is in the newest, where it was looked into.
        is_elsewhere: they lie on another machine's storage already.
        beside: files that are kept beside them, and are none of this database.
    """

    dumps: tuple[Dump, ...]
    available: int
    copy: Known[Copy] | Unknown
    now: datetime
    content: Listing | None = None
    repositories: tuple[Repository, ...] = ()
    left_out: int = 0
    bytes_left_out: int = 0
    is_whole: bool = True
    is_elsewhere: bool = False
    beside: tuple[str, ...] = ()
    cluster: str = ""
    ahead: timedelta = timedelta()

    @property
    def clock(self) -> Clock:
        """The machine's clock, and ours."""
        return Clock(self.now, self.ahead)

    @property
    def newest(self) -> Dump | None:
        """The youngest dump."""
        return self.dumps[-1] if self.dumps else None

    @property
    def earlier(self) -> tuple[Dump, ...]:
        """Those before it that are called like it; all, where none is."""
        if not self.dumps:
            return ()
        alike = tuple(dump for dump in self.dumps[:-1] if family(dump.name) == family(self.dumps[-1].name))
        return alike or self.dumps[:-1]

    def age(self, dump: Dump) -> timedelta:
        """How old a dump is."""
        return self.now - dump.made

    def is_of_the_future(self, dump: Dump) -> bool:
        """Whether its date says nothing: it is yet to come."""
        return dump.made - self.now > FUTURE


class Place(Struct, frozen=True):
    """Where a folder lies.

    Attributes:
        kind: of its file system.
        id: the file system itself.
        host: whose it is, where it comes over the network: own, other, unresolved, tunnel; `-` where it does not.
        disks: those under it.
    """

    kind: str
    id: str
    host: str
    disks: frozenset[str]
    source: str


def _place(one: Record) -> Place:
    _, kind, identity, host, disks, source = one.fields(6)
    return Place(kind, identity, host, frozenset(disks.split(",")) - {"-"}, source)


def not_elsewhere(place: Place, beside: Place | None = None) -> tuple[str, str]:
    """Why a place is not another machine's storage, or else why that is not known; both empty where it is.

    Args:
        place: of the copies, or of the dumps.
        beside: where the dumps are that are copied to it.
    """
    if place.kind in MEMORY or "memory" in place.disks:
        return f"it is in the machine's memory ({place.kind})", ""
    if place.host == "own":
        return f"{place.source} is this machine", ""
    if place.host == "other" or (place.disks and all(disk.startswith("net:") for disk in place.disks)):
        return "", ""
    if place.kind in HYPERVISORS:
        return "", f"it is a folder of the hypervisor's ({place.kind}): on which storage is not seen from here"
    if place.host == "tunnel":
        return "", f"{place.source} is the beginning of a tunnel: where that ends is not seen"
    if place.host == "unresolved":
        return "", f"{place.source} ({place.kind}): whose it is could not be seen"
    if beside is not None and place.id == beside.id:
        return "it is on the same file system as the dumps", ""
    if place.kind in LAYERS:
        return f"it is in the layers of a container ({place.kind})", ""
    if not place.disks or "?" in place.disks:
        return "", f"on which disk it is could not be seen ({place.kind}, {place.source})"
    shared = place.disks & beside.disks if beside is not None else frozenset()
    if shared:
        return f"it is on the same disk as the dumps ({', '.join(sorted(shared))})", ""
    return f"it is on another disk of this machine ({', '.join(sorted(place.disks))})", ""


WORDS = ("absent", "here", "copy", "place", "unmounted", "repository", "saved", "file", "cut", "unread")


def _dump(one: Record, kind: str) -> Dump:
    size, held, made, _, name = one.fields(5)
    length, blocks = whole_number(size, "the size of a dump"), whole_number(held, "the blocks of a dump")
    has_holes = kind in DENSE and blocks + BLOCK <= length
    made_at = datetime.fromtimestamp(float(made), UTC)
    return Dump(name, blocks, made_at, length) if has_holes else Dump(name, length, made_at)


def _saved(one: Record) -> Saved:
    made, state, cluster, name = one.fields(4)
    return Saved(
        name, moment_of(made, "when a backup was made") if made != "-" else None, state, cluster.replace("-", "")
    )  # fmt: skip


def _listed(found: Sequence[Record], kind: str) -> Listed:
    """One folder's part of the list. What is being written is no dump yet."""
    dumps: list[Dump] = []
    repositories: list[Repository] = []
    left_out = bytes_left_out = 0
    for one in found:
        match one.word:
            case "file":
                if one.fields(5)[3] != "w":
                    dumps.append(_dump(one, kind))
            case "repository":
                tool, folder = one.fields(2)
                repositories.append(Repository(tool, folder, ()))
            case "saved":
                if not repositories:
                    raise one.garbled()
                repositories[-1] = replace(repositories[-1], saved=(*repositories[-1].saved, _saved(one)))
            case "cut":
                left_out, bytes_left_out = (whole_number(word, "what was left out") for word in one.fields(2))
            case _:
                pass
    return Listed(
        tuple(sorted(dumps, key=lambda dump: (dump.made, dump.name))), tuple(repositories), left_out, bytes_left_out,
        not any(one.word == "unread" for one in found),
    )  # fmt: skip


def parse(gathered: Gathered, target: Target) -> Backups:
    """From what lies here and there; and from what is in the newest, where that was seen."""
    declared = target.settings.backups
    if declared.folder is None:
        raise Missing(Unknown(Reason.NOT_CONFIGURED, "backups.folder is not declared: where the dumps are kept"))
    clock = clock_of(gathered)
    try:
        found = records(gathered.said("backups").out, "the listing of dumps", WORDS)
        start = next((number for number, one in enumerate(found) if one.word == "copy"), len(found))
        here, there = found[:start], found[start:]
        if not here or here[0].word == "absent":
            if not here:
                raise Garbled("the listing of dumps")
            return Backups((), 0, Unknown(Reason.MISSING, f"{declared.folder} is not there"), clock.now)
        place = next((_place(one) for one in here if one.word == "place"), None)
        listed = _listed(here, place.kind if place else "")
        free = next((one.rest for one in here if one.word == "here"), "")
        copy = _copy(there, place, target)
        available = whole_number(free, "the free bytes")
    except (ValueError, OverflowError, OSError):
        raise Garbled("the listing of dumps") from None
    content = dumps.chosen(dumps.looked_into(gathered))
    beside = {family(name) for name in content.passed_over} - {family(content.contents.name)} if content else set()
    if isinstance(copy, Known):
        kept = tuple(dump for dump in copy.value.dumps if family(dump.name) not in beside)
        copy = Known(replace(copy.value, dumps=kept))
    return Backups(
        dumps=tuple(dump for dump in listed.dumps if family(dump.name) not in beside),
        available=available,
        copy=copy,
        now=clock.now,
        content=content,
        repositories=listed.repositories,
        left_out=listed.left_out,
        bytes_left_out=listed.bytes_left_out,
        is_whole=listed.is_whole,
        is_elsewhere=place is not None and not any(not_elsewhere(place)),
        beside=tuple(dump.name for dump in listed.dumps if family(dump.name) in beside),
        cluster=content.live.cluster if content else "",
        ahead=clock.ahead,
    )


def _copy(found: Sequence[Record], here: Place | None, target: Target) -> Known[Copy] | Unknown:
    where = target.settings.backups.copy_to or ""
    if not found:
        return Unknown(Reason.NOT_CONFIGURED, "backups.copy is not declared: where the dumps are copied")
    kind, _, rest = found[0].rest.partition(" ")
    place = next((_place(one) for one in found if one.word == "place"), None)
    listed = _listed(found, place.kind if place else "")
    unmounted = next((one.rest for one in found if one.word == "unmounted"), "")
    match kind:
        case "folder":
            same, doubt = not_elsewhere(place, here) if place else ("", "where it lies could not be seen")
            if unmounted and same:
                same = f"nothing is mounted on {unmounted}: {same}"
        case "host":
            whose, _, host = rest.partition(" ")
            same = f"{host} is this machine" if whose == "own" else ""
            doubt = f"{host}: which machine it is could not be seen" if whose == "unresolved" else ""
        case "unreachable":
            return Unknown(Reason.UNREACHABLE, f"the machine cannot list {where} on {rest} by ssh")
        case "unlisted":
            return Unknown(Reason.UNDECIDABLE, f"{rest} answers by ssh, and does not let {where} be listed with find")
        case "hung":
            return Unknown(Reason.TIMED_OUT, f"{where} could not be listed in time")
        case "absent":
            return Unknown(Reason.MISSING, f"{where} is not there")
        case _:
            raise Garbled("the listing of dumps")
    return Known(Copy(where, same, listed.dumps, doubt, listed.repositories, listed.is_whole))


FACT = Fact("backups", parse, (PROBE, dumps.PROBE))
