"""What was found about an item: the outcome, its reason, what was seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from pytest_zebu.attestations import Records
from pytest_zebu.catalogue import Item


class Outcome(StrEnum):
    """The seven answers. Unknown is one of them, and is never a pass."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not_applicable"
    NOT_ASSESSED = "not_assessed"
    WAIVED = "waived"
    ATTESTED = "attested"
    ADVICE = "advice"

    @property
    def label(self) -> str:
        """The outcome in words."""
        return self.value.replace("_", " ")


class NotAssessed(Exception):
    """Raised by a judgement that cannot see what it needs; the text says why."""


class NotApplicable(Exception):
    """Raised by the judgement of a conditional item whose condition the settings rule out; the text says which."""


@dataclass(frozen=True, slots=True)
class Case:
    """One of the things that an item judges: a user, a container, a domain."""

    name: str
    outcome: Outcome
    reason: str = ""
    seen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """An item with its outcome.

    Attributes:
        pictures: captions with JPEG pictures in base64, for the HTML report.
    """

    item: str
    outcome: Outcome
    reason: str = ""
    fix: str = ""
    evidence: tuple[str, ...] = ()
    cases: tuple[Case, ...] = ()
    broken: bool = False
    pictures: tuple[tuple[str, str], ...] = ()

    def as_data(self) -> dict[str, Any]:
        """Plain data, which xdist can carry."""
        data = asdict(self)
        data["outcome"] = self.outcome.value
        data["evidence"] = list(self.evidence)
        data["pictures"] = [list(picture) for picture in self.pictures]
        data["cases"] = [
            {**case, "outcome": case["outcome"].value, "seen": list(case["seen"])} for case in data["cases"]
        ]
        return data

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Finding:
        """The finding that `as_data` wrote."""
        cases = tuple(
            Case(case["name"], Outcome(case["outcome"]), case["reason"], tuple(case["seen"])) for case in data["cases"]
        )
        return cls(
            data["item"],
            Outcome(data["outcome"]),
            data["reason"],
            data["fix"],
            tuple(data["evidence"]),
            cases,
            data["broken"],
            tuple((caption, picture) for caption, picture in data["pictures"]),
        )


def combine(cases: tuple[Case, ...]) -> tuple[Outcome, str]:
    """The outcome of an item from its cases: one failure fails it, one unseen case leaves it not assessed."""
    for outcome in (Outcome.FAILED, Outcome.NOT_ASSESSED):
        found = [case for case in cases if case.outcome is outcome]
        if found:
            return outcome, "; ".join(f"{case.name}: {case.reason}" for case in found)
    return Outcome.PASSED, ""


def settle(item: Item, found: Finding, records: Records, profile: str, today: date) -> Finding:
    """Apply what people declared: an attestation fills what was not seen, a waiver accepts, an optional item advises.

    An attestation never turns a machine's failure into a pass, but one that says "failed" fails what a machine passed.
    Nothing is waived that is non-negotiable (the records refuse that when they are read).
    """
    if not found.broken and (declared := records.not_applicable.get(item.id)):
        reason = f"declared not applicable by {declared.approver}: {declared.reason}"
        return replace(found, outcome=Outcome.NOT_APPLICABLE, reason=reason)
    attestation = records.attestation(item.id, today)
    if attestation is not None and attestation.record.result == "failed" and not found.broken:
        both = "; ".join(part for part in (attestation.summary, found.reason) if part)
        found = replace(found, outcome=Outcome.FAILED, reason=both, evidence=(*found.evidence, *attestation.evidence))
    if found.outcome not in (Outcome.FAILED, Outcome.NOT_ASSESSED) or found.broken:
        return found
    if found.outcome is Outcome.NOT_ASSESSED and attestation is not None:
        seen = (*found.evidence, *attestation.evidence)
        return replace(found, outcome=Outcome.ATTESTED, reason=attestation.summary, evidence=seen)
    if waiver := records.waiver(item.id, today):
        reason = f"waived by {waiver.approver} until {waiver.until}: {waiver.reason} ({found.reason})"
        return replace(found, outcome=Outcome.WAIVED, reason=reason)
    if found.outcome is Outcome.NOT_ASSESSED and (lapsed := records.lapsed(item.id, today)):
        found = replace(found, reason=f"{found.reason}; {lapsed}")
    if item.is_optional_in(profile):
        return replace(found, outcome=Outcome.ADVICE)
    return found
