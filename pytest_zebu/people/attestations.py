"""What people declare: attestations, waivers, and items that do not apply. Each is dated, signed by a role, and ends."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal

import tomli_w
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, ValidationError

from pytest_zebu.catalogue import Catalogue, Item, UnknownItem
from pytest_zebu.facts.answer import Unknown
from pytest_zebu.files import MIB, digest, followed, locked, read_bytes, why, write_whole
from pytest_zebu.redaction import redacted
from pytest_zebu.settings.errors import UsageProblem, explain, parsed, toml
from pytest_zebu.settings.sections import Day, without_login
from pytest_zebu.shown import visible
from pytest_zebu.verdict.settle import Declared, Word

TEXT_LIMIT = 100_000


def _seen(value: Any) -> Any:
    """What can be seen of a text: blanks, terminal escapes and what has no shape are nobody's word."""
    return visible(value[:TEXT_LIMIT]).strip() if isinstance(value, str) else value


Words = Annotated[str, Field(min_length=3, max_length=2000), BeforeValidator(_seen)]
Role = Annotated[str, Field(min_length=2, max_length=100), BeforeValidator(_seen)]
Id = Annotated[str, Field(min_length=1, max_length=200)]
SIZE_LIMIT = 4 * MIB
MOST_RECORDS = 5_000
MOST_EVIDENCE = 50
EVIDENCE_LIMIT = 256 * MIB
"""Of a file that is evidence."""
EVIDENCE_TOGETHER = 1024 * MIB
DEFAULT_VALID_DAYS = 92
"""A quarter: nobody knows for longer than that what they once saw."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class FileEvidence(_Record):
    """A file beside the attestations, as it was when somebody signed for it."""

    file: Annotated[str, Field(min_length=1, max_length=500)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

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

    url: Annotated[str, Field(pattern=r"^https?://[^\s]+$", max_length=2000), AfterValidator(without_login)]

    @property
    def summary(self) -> str:
        """One line for reports."""
        return self.url


class CommitEvidence(_Record):
    """A commit that shows it."""

    commit: Annotated[str, Field(pattern=r"^[0-9a-f]{7,64}$")]

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


class Attestation(_Record):
    """A person's word on an item, with evidence.

    Attributes:
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
    evidence: Annotated[tuple[Evidence, ...], Field(min_length=1, max_length=MOST_EVIDENCE)]

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
    """A risk that somebody accepted, for a time."""

    id: Id
    reason: Words
    approver: Role
    since: Day = Field(alias="from")
    until: Day


class NotApplicable(_Record):
    """A conditional item whose condition is not given here."""

    id: Id
    reason: Words
    approver: Role


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    attestation: Annotated[tuple[Attestation, ...], Field(max_length=MOST_RECORDS)] = ()
    waiver: Annotated[tuple[Waiver, ...], Field(max_length=MOST_RECORDS)] = ()
    not_applicable: Annotated[tuple[NotApplicable, ...], Field(max_length=MOST_RECORDS)] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """An attestation as it stands: until when it holds, or why it does not; and what its file's history says of it."""

    record: Attestation
    until: date
    trouble: str = ""
    history: str = ""

    def holds(self, today: date) -> bool:
        """Whether it counts on a day."""
        return not self.trouble and self.record.on <= today <= self.until

    def lapse(self, today: date) -> str:
        """Why it does not count on a day; empty if it does."""
        if self.holds(today):
            return ""
        if self.record.on > today:
            return f"the attestation is dated in the future ({self.record.on})"
        if self.trouble:
            return f"the attestation by {self.record.by} is void: {self.trouble}"
        return f"the attestation by {self.record.by} expired on {self.until}"

    @property
    def summary(self) -> str:
        """One line for reports."""
        verb = "attested" if self.record.result == "passed" else "attested to have failed"
        statement = redacted(self.record.statement, words=False)
        return f"{verb} by {self.record.who} on {self.record.on}, until {self.until}: {statement}"

    @property
    def evidence(self) -> tuple[str, ...]:
        """What was given as evidence, and what the file's history says."""
        summaries = (redacted(one.summary, words=False) for one in self.record.evidence)
        return (*summaries, *([self.history] if self.history else []))


@dataclass(frozen=True, slots=True)
class Records:
    """All that people declared, checked against the catalogue. Of an item's attestations the newest counts."""

    attestations: Mapping[str, Standing] = field(default_factory=dict)
    waivers: Mapping[str, Waiver] = field(default_factory=dict)
    not_applicable: Mapping[str, NotApplicable] = field(default_factory=dict)

    def attestation(self, item_id: str, today: date) -> Standing | None:
        """The attestation that holds today."""
        found = self.attestations.get(item_id)
        return found if found and found.holds(today) else None

    def waiver(self, item_id: str, today: date) -> Waiver | None:
        """The waiver that holds today."""
        found = self.waivers.get(item_id)
        return found if found and found.since <= today <= found.until else None

    def declared(self, item_id: str, today: date) -> Declared:
        """What stands for an item on a day."""
        excluded, standing = self.not_applicable.get(item_id), self.attestation(item_id, today)
        waiver = self.waiver(item_id, today)
        why_excluded = f"declared not applicable by {excluded.approver}: {excluded.reason}" if excluded else ""
        why_waived = f"waived by {waiver.approver} until {waiver.until}: {waiver.reason}" if waiver else ""
        return Declared(
            not_applicable=redacted(why_excluded, words=False),
            attestation=(
                Word(standing.summary, standing.record.result == "failed", standing.evidence) if standing else None
            ),
            waiver=redacted(why_waived, words=False),
            lapsed=self.lapsed(item_id, today),
        )

    def lapsed(self, item_id: str, today: date) -> str:
        """Why an attestation or a waiver on record does not hold, if there is one."""
        found = self.attestations.get(item_id)
        if found is not None:
            return found.lapse(today)
        waiver = self.waivers.get(item_id)
        if waiver is None or self.waiver(item_id, today):
            return ""
        return (
            f"the waiver by {waiver.approver} begins on {waiver.since}" if waiver.since > today
            else f"the waiver by {waiver.approver} ended on {waiver.until}"
        )  # fmt: skip


def append(path: Path, attestation: Attestation) -> None:
    """Add an attestation to a file, at once: a reader sees all of it or nothing. What is there stays as it is written.

    Raises:
        OSError: it cannot be written, or somebody else is writing for long.
        ValueError: it is no file that an attestation can be added to; the text says why.
    """
    data = attestation.model_dump(mode="python", exclude_none=True)
    if attestation.result == "passed":
        del data["result"]
    block = tomli_w.dumps({"attestation": [{**data, "evidence": list(data["evidence"])}]})
    with locked(path.parent):
        file = followed(path)
        known = read_bytes(file, SIZE_LIMIT).decode() if file.exists() else ""
        if "\r\n" in known:
            block = f"\n\n{block}".replace("\n", "\r\n")
            text = f"{known.rstrip()}{block}"
        else:
            text = f"{known.rstrip()}\n\n{block}".lstrip()
        toml(text.removeprefix("\ufeff"))  # records that are written as `attestation = [...]` cannot be added to
        write_whole(file, text)


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
            item = catalogue[record.id]
        except UnknownItem as error:
            raise UsageProblem(f"{path}: {error}") from None
        if isinstance(record, Waiver | NotApplicable) and item.non_negotiable:
            raise UsageProblem(f"{path}: {item.id} is non-negotiable: it cannot be waived or declared not applicable")
        if isinstance(record, NotApplicable) and not item.conditional:
            raise UsageProblem(f"{path}: {item.id} is not conditional in the checklist, so it always applies")
        if isinstance(record, Waiver) and record.until < record.since:
            raise UsageProblem(f"{path}: the waiver of {item.id} ends before it begins")
    histories = _histories(path, text) if with_history else ()
    standings = []
    shelf = Shelf(path.parent, project or path.parent)
    for number, record in enumerate(file.attestation):
        history = histories[number] if number < len(histories) else ""
        standings.append(_standing(record, catalogue[record.id], shelf, approved, history))
    return Records(
        {standing.record.id: standing for standing in sorted(standings, key=lambda one: one.record.on)},
        {record.id: record for record in sorted(file.waiver, key=lambda one: one.until)},
        {record.id: record for record in file.not_applicable},
    )


def _standing(record: Attestation, item: Item, shelf: Shelf, approved: tuple[str, ...], history: str) -> Standing:
    troubles = [shelf.trouble(one) for one in record.evidence if isinstance(one, FileEvidence)]
    if any(fnmatchcase(record.id, pattern) for pattern in approved):
        if record.approver is None:
            troubles.append("nobody approved it (evidence.approved asks for it)")
        elif record.approver.casefold() == record.by.casefold():
            troubles.append(f"{record.by} approved their own word (evidence.approved asks for another)")
    trouble = next((text for text in troubles if text), "")
    return Standing(record, record.on + timedelta(days=record.days(item)), trouble, history)


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
