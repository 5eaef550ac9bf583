"""What people declare: attestations, waivers, and items that do not apply. Each is dated, signed by a role, and ends."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, ValidationError

from pytest_zebu.catalogue import Catalogue, Item, UnknownItem
from pytest_zebu.facts.answer import Unknown
from pytest_zebu.facts.effort import bounded
from pytest_zebu.files import MIB, digest, followed, locked, read_bytes, why, write_whole
from pytest_zebu.people import subjects
from pytest_zebu.people.subjects import Sight, Subject
from pytest_zebu.redaction import redacted
from pytest_zebu.settings.errors import UsageProblem, explain, parsed, toml
from pytest_zebu.settings.sections import Day, without_login
from pytest_zebu.shown import visible
from pytest_zebu.verdict.settle import Declared, Word

if TYPE_CHECKING:  # what writes is imported where something is written
    from tomlkit.items import Array, InlineTable

TEXT_LIMIT = 100_000
BOM = "\ufeff"


def _seen(value: Any) -> Any:
    """What can be seen of a text: blanks, terminal escapes and what has no shape are nobody's word."""
    return visible(value[:TEXT_LIMIT]).strip() if isinstance(value, str) else value


Words = Annotated[str, Field(min_length=3, max_length=2000), BeforeValidator(_seen)]
Role = Annotated[str, Field(min_length=2, max_length=100), BeforeValidator(_seen)]
CaseName = Annotated[str, Field(min_length=1, max_length=300), BeforeValidator(_seen)]
Id = Annotated[str, Field(min_length=1, max_length=200)]
SIZE_LIMIT = 4 * MIB
MOST_RECORDS = 5_000
MOST_EVIDENCE = 50
EVIDENCE_LIMIT = 256 * MIB
"""Of a file that is evidence."""
EVIDENCE_TOGETHER = 1024 * MIB
DEFAULT_VALID_DAYS = 92
"""A quarter: nobody knows for longer than that what they once saw."""
LONGEST_WAIVER_DAYS = 366
"""A year, as for attestations: a risk that is accepted for longer is accepted for ever."""
MOST_CASES = 50
MOST_SUBJECTS = 10
ARRAY_LIMIT = MIB // 4
"""Of a file whose records stand in `attestation = [...]`: to add to it, it is read in a way that takes seconds for more."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class FileEvidence(_Record):
    """A file beside the attestations, as it was when somebody signed for it."""

    file: Annotated[str, Field(min_length=1, max_length=500)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="a SHA-256: 64 digits, as sha256sum prints it")]

    @property
    def summary(self) -> str:
        """One line for reports."""
        return f"{self.file} (sha256 {self.sha256[:12]})"


@dataclass(slots=True)
class Shelf:
    """Where files lie that are evidence: in the project's folder, or beside the attestations. Each is read once.

    Attributes:
        folder: from which their names start.
        project: the folder of the settings.
        left: how many bytes may still be read.
    """

    folder: Path
    project: Path
    left: int = EVIDENCE_TOGETHER
    read: dict[str, tuple[str, str]] = field(default_factory=dict)

    def trouble(self, evidence: FileEvidence) -> str:
        """Why a file is no evidence any more; empty if it is."""
        name = evidence.file
        if name not in self.read:
            self.read[name] = self._digest(name)
        found, why_not = self.read[name]
        if why_not:
            return f"its evidence {name} {why_not}"
        return "" if found == evidence.sha256 else f"its evidence {name} has changed since"

    def _digest(self, name: str) -> tuple[str, str]:
        """The digest of a file, or why there is none."""
        path = self.folder / name
        root = next((root for root in (self.folder, self.project) if inside(path, root)), None)
        if root is None:
            return "", f"lies outside of {self.project}"
        try:
            found, size = digest(path, min(EVIDENCE_LIMIT, self.left), root)
        except (OSError, ValueError) as error:
            return "", f"cannot be read ({why(error)})"
        self.left -= size
        return found, ""


def inside(path: Path, folder: Path) -> bool:
    """Whether a file lies in a folder, wherever links lead."""
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):  # a name that no file has, a link that leads to itself
        return False


class UrlEvidence(_Record):
    """An address where it can be read."""

    url: Annotated[
        str,
        Field(
            pattern=r"^https?://[^\s]+$",
            max_length=2000,
            description="an address that begins with https://",
            examples=["https://wiki.example.org/page"],
        ),
        AfterValidator(without_login),
    ]

    @property
    def summary(self) -> str:
        """One line for reports."""
        return self.url


class CommitEvidence(_Record):
    """A commit that shows it."""

    commit: Annotated[
        str, Field(pattern=r"^[0-9a-f]{7,64}$", description="a commit: 7 to 64 digits", examples=["0123456789ab"])
    ]

    @property
    def summary(self) -> str:
        """One line for reports."""
        return f"commit {self.commit[:12]}"


class CommandEvidence(_Record):
    """What a command said to the person who ran it."""

    command: Annotated[str, Field(min_length=2, max_length=500)]
    output: Annotated[str, Field(min_length=1, max_length=2000), BeforeValidator(_seen)]

    @property
    def summary(self) -> str:
        """One line for reports."""
        return f"{self.command}: {' '.join(self.output.split())[:200]}"


def _kind(value: Any) -> str | None:
    """The key that says which kind of evidence it is."""
    keys = value if isinstance(value, Mapping) else type(value).model_fields if isinstance(value, _Record) else ()
    return next((key for key in ("file", "url", "commit", "command") if key in keys), None)


Evidence = Annotated[
    Annotated[FileEvidence, Tag("file")]
    | Annotated[UrlEvidence, Tag("url")]
    | Annotated[CommitEvidence, Tag("commit")]
    | Annotated[CommandEvidence, Tag("command")],
    Discriminator(
        _kind,
        custom_error_type="evidence",
        custom_error_message="must be a table with one of: file and sha256; url; commit; command and output",
    ),
]


def _subject(text: str) -> str:
    return str(subjects.subject(text))


def _several(value: Any) -> Any:
    """One text stands for a list of one."""
    return (value,) if isinstance(value, str) else value


About = Annotated[
    tuple[Annotated[str, Field(max_length=300, examples=["postgres 16"]), AfterValidator(_subject)], ...],
    Field(min_length=1, max_length=MOST_SUBJECTS),
    BeforeValidator(_several),
]


class Attestation(_Record):
    """A person's word on an item, with evidence.

    Attributes:
        about: what it speaks of, in words that a run can compare: when one of them changes, it lapses.
        result: what was found; an item that is attested to have failed has failed.
        valid_days: for how long it holds; by default as long as the item's cadence, else a quarter.
        approver: who else looked at it.
    """

    id: Id
    result: Literal["passed", "failed"] = "passed"
    statement: Words
    by: Role
    on: Day
    valid_days: Annotated[int, Field(gt=0, le=366, strict=True)] | None = None
    approver: Role | None = None
    about: About | None = None
    evidence: Annotated[tuple[Evidence, ...], Field(min_length=1, max_length=MOST_EVIDENCE)]

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """What it is about."""
        return tuple(subjects.subject(text) for text in self.about or ())

    def days(self, item: Item) -> int:
        """For how many days it holds: no longer than the item allows."""
        limit = item.attested_days or item.cadence_days
        given = self.valid_days or limit or DEFAULT_VALID_DAYS
        return min(given, limit) if limit else given

    @property
    def who(self) -> str:
        """Who signed."""
        return f"{self.by}, approved by {self.approver}" if self.approver else self.by


class Waiver(_Record):
    """A risk that somebody accepted, for a time.

    Attributes:
        cases: the names of the cases that it accepts, whole; all of the item where none are given.
    """

    id: Id
    reason: Words
    approver: Role
    since: Day = Field(alias="from")
    until: Day
    cases: Annotated[tuple[CaseName, ...], Field(min_length=1, max_length=MOST_CASES)] | None = None

    def holds(self, today: date) -> bool:
        """Whether it counts on a day."""
        return self.since <= today <= self.until

    @property
    def word(self) -> Word:
        """What it says, for reports."""
        of = f", for {', '.join(self.cases)}" if self.cases else ""
        reason = redacted(self.reason, words=False)
        return Word(
            redacted(f"waived by {self.approver} until {self.until}{of}: {self.reason}", words=False),
            by=self.approver, on=self.since, until=self.until, statement=reason, bound_to=self.cases or (),
        )  # fmt: skip


class NotApplicable(_Record):
    """A conditional item whose condition is not given here."""

    id: Id
    reason: Words
    approver: Role

    @property
    def word(self) -> Word:
        """What it says, for reports."""
        summary = redacted(f"declared not applicable by {self.approver}: {self.reason}", words=False)
        return Word(summary, by=self.approver, statement=redacted(self.reason, words=False))


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    attestation: Annotated[tuple[Attestation, ...], Field(max_length=MOST_RECORDS)] = ()
    waiver: Annotated[tuple[Waiver, ...], Field(max_length=MOST_RECORDS)] = ()
    not_applicable: Annotated[tuple[NotApplicable, ...], Field(max_length=MOST_RECORDS)] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """An attestation as it stands.

    Attributes:
        until: the last day on which it holds.
        trouble: why it does not hold.
        history: what its file's history says of it.
        doubt: why nobody can tell whether it holds: what it is about was not seen.
    """

    record: Attestation
    until: date
    trouble: str = ""
    history: str = ""
    doubt: str = ""

    @property
    def is_sound(self) -> bool:
        """Whether it says what it says, whatever day it is."""
        return not self.trouble and not self.doubt

    def covers(self, today: date) -> bool:
        """Whether a day is between its first and its last."""
        return self.record.on <= today <= self.until

    def holds(self, today: date) -> bool:
        """Whether it counts on a day."""
        return self.is_sound and self.covers(today)

    def lapse(self, today: date) -> str:
        """Why it does not count on a day; empty if it does."""
        if self.holds(today):
            return ""
        if self.record.on > today:
            return f"the attestation is dated in the future ({self.record.on})"
        if self.trouble:
            return f"the attestation by {self.record.by} is void: {self.trouble}"
        if today > self.until:
            return f"the attestation by {self.record.by} expired on {self.until}"
        return f"whether the attestation by {self.record.by} still counts cannot be told: {self.doubt}"

    @property
    def summary(self) -> str:
        """One line for reports."""
        verb = "attested" if self.record.result == "passed" else "attested to have failed"
        statement = redacted(self.record.statement, words=False)
        about = f", about {', '.join(self.record.about)}" if self.record.about else ""
        return f"{verb} by {self.record.who} on {self.record.on}, until {self.until}{about}: {statement}"

    @property
    def evidence(self) -> tuple[str, ...]:
        """What was given as evidence, and what the file's history says."""
        summaries = (redacted(one.summary, words=False) for one in self.record.evidence)
        return (*summaries, *([self.history] if self.history else []))

    @property
    def word(self) -> Word:
        """What it says, for reports."""
        record = self.record
        return Word(
            self.summary, record.result == "failed", self.evidence, record.by, record.on, self.until,
            record.approver or "", redacted(record.statement, words=False), record.about or (),
        )  # fmt: skip

    def compared(self, sight: Sight) -> Standing:
        """The same, once a run has seen what it is about."""
        found = subjects.changed(self.record.subjects, sight)
        if isinstance(found, Unknown):
            return replace(self, doubt=found.detail)
        return replace(self, trouble=self.trouble or found.value, doubt="")


@dataclass(frozen=True, slots=True)
class Records:
    """All that people declared, checked against the catalogue.

    Attributes:
        attestations: of each item the one that counts, if it holds: the newest.
        waivers: of each item, the one that ends last first.
        candidates: all attestations, in their order, of items of which any is about something that changes. Of those that are
            about what is there, the newest counts.
    """

    attestations: Mapping[str, Standing] = field(default_factory=dict)
    waivers: Mapping[str, tuple[Waiver, ...]] = field(default_factory=dict)
    not_applicable: Mapping[str, NotApplicable] = field(default_factory=dict)
    candidates: Mapping[str, tuple[Standing, ...]] = field(default_factory=dict)

    def compared(self, sight: Sight) -> Records:
        """The same, once a run has seen what attestations are about. Until then those do not hold."""
        return self._chosen(lambda standing: standing.compared(sight))

    def at_their_word(self) -> Records:
        """The same, where nothing is seen, and nothing is judged: what attestations are about is taken to be as it was."""
        return self._chosen(lambda standing: replace(standing, doubt=""))

    def _chosen(self, look: Callable[[Standing], Standing]) -> Records:
        found = {}
        for item_id, standings in self.candidates.items():
            seen = [(standing, look(standing)) for standing in standings]
            # One that lapsed because of what it is about makes room for one of before, as those about another host do.
            still = [after for before, after in seen if after.trouble == before.trouble]
            found[item_id] = still[-1] if still else seen[-1][1]
        return replace(self, attestations={**self.attestations, **found})

    def facts(self, items: Iterable[str]) -> set[str]:
        """The facts with which attestations of these items are compared."""
        of = (standing for item_id in items for standing in self.candidates.get(item_id, ()))
        return {fact for standing in of for fact in subjects.facts_of(standing.record.subjects)}

    def attestation(self, item_id: str, today: date) -> Standing | None:
        """The attestation that holds today."""
        found = self.attestations.get(item_id)
        return found if found and found.holds(today) else None

    def holding(self, item_id: str, today: date) -> tuple[Waiver, ...]:
        """The waivers that hold today, of the item or of cases of it; the one that ends last first."""
        return tuple(waiver for waiver in self.waivers.get(item_id, ()) if waiver.holds(today))

    def waiver(self, item_id: str, today: date) -> Waiver | None:
        """The waiver that holds today: of the whole item, else the one that ends last."""
        found = self.holding(item_id, today)
        return next((waiver for waiver in found if not waiver.cases), found[0] if found else None)

    def declared(self, item_id: str, today: date) -> Declared:
        """What stands for an item on a day."""
        excluded, standing = self.not_applicable.get(item_id), self.attestation(item_id, today)
        newest = self.attestations.get(item_id)
        is_doubtful = newest and newest.doubt and not newest.trouble and newest.covers(today)
        return Declared(
            not_applicable=excluded.word if excluded else None,
            attestation=standing.word if standing else None,
            waivers=tuple(waiver.word for waiver in self.holding(item_id, today)),
            lapsed=self.lapsed(item_id, today),
            doubt=newest.lapse(today) if newest and is_doubtful and newest.record.result == "failed" else "",
        )

    def lapsed(self, item_id: str, today: date) -> str:
        """Why an attestation or a waiver on record does not hold, if there is one."""
        found = self.attestations.get(item_id)
        if found is not None:
            return found.lapse(today)
        waivers = self.waivers.get(item_id, ())
        if not waivers or self.holding(item_id, today):
            return ""
        waiver = waivers[0]
        return (
            f"the waiver by {waiver.approver} begins on {waiver.since}" if waiver.since > today
            else f"the waiver by {waiver.approver} ended on {waiver.until}"
        )  # fmt: skip


# Writing


def append(path: Path, record: Attestation | Waiver) -> None:
    """Add a record to a file, at once: a reader sees all of it or nothing. What is there stays as it is written.

    Raises:
        OSError: it cannot be written, or somebody else is writing for long.
        ValueError: it is no file that a record can be added to; the text says why.
    """
    key = "attestation" if isinstance(record, Attestation) else "waiver"
    entry = _plain(record)
    with locked(path.parent):
        file = followed(path)
        known = read_bytes(file, SIZE_LIMIT).decode() if file.exists() else ""
        said = toml(known.removeprefix(BOM))
        records = said.get(key, [])
        if not isinstance(records, list):
            raise ValueError(f"has {key} as something else than records: begin each with [[{key}]]")
        wanted = {**said, key: [*records, entry]}
        text = _with_block(known, key, entry)
        if not _says(text, wanted):  # they stand in a list, behind which no block can be
            text = _with_item(known, key, entry)
            if not _says(text, wanted) or not _holds(text, known):
                remedy = f"put a comma behind the last one, or begin each with [[{key}]]"
                raise ValueError(f"has a list of records that none can be added to: {remedy}")
        if len(text.encode()) > SIZE_LIMIT:
            raise ValueError(
                f"would be larger than {SIZE_LIMIT // MIB} MiB: move records that are over to another file"
            )
        write_whole(file, text)


def _plain(record: Attestation | Waiver) -> dict[str, Any]:
    """A record as TOML has it."""
    data = record.model_dump(exclude_defaults=True, by_alias=True)
    about = data.get("about", ())
    if len(about) == 1:
        data["about"] = about[0]
    return {name: list(value) if isinstance(value, tuple) else value for name, value in data.items()}


def _says(text: str, wanted: Mapping[str, Any]) -> bool:
    try:
        return toml(text.removeprefix(BOM)) == wanted
    except ValueError:
        return False


def _holds(text: str, known: str) -> bool:
    """Whether a text has all that another one has, in its order, with more between."""
    rest = iter(text)
    return all(one in rest for one in known)


def _block(key: str, entry: Mapping[str, Any]) -> str:
    """A record as a table of its own."""
    import tomlkit

    table = tomlkit.table()
    for name, value in entry.items():
        table.add(name, _evidence(value) if name == "evidence" else value)
    tables = tomlkit.aot()
    tables.append(table)
    document = tomlkit.document()
    document.append(key, tables)
    return document.as_string()


def _evidence(several: Iterable[Mapping[str, Any]]) -> Array:
    """A list with a line for each."""
    import tomlkit

    found = tomlkit.array()
    for one in several:
        found.add_line(_item(one), indent="  ")
    found.add_line(indent="")
    return found


def _item(entry: Mapping[str, Any]) -> InlineTable:
    """A record, or a part of one, in a line."""
    import tomlkit

    found = tomlkit.inline_table()
    for name, value in entry.items():
        found.append(name, [_item(one) for one in value] if name == "evidence" else value)
    return found


def _with_block(known: str, key: str, entry: Mapping[str, Any]) -> str:
    """A file's text with a record behind all others."""
    end = "\r\n" if "\r\n" in known else "\n"
    block = _block(key, entry).replace("\n", end)
    if not known.removeprefix(BOM).strip():
        return f"{known}{block}"
    gap = "" if known.endswith(end * 2) else end if known.endswith("\n") else end * 2
    return f"{known}{gap}{block}"


def _with_item(known: str, key: str, entry: Mapping[str, Any]) -> str:
    """A file's text with a record in the list that it has of them; empty where that cannot be done.

    Raises:
        ValueError: it is too large for that.
    """
    import tomlkit
    from tomlkit.items import Array

    if len(known) > ARRAY_LIMIT:
        raise ValueError(
            f"is larger than {ARRAY_LIMIT // 1024} KiB, and has a list of records: begin each with [[{key}]]"
        )

    def added() -> str:
        document = tomlkit.parse(known.removeprefix(BOM))
        records = document[key]
        if not isinstance(records, Array):
            return ""
        records.append(_item(entry))
        return f"{BOM if known.startswith(BOM) else ''}{document.as_string()}"

    try:
        return bounded(added, lambda error: "")
    except Exception:  # whatever the library makes of a stranger's file: nothing is added to it
        return ""


# Reading


_BLOCK = re.compile(r"^[ \t]*\[\[[ \t]*(\w+)[ \t]*\]\]", re.MULTILINE)


def read(
    path: Path,
    catalogue: Catalogue,
    *,
    required: bool,
    approved: tuple[str, ...] = (),
    with_history: bool = False,
    project: Path | None = None,
) -> Records:
    """Read and check a file of attestations.

    Args:
        path: the file.
        catalogue: the items that it may speak of.
        required: whether it must exist.
        approved: patterns of ids; an attestation of such an item counts if somebody else than its signer approved it.
        with_history: whether to ask git about each record.
        project: the folder in which files lie that are evidence; by default that of the file.

    Raises:
        UsageProblem: it cannot be read, has an unknown key or id, or waives what is non-negotiable.
    """
    try:
        text, said = parsed(path, SIZE_LIMIT)
        file = _File.model_validate(said)
    except FileNotFoundError:
        if required or path.is_symlink():
            raise UsageProblem(f"{path}: no such file (evidence.attestations names it)") from None
        return Records()
    except ValidationError as error:
        raise UsageProblem(explain(path, error, _File)) from None
    declared: tuple[Attestation | Waiver | NotApplicable, ...] = (*file.attestation, *file.waiver, *file.not_applicable)
    for record in declared:
        try:
            why_not = forbidden(record, catalogue[record.id])
        except UnknownItem as error:
            raise UsageProblem(f"{path}: {error}") from None
        if why_not:
            raise UsageProblem(f"{path}: {why_not}")
    histories = _histories(path, text) if with_history else ()
    standings = []
    shelf = Shelf(path.parent, project or path.parent)
    for number, record in enumerate(file.attestation):
        history = histories[number] if number < len(histories) else ""
        standings.append(_standing(record, catalogue[record.id], shelf, approved, history))
    standings.sort(key=lambda one: one.record.on)
    of_item: dict[str, list[Standing]] = {}
    for standing in standings:
        of_item.setdefault(standing.record.id, []).append(standing)
    waivers: dict[str, list[Waiver]] = {}
    for waiver in sorted(file.waiver, key=lambda one: one.until, reverse=True):
        waivers.setdefault(waiver.id, []).append(waiver)
    return Records(
        {item_id: several[-1] for item_id, several in of_item.items()},
        {item_id: tuple(several) for item_id, several in waivers.items()},
        {record.id: record for record in file.not_applicable},
        {item_id: tuple(several) for item_id, several in of_item.items() if any(one.doubt for one in several)},
    )


def forbidden(record: Attestation | Waiver | NotApplicable, item: Item) -> str:
    """Why a record cannot stand for an item; empty if it can."""
    if isinstance(record, Waiver | NotApplicable) and item.non_negotiable:
        return f"{item.id} is non-negotiable: it cannot be waived or declared not applicable"
    if isinstance(record, NotApplicable) and not item.conditional:
        return f"{item.id} is not conditional in the checklist, so it always applies"
    if isinstance(record, Waiver) and record.until < record.since:
        return f"the waiver of {item.id} ends before it begins"
    if isinstance(record, Waiver) and (record.until - record.since).days > LONGEST_WAIVER_DAYS:
        latest = record.since + timedelta(days=LONGEST_WAIVER_DAYS)
        return f"the waiver of {item.id} lasts longer than {LONGEST_WAIVER_DAYS} days: until = {latest} at the latest"
    return ""


def _standing(record: Attestation, item: Item, shelf: Shelf, approved: tuple[str, ...], history: str) -> Standing:
    troubles = [shelf.trouble(one) for one in record.evidence if isinstance(one, FileEvidence)]
    if any(fnmatchcase(record.id, pattern) for pattern in approved):
        if record.approver is None:
            troubles.append("nobody approved it (evidence.approved asks for it)")
        elif record.approver.casefold() == record.by.casefold():
            troubles.append(f"{record.by} approved their own word (evidence.approved asks for another)")
    trouble = next((text for text in troubles if text), "")
    doubt = f"it is about {', '.join(record.about)}, which nobody has looked at" if record.about else ""
    return Standing(record, record.on + timedelta(days=record.days(item)), trouble, history, doubt)


def _histories(path: Path, text: str) -> tuple[str, ...]:
    """What git says of each attestation in a file, in the file's order."""
    from pytest_zebu.people.versioned import changes_by_line

    lines = changes_by_line(path)
    starts = [(found.start(), found[1]) for found in _BLOCK.finditer(text)]
    ends = [*(start for start, _ in starts[1:]), len(text)] if starts else []
    found = []
    for (start, kind), end in zip(starts, ends, strict=True):
        if kind != "attestation":
            continue
        if isinstance(lines, Unknown):
            found.append(f"{path.name} {lines.detail}")
            continue
        block = text[start:end].rstrip()
        first = text.count("\n", 0, start)
        mine = lines[first : first + block.count("\n") + 1]
        if not mine or any(change.is_uncommitted for change in mine):
            found.append(f"not committed to {path.name} yet")
        else:
            newest = max(mine, key=lambda change: change.at)
            found.append(f"{path.name}: commit {newest.commit[:12]} of {newest.at:%Y-%m-%d}")
    return tuple(found)
