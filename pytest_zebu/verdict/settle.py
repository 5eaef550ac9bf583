"""What people declared, applied to what a machine found."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pytest_zebu.catalogue import Item
from pytest_zebu.verdict.outcome import Finding, Outcome


@dataclass(frozen=True, slots=True)
class Word:
    """An attestation that holds.

    Attributes:
        summary: who says what, until when.
        is_failure: whether it says that the item failed.
        evidence: what was given as evidence.
    """

    summary: str
    is_failure: bool = False
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Declared:
    """What people declared of one item, as it stands on the day of the judgement; empty where nobody did.

    Attributes:
        not_applicable: who says why the item does not apply.
        attestation: the word that holds.
        waiver: who accepts a failure, until when and why.
        lapsed: why a word or a waiver on record does not hold.
    """

    not_applicable: str = ""
    attestation: Word | None = None
    waiver: str = ""
    lapsed: str = ""


def settle(item: Item, found: Finding, declared: Declared, profile: str) -> Finding:
    """Apply what people declared: an attestation fills what was not seen, a waiver accepts, an optional item advises.

    An attestation never turns a machine's failure into a pass, but one that says "failed" fails what a machine passed.
    Nothing is waived that is non-negotiable (the records refuse that when they are read).
    """
    if not found.broken and declared.not_applicable:
        return replace(found, outcome=Outcome.NOT_APPLICABLE, reason=declared.not_applicable)
    attestation = declared.attestation
    if attestation is not None and attestation.is_failure and not found.broken:
        both = "; ".join(part for part in (attestation.summary, found.reason) if part)
        found = replace(found, outcome=Outcome.FAILED, reason=both, evidence=(*found.evidence, *attestation.evidence))
    if found.outcome not in (Outcome.FAILED, Outcome.NOT_ASSESSED) or found.broken:
        return found
    if found.outcome is Outcome.NOT_ASSESSED and attestation is not None:
        seen = (*found.evidence, *attestation.evidence)
        return replace(found, outcome=Outcome.ATTESTED, reason=attestation.summary, evidence=seen)
    if declared.waiver:
        return replace(found, outcome=Outcome.WAIVED, reason=f"{declared.waiver} ({found.reason})")
    if found.outcome is Outcome.NOT_ASSESSED and declared.lapsed:
        found = replace(found, reason=f"{found.reason}; {declared.lapsed}")
    if item.is_optional_in(profile):
        return replace(found, outcome=Outcome.ADVICE)
    return found
