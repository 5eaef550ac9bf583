"""What the newest dumps have in them, told by their bytes, and what of it speaks against them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct, field

from pytest_zebu.facts.answer import Garbled, Missing, Reason, Unknown, lines_of, moment_of, whole_number
from pytest_zebu.facts.fact import Fact, Gathered, Need, Probe
from pytest_zebu.facts.lines import Record, records
from pytest_zebu.settings.target import Target

PROBE = Probe(
    "backups.listing",
    file="backups-listing.pl",
    uses=("quiet.pl", "dumps.pl", "dump-contents.pl", "dump-kinds.pl"),
    root=True,
    needs=(Need.DB_CONTAINER,),
    timeout=25,
    takes=0.5,
)
ARCHIVES = frozenset({"custom", "tar", "directory"})
TEXTS = frozenset({"plain", "cluster"})
NO_DUMPS = {
    "zeros": "has nothing but zeros in it",
    "html": "is a web page, and no dump",
    "error": "is what a program complained of, and no dump",
    "text": "is text, and no dump",
    "checksums": "is a list of checksums, and no dump",
    "signature": "is a signature, and no dump",
    "mysql": "is a dump of MySQL",
    "sqlite": "is a database of SQLite",
}
NOT_READ = {
    "zip": "is packed with zip, which is not looked into",
    "7z": "is packed with 7z, which is not looked into",
    "rar": "is packed with rar, which is not looked into",
    "tarball": "is a tar of other files, which are not looked into",
    "sql": "is SQL that pg_dump did not write",
    "binary": "is of a format that is not known",
    "unreadable": "cannot be opened",
}
CLOSED = frozenset(NOT_READ) - {"unreadable"}
"""Formats that are not looked into, of which what lies beside the dumps may be."""
NOT_PG_RESTORES_FAULT = re.compile(
    r"unsupported version|does not support compression|not built with|could not open output|"
    r"[Nn]o space left|quota exceeded|out of memory|[Cc]annot allocate|could not fork|[Tt]oo many open files|[Rr]esource temporarily"
)
ENOUGH_ROWS = 1000
"""Under so many, a day's use may double them."""
FARTHEST_ZONE = timedelta(hours=14)
"""A dump's own date has no zone: by so much it may be another moment in UTC."""
_DAYS = "|".join(f"{day}(?:day)?" for day in ("mon", "tues?", "wed(?:nes)?", "thu(?:rs)?", "fri", "sat(?:ur)?", "sun"))
_MONTHS = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:tember)?|oct(?:ober)?"
    "|nov(?:ember)?|dec(?:ember)?"
)
_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_DATES = re.compile(rf"{_UUID}|[0-9]+|(?<![a-z])(?:{_DAYS}|{_MONTHS})(?![a-z])", re.IGNORECASE)


def family(name: str) -> str:
    """A name without what changes from day to day."""
    return _DATES.sub("#", name)


class Live(Struct, frozen=True):
    """What the database has, for comparison.

    Attributes:
        rows: about how many, by table that has any.
        database: its name; empty where it was not seen.
        cluster: the system identifier of its server.
        revision: of its migrations.
    """

    rows: Mapping[str, int] = field(default_factory=dict)
    database: str = ""
    cluster: str = ""
    revision: str = ""


class Section(Struct, frozen=True):
    """What a dump has of one database.

    Attributes:
        rows: by table of which it has data; nothing where they were not counted.
        defined: the tables that it makes.
    """

    rows: Mapping[str, int | None]
    defined: frozenset[str]
    revision: str = ""


class Contents(Struct, frozen=True):
    """What is in a dump.

    Attributes:
        kind: custom, tar, directory, plain, cluster, empty, unknown, or what else it is.
        layers: the compressions that it lies in.
        sealed: what encrypted it.
        lacking: the program that is not there to unpack it with.
        dated: when it was made by its own word, which has no zone.
        database: of which it is, as an archive says.
        sections: by name of the database, empty where it is not named.
        end: reached, missing, unread, or empty where there is nothing to be read.
        restore: pg_restore's status; nothing where it was not asked, or could not be.
        complaint: what it complained of.
        is_partly: only a part of it was looked at.
    """

    name: str
    size: int
    made: datetime
    kind: str
    layers: tuple[str, ...] = ()
    sealed: str = ""
    lacking: str = ""
    dated: datetime | None = None
    database: str = ""
    sections: Mapping[str, Section] = field(default_factory=dict)
    end: str = ""
    restore: int | None = None
    complaint: str = ""
    is_partly: bool = False

    @property
    def described(self) -> str:
        """Its format, in words."""
        return " in ".join((self.kind, *reversed(self.layers))) if not self.sealed else f"encrypted ({self.sealed})"


class Listing(Struct, frozen=True):
    """The newest dump of the database, as far as can be seen: what is kept beside dumps is passed over.

    Attributes:
        passed_over: files that are newer, and of something else.
    """

    contents: Contents
    live: Live
    passed_over: tuple[str, ...] = ()

    @property
    def section(self) -> Section | None:
        """What it has of this database; nothing where it has none, or none that could be seen."""
        found = self.contents.sections
        if not self.live.database:
            return max(found.values(), key=lambda one: len(one.rows), default=None)
        # A plain dump names no database, unless it makes it; pg_restore's text does not either.
        return found.get(self.live.database) or (found.get("") if self.contents.kind != "cluster" else None)

    @property
    def why_none(self) -> str:
        """Why it is no backup of this database at all; empty where nothing says so."""
        return _why_none(self)

    @property
    def why_broken(self) -> str:
        """Why it is not whole; empty where nothing says so."""
        seen = self.contents
        if seen.end == "missing":
            return "cannot be read to its end: it was cut short"
        if seen.restore and seen.sections and is_about_the_dump(seen.complaint):
            return f"cannot be read by pg_restore: {seen.complaint}"
        left_out = _left_out(self)
        return f"has no data of {', '.join(sorted(left_out)[:5])}" if left_out else ""

    @property
    def few_rows(self) -> str:
        """That it has far fewer rows than the database: it may be old, or they came since; empty where it has not."""
        before, now = _counts(self)
        if before is None or before * 2 >= now or now < ENOUGH_ROWS:
            return ""
        return f"has {before} rows of about {now}: whether the others came since is not seen"

    @property
    def doubts(self) -> str:
        """What could not be seen of it; empty where all was."""
        return _doubts(self)


def is_about_the_dump(complaint: str) -> bool:
    """Whether pg_restore complains of what it reads: not of its own age or build, and not Docker of a container."""
    return complaint.startswith("pg_restore:") and not NOT_PG_RESTORES_FAULT.search(complaint)


def _is_garbled(seen: Contents) -> bool:
    """Whether others stand where the database's name was, as a terminal makes two of each end of a line: no name has such bytes."""
    return seen.kind in ARCHIVES and re.search(r"%[0189A-F][0-9A-F]|%7F|\ufffd", seen.database) is not None


def _why_none(one: Listing) -> str:
    seen, live = one.contents, one.live
    if seen.kind == "empty":
        return "is empty"
    if seen.kind in NO_DUMPS:
        return NO_DUMPS[seen.kind]
    if _is_garbled(seen):
        if not seen.restore or not is_about_the_dump(seen.complaint):
            return ""
        return "is an archive whose bytes were changed on their way, as `docker exec -t` does"
    if seen.kind not in ARCHIVES | TEXTS or seen.is_partly or (seen.kind in ARCHIVES and not seen.sections):
        return ""
    named = sorted(name for name in seen.sections if name)
    if live.database and named and live.database not in seen.sections and "" not in seen.sections:
        return f"is of {', '.join(named[:3])}, and not of {live.database}"
    if seen.end == "missing":
        return ""
    section = one.section
    if section is None and seen.kind == "cluster":
        return "has no database in it, but what belongs to the server"
    if section is None or not section.rows:
        return "has no table's data" if seen.end != "unread" else ""
    if not live.rows:
        return ""
    common = live.rows.keys() & section.rows.keys()
    if not common:
        return "has none of this database's tables"
    # After migrations most tables may be new.
    is_later = bool(section.revision and live.revision and section.revision != live.revision)
    if len(common) * 2 < len(live.rows) and not is_later:
        return f"has data of {len(common)} of the {len(live.rows)} tables that have any"
    return "has no row of any table" if _counts(one)[0] == 0 else ""


def _counts(one: Listing) -> tuple[int | None, int]:
    """The rows in it of tables that have any, where all were counted, and about how many they have now."""
    section = one.section
    if section is None or one.contents.end != "reached" or one.contents.is_partly:
        return None, 0
    common = one.live.rows.keys() & section.rows.keys()
    counted = [rows for table in common if (rows := section.rows[table]) is not None]
    if not common or len(counted) < len(common):
        return None, 0
    return sum(counted), sum(one.live.rows[table] for table in common)


def _absent(one: Listing) -> frozenset[str]:
    """The tables that have rows, of which it has no data."""
    section = one.section
    if section is None or not section.rows or one.contents.is_partly or one.contents.end == "unread":
        return frozenset()
    return frozenset(one.live.rows.keys() - section.rows.keys())


def _left_out(one: Listing) -> frozenset[str]:
    """Those of them that were there when it was made: it makes the table, or no migration has run since."""
    section, absent = one.section, _absent(one)
    if section is None:
        return frozenset()
    if section.revision and section.revision == one.live.revision:
        return absent
    return absent & section.defined


def _doubts(one: Listing) -> str:
    seen = one.contents
    if seen.sealed:
        return f"is encrypted ({seen.sealed}): what is in it a restore by who has the key can tell"
    if seen.lacking:
        return f"is packed with {seen.lacking}, which the machine has not"
    if seen.kind in NOT_READ:
        return NOT_READ[seen.kind]
    if _is_garbled(seen):
        return "has bytes where its database's name was that no name has: whether it can be restored is not known"
    if seen.kind not in ARCHIVES | TEXTS:
        return "is of a format that is not known"
    if seen.end == "unread" and seen.restore != 0:
        return "was not read to its end: it is too large to be read in passing, or not understood"
    if seen.is_partly:
        return "was not read whole: it is too large to be read in passing"
    if seen.restore and not is_about_the_dump(seen.complaint):
        return f"was not read by the database's pg_restore: {seen.complaint or f'exit status {seen.restore}'}"
    if more := _absent(one) - _left_out(one):
        return f"has no data of {', '.join(sorted(more)[:5])}: whether they were made since is not seen"
    return one.few_rows


def is_beside(one: Listing, dumps: Collection[str]) -> bool:
    """Whether it is something that is kept beside dumps: not of this database, or no dump, and none is called like it.

    Args:
        one: what is in a file, with what the database has.
        dumps: the families of what are dumps of this database.
    """
    return bool(one.why_none) and family(one.contents.name) not in dumps


WORDS = (
    "none", "live", "dump", "layer", "format", "sealed", "missing", "archive", "defined", "in", "data", "revision",
    "more", "partly", "end", "restore",
)  # fmt: skip


def _live(found: Sequence[Record]) -> Live:
    rows: dict[str, int] = {}

    said: dict[str, str] = {}
    for one in found:
        what, rest = one.fields(2)
        if what == "table":
            count, has, name = one.fields(4)[1:]

            if has == "rows":
                rows[name] = max(1, whole_number(count, "the rows of a table"))
        else:
            said[what] = rest
    return Live(
        rows, said.get("database", ""), said.get("cluster", ""), said.get("revision", "")
    )  # fmt: skip


def _own_date(moment: str) -> datetime | None:
    """What an archive says of its date; nothing where that is no date, as in one that was damaged."""
    try:
        return moment_of(moment, "when a dump was made") if moment != "0" else None
    except Garbled:
        return None


def _contents(found: Sequence[Record]) -> Contents:
    size, made, name = found[0].fields(3)
    said: dict[str, str] = {}
    layers: list[str] = []
    rows: dict[str, dict[str, int | None]] = {}
    defined: dict[str, set[str]] = {}
    revisions: dict[str, str] = {}
    current, dated, database = "", None, ""
    for one in found[1:]:
        match one.word:
            case "layer":
                layers.append(one.rest)
            case "archive":
                _, moment, _, database = one.fields(4)
                dated = _own_date(moment)
            case "in":
                current = one.rest
                rows.setdefault(current, {})
                defined.setdefault(current, set())
            case "data":
                count, table = one.fields(2)
                # What was counted is better than what was only listed.
                known = whole_number(count, "the rows of a table") if count != "-1" else None
                listed = rows.setdefault(current, {})
                listed[table] = known if known is not None else listed.get(table)
            case "defined":
                defined.setdefault(current, set()).add(one.rest)
            case "revision":
                revisions[current] = one.rest
            case _:
                said[one.word] = one.rest
    status, _, complaint = said.get("restore", "").partition(" ")
    return Contents(
        name, whole_number(size, "the size of a dump"), moment_of(made, "when a dump was made"), said["format"],
        tuple(layers), said.get("sealed", ""), said.get("missing", ""), dated, database,
        {one: Section(rows[one], frozenset(defined.get(one, ())), revisions.get(one, "")) for one in rows},
        said.get("end", ""), whole_number(status, "a status") if status not in ("", "late") else None, complaint.strip(),
        "more" in said or "partly" in said,
    )  # fmt: skip


def parse_all(text: str) -> tuple[Listing, ...]:
    """What was looked at, newest first.

    Raises:
        Garbled: it is no listing.
    """
    what = "the listing of the newest dumps"
    found = records(text, what, WORDS)
    groups: list[list[Record]] = []
    for one in found:
        if one.word == "dump":
            groups.append([one])
        elif groups and one.word not in ("none", "live"):
            groups[-1].append(one)
        elif one.word not in ("none", "live"):
            raise Garbled(what)
    live = _live([one for one in found if one.word == "live"])
    try:
        return tuple(Listing(_contents(group), live) for group in groups)
    except KeyError:
        raise Garbled(what) from None


def _is_ours(one: Listing) -> bool:
    """Whether it is a dump that has data of this database's tables."""
    section = one.section
    return (
        one.contents.kind in ARCHIVES | TEXTS
        and not one.why_none
        and section is not None
        and bool(one.live.rows.keys() & section.rows.keys())
    )


def chosen(found: Sequence[Listing]) -> Listing | None:
    """The newest that may be a dump of this database; or else the newest dump, or the newest of all."""
    # Looking goes on behind what is not looked into only to what may lie beside it: it ends with a dump of the database, if there is one.
    opened = [one for one in found if one.contents.kind in CLOSED] if found and _is_ours(found[-1]) else []
    dumps = {family(one.contents.name) for one in found if not one.why_none and one not in opened}
    ways = (
        lambda one: one not in opened and not is_beside(one, dumps),
        lambda one: one.contents.kind in ARCHIVES | TEXTS,
        bool,
    )
    for is_it in ways:
        for number, one in enumerate(found):
            if is_it(one):
                return Listing(one.contents, one.live, tuple(newer.contents.name for newer in found[:number]))
    return None


def parse(gathered: Gathered, target: Target) -> Listing:
    """From the bytes of the newest dumps, and what the database says."""
    if target.settings.backups.folder is None:
        raise Missing(Unknown(Reason.NOT_CONFIGURED, "backups.folder is not declared: where the dumps are kept"))
    text = gathered.said("backups.listing").out
    found = chosen(parse_all(text))
    if found is None:
        if "@none" not in lines_of(text):
            raise Garbled("the listing of the newest dumps")
        raise Missing(Unknown(Reason.MISSING, f"there is no dump in {target.settings.backups.folder}"))
    return found


def looked_into(gathered: Gathered) -> tuple[Listing, ...]:
    """What was looked into, where anything was."""
    try:
        return parse_all(gathered.said("backups.listing").out)
    except (Missing, Garbled):
        return ()


FACT = Fact("dump_listing", parse, (PROBE,))
