"""What people declare: attestations, waivers, and items that do not apply. Each is dated, signed by a role, and ends."""

from __future__ import annotations

import os
import shutil
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pytest_zebu.catalogue import Catalogue, UnknownItem
from pytest_zebu.errors import UsageProblem, explain

Words = Annotated[str, Field(min_length=3, max_length=2000)]
Role = Annotated[str, Field(min_length=2, max_length=100)]
DEFAULT_VALID_DAYS = 92


class Attestation(BaseModel):
    """A person's word on an item, with evidence."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    statement: Words
    by: Role
    on: date
    valid_days: Annotated[int, Field(gt=0, le=366)] = DEFAULT_VALID_DAYS
    evidence: Annotated[tuple[Words, ...], Field(min_length=1)]

    @property
    def until(self) -> date:
        """The last day on which it holds."""
        return self.on + timedelta(days=self.valid_days)

    @property
    def summary(self) -> str:
        """One line for reports."""
        return f"attested by {self.by} on {self.on}, until {self.until}: {self.statement}"


class Waiver(BaseModel):
    """A risk that somebody accepted, for a time."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    id: str
    reason: Words
    approver: Role
    since: date = Field(alias="from")
    until: date


class NotApplicable(BaseModel):
    """A conditional item whose condition is not given here."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    reason: Words
    approver: Role


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    attestation: tuple[Attestation, ...] = ()
    waiver: tuple[Waiver, ...] = ()
    not_applicable: tuple[NotApplicable, ...] = ()


@dataclass(frozen=True, slots=True)
class Records:
    """All that people declared, checked against the catalogue."""

    attestations: Mapping[str, Attestation] = field(default_factory=dict)
    waivers: Mapping[str, Waiver] = field(default_factory=dict)
    not_applicable: Mapping[str, NotApplicable] = field(default_factory=dict)

    def attestation(self, item_id: str, today: date) -> Attestation | None:
        """The attestation that holds today."""
        found = self.attestations.get(item_id)
        return found if found and found.on <= today <= found.until else None

    def waiver(self, item_id: str, today: date) -> Waiver | None:
        """The waiver that holds today."""
        found = self.waivers.get(item_id)
        return found if found and found.since <= today <= found.until else None

    def lapsed(self, item_id: str, today: date) -> str:
        """Why an attestation on record does not hold, if there is one."""
        found = self.attestations.get(item_id)
        if found is None or self.attestation(item_id, today):
            return ""
        if found.on > today:
            return f"the attestation is dated in the future ({found.on})"
        return f"the attestation by {found.by} expired on {found.until}"


def append(path: Path, attestation: Attestation) -> None:
    """Add an attestation to a file, at once: a reader sees all of it or nothing. What is there stays as it is written."""
    known = path.read_text(encoding="utf-8") if path.exists() else ""
    data = attestation.model_dump(mode="python")
    block = tomli_w.dumps({"attestation": [{**data, "evidence": list(attestation.evidence)}]})
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(f"{known.rstrip()}\n\n{block}".lstrip())
    if path.exists():
        shutil.copymode(path, name)
    else:
        Path(name).chmod(0o644)
    Path(name).replace(path)


def read(path: Path, catalogue: Catalogue, *, required: bool) -> Records:
    """Read and check a file of attestations.

    Raises:
        UsageProblem: it cannot be read, has an unknown key or id, or waives what is non-negotiable.
    """
    if not path.exists():
        if required:
            raise UsageProblem(f"{path}: no such file (evidence.attestations names it)")
        return Records()
    try:
        parsed: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        file = _File.model_validate(parsed)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageProblem(f"{path}: {error}") from None
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
    # The newest attestation of an item counts.
    attestations = {record.id: record for record in sorted(file.attestation, key=lambda record: record.on)}
    return Records(
        attestations,
        {record.id: record for record in file.waiver},
        {record.id: record for record in file.not_applicable},
    )
