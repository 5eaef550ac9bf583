"""The dumps that are there, here and on other storage."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pytest_zebu.facts.answer import Garbled, Known, Missing, Reason, Unknown, moment_of
from pytest_zebu.facts.fact import Fact, Gathered, Need, Probe, key_values
from pytest_zebu.facts.lines import Record, records
from pytest_zebu.settings.target import Target

PROBE = Probe(
    "backups",
    file="backups.sh",
    root=True,
    timeout=12,
)

LISTING_PROBE = Probe(
    "backups.listing",
    file="backups-listing.sh",
    root=True,
    needs=(Need.DB_CONTAINER,),
    timeout=25,
)


@dataclass(frozen=True, slots=True)
class Dump:
    """A file.

    Attributes:
        size: bytes.
    """

    name: str
    size: int
    made: datetime


@dataclass(frozen=True, slots=True)
class Copy:
    """Where the copies are.

    Attributes:
        same_storage: why it is no other storage; empty if it is.
    """

    where: str
    same_storage: str
    dumps: tuple[Dump, ...]


@dataclass(frozen=True, slots=True)
class Backups:
    """Dumps on the machine, newest last, and their copies.

    Attributes:
        available: free bytes on their file system.
        now: the moment of looking, by the machine's clock.
    """

    dumps: tuple[Dump, ...]
    available: int
    copy: Known[Copy] | Unknown
    now: datetime

    @property
    def newest(self) -> Dump | None:
        """The youngest dump."""
        return self.dumps[-1] if self.dumps else None

    def age(self, dump: Dump) -> timedelta:
        """How old a dump is."""
        return self.now - dump.made


def _dump(one: Record) -> Dump:
    size, made, name = one.fields(3)
    return Dump(name, int(size), datetime.fromtimestamp(float(made), UTC))


def parse(gathered: Gathered, target: Target) -> Backups:
    """From find, here and there."""
    declared = target.settings.backups
    if declared.folder is None:
        raise Missing(Unknown(Reason.NOT_CONFIGURED, "backups.folder is not declared: where the dumps are kept"))
    now = moment_of(key_values(gathered.said("zebu.host").out).get("time", "0"), "the machine's time")
    here: list[Dump] = []
    there: list[Dump] = []
    current = here
    device, available = "", 0
    copy: list[str] = []
    try:
        for one in records(gathered.said("backups").out, "the listing of dumps", ("absent", "here", "copy", "file")):
            match one.word:
                case "absent":
                    return Backups((), 0, Unknown(Reason.MISSING, f"{declared.folder} is not there"), now)
                case "here":
                    device, free = one.fields(2)
                    available = int(free)
                case "copy":
                    copy, current = one.rest.split(), there
                case _:
                    current.append(_dump(one))
    except (ValueError, OverflowError, OSError):
        raise Garbled("the listing of dumps") from None
    found = tuple(sorted(here, key=lambda dump: dump.made))
    return Backups(found, available, _copy(copy, tuple(sorted(there, key=lambda dump: dump.made)), device, target), now)


def _copy(words: list[str], dumps: tuple[Dump, ...], device: str, target: Target) -> Known[Copy] | Unknown:
    where = target.settings.backups.copy_to or ""
    match words:
        case []:
            return Unknown(Reason.NOT_CONFIGURED, "backups.copy is not declared: where the dumps are copied")
        case ["folder", other, *_]:
            same = "it is on the same file system as the dumps" if other == device else ""
            return Known(Copy(where, same, dumps))
        case ["host", same, host]:
            return Known(Copy(where, f"{host} is this machine" if same == "1" else "", dumps))
        case ["unreachable", host]:
            return Unknown(Reason.UNREACHABLE, f"the machine cannot list {where} on {host} by ssh")
        case _:
            return Unknown(Reason.MISSING, f"{where} is not there")


@dataclass(frozen=True, slots=True)
class Listing:
    """The newest dump, as the database's own tools see it.

    Attributes:
        kind: custom, plain, empty.
        tables: tables of which it has data, as its list tells; nothing for plain text.
        is_whole: it was read to its end without an error; nothing where it is too large to be read in passing.
    """

    name: str
    size: int
    kind: str
    tables: int | None
    lists: bool
    is_whole: bool | None


def parse_listing(gathered: Gathered, target: Target) -> Listing:
    """From pg_restore, or the text's last line."""
    if target.settings.backups.folder is None:
        raise Missing(Unknown(Reason.NOT_CONFIGURED, "backups.folder is not declared: where the dumps are kept"))
    words = ("none", "dump", "kind", "entries", "read")
    found = records(gathered.said("backups.listing").out, "the listing of the newest dump", words)
    said = {one.word: one.rest for one in found}
    if "dump" not in said:
        raise Missing(Unknown(Reason.MISSING, f"there is no dump in {target.settings.backups.folder}"))
    try:
        size, name = said["dump"].split(" ", 1)
        status, tables = said.get("entries", "0 -1").split()
        return Listing(
            name, int(size), said["kind"], int(tables) if tables != "-1" else None, status == "0",
            said["read"] == "0" if "read" in said else None,
        )  # fmt: skip
    except (KeyError, ValueError):
        raise Garbled("the listing of the newest dump") from None


FACT = Fact("backups", parse, (PROBE,))
LISTING = Fact("dump_listing", parse_listing, (LISTING_PROBE,))
