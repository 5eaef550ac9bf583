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
        reason: why it came out so, in a line.
        fix: how to mend it, as the check says.
        evidence: what was seen, by all cases and by none.
        broken: whether the check itself broke.
        pictures: captions with JPEG pictures in base64, for the HTML report.
        why: why the item matters, as the check says.
        see: what the check rests on.
        besides: what is wrong or unseen that belongs to no case: who accepts some cases does not accept it.
        lapsed: why a word on record does not count, where it would have; where the reason says so too, it ends with it.
    """

    item: str
    outcome: Outcome
    reason: str = ""
    fix: str = ""
    evidence: tuple[str, ...] = ()
    cases: tuple[Case, ...] = ()
    broken: bool = False
    pictures: tuple[tuple[str, str], ...] = ()
    why: str = ""
    see: str = ""
    besides: str = ""
    lapsed: str = ""

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
            **{key: data[key] for key in ("item", "reason", "fix", "broken", "why", "see", "besides", "lapsed")},
            outcome=Outcome(data["outcome"]),
            evidence=tuple(data["evidence"]),
            cases=cases,
            pictures=tuple((caption, picture) for caption, picture in data["pictures"]),
        )


def combine(cases: tuple[Case, ...]) -> tuple[Outcome, str]:
    """The outcome of an item from its cases: one failure fails it, one unseen case leaves it not assessed."""
    for outcome in (Outcome.FAILED, Outcome.NOT_ASSESSED):
        found = [case for case in cases if case.outcome is outcome]
        if found:
            return outcome, "; ".join(f"{case.name}: {case.reason}" for case in found)
    return Outcome.PASSED, ""
