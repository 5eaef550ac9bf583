"""What was found about an item: the outcome, its reason, what was seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


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
