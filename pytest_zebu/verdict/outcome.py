"""What was found about an item: the outcome, its reason, what was seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

AS_THEY_ARE = ("item", "reason", "fix", "broken", "why", "see", "besides", "lapsed")
"""Fields of a finding that are plain data themselves."""


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

    def says(self, reason: str) -> str:
        """The outcome and its reason in a line; where the reason begins with the outcome's own word, that is said once."""
        return reason if reason.startswith(f"{self.label} ") else f"{self.label}: {reason}"


class NotApplicable(Exception):
    """Raised by the judgement of a conditional item whose condition the settings rule out; the text says which."""


@dataclass(frozen=True, slots=True)
class Case:
    """One of the things that an item judges: a user, a container, a domain.

    Attributes:
        fix: how to mend what is wrong with this one, where the check knows more than the item's general way.
    """

    name: str
    outcome: Outcome
    reason: str = ""
    seen: tuple[str, ...] = ()
    fix: str = ""


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
        cases = [
            {"name": one.name, "outcome": one.outcome.value, "reason": one.reason, "seen": [*one.seen], "fix": one.fix}
            for one in self.cases
        ]
        return {
            **{name: getattr(self, name) for name in AS_THEY_ARE},
            "outcome": self.outcome.value,
            "evidence": [*self.evidence],
            "cases": cases,
            "pictures": [[*picture] for picture in self.pictures],
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Finding:
        """The finding that `as_data` wrote."""
        cases = tuple(
            Case(case["name"], Outcome(case["outcome"]), case["reason"], tuple(case["seen"]), case.get("fix", ""))
            for case in data["cases"]
        )
        return cls(
            **{name: data[name] for name in AS_THEY_ARE},
            outcome=Outcome(data["outcome"]),
            evidence=tuple(data["evidence"]),
            cases=cases,
            pictures=tuple((caption, picture) for caption, picture in data["pictures"]),
        )


MOST_NAMED = 6
"""Cases of one reason that the reason of their item names."""


def combine(cases: tuple[Case, ...]) -> tuple[Outcome, str]:
    """The outcome of an item from its cases: one failure fails it, one unseen case leaves it not assessed.

    What is wrong with several of them is said once, with their names.
    """
    for outcome in (Outcome.FAILED, Outcome.NOT_ASSESSED):
        names: dict[str, list[str]] = {}
        for case in cases:
            if case.outcome is outcome:
                names.setdefault(case.reason, []).append(case.name)
        if names:
            return outcome, "; ".join(f"{_listed(found)}: {reason}" for reason, found in names.items())
    return Outcome.PASSED, ""


def _listed(names: list[str]) -> str:
    """Some names; how many there are besides, where there are many."""
    distinct = list(dict.fromkeys(names))
    more = f" and {len(distinct) - MOST_NAMED} more" if len(distinct) > MOST_NAMED else ""
    return f"{', '.join(distinct[:MOST_NAMED])}{more}"
