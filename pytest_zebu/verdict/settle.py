"""What people declared, applied to what a machine found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from pytest_zebu.catalogue import Item
from pytest_zebu.verdict.outcome import Case, Finding, Outcome

OPEN = (Outcome.FAILED, Outcome.NOT_ASSESSED)
MOST_NAMES = 6
"""Of cases, in one sentence."""


@dataclass(frozen=True, slots=True)
class Word:
    """Something that a person declared, and that holds.

    Attributes:
        summary: who says what, until when.
        is_failure: whether it says that the item failed.
        evidence: what was given as evidence.
        by: the role that signed, or that accepted the risk.
        on: when it was signed, or from when it holds.
        until: the last day on which it holds; nothing where it has no end.
        approver: who else looked at it.
        statement: what was said, without the rest of the summary.
        bound_to: what it speaks of and nothing else: the cases of a waiver, or what an attestation is about.
    """

    summary: str
    is_failure: bool = False
    evidence: tuple[str, ...] = ()
    by: str = ""
    on: date | None = None
    until: date | None = None
    approver: str = ""
    statement: str = ""
    bound_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Declared:
    """What people declared of one item, as it stands on the day of the judgement; empty where nobody did.

    Attributes:
        not_applicable: who says why the item does not apply.
        attestation: the word that holds.
        waivers: who accepts a failure, until when and why: of the item, or of the cases that they are bound to.
        lapsed: why a word or a waiver on record does not hold.
        doubt: why nobody can tell whether a word of failure still holds.
    """

    not_applicable: Word | None = None
    attestation: Word | None = None
    waivers: tuple[Word, ...] = ()
    lapsed: str = ""
    doubt: str = ""


def settle(item: Item, found: Finding, declared: Declared, profile: str) -> Finding:
    """Apply what people declared: an attestation fills what was not seen, a waiver accepts, an optional item advises.

    An attestation never turns a machine's failure into a pass, but one that says "failed" fails what a machine passed; where
    nobody can tell whether it still holds, the item is not assessed. A waiver that is bound to cases accepts these and nothing
    else. Nothing is waived that is non-negotiable (the records refuse that when they are read).
    """
    if found.broken:
        return found
    if declared.not_applicable is not None:
        return replace(found, outcome=Outcome.NOT_APPLICABLE, reason=declared.not_applicable.summary)
    found = _with_word_of_failure(found, declared)
    if declared.waivers and (needless := _needless(found, declared.waivers)):
        found = replace(found, evidence=(*found.evidence, *needless))
    if found.outcome not in OPEN:
        return found
    attestation = declared.attestation
    if found.outcome is Outcome.NOT_ASSESSED and attestation is not None:
        seen = (*found.evidence, *attestation.evidence)
        return replace(found, outcome=Outcome.ATTESTED, reason=attestation.summary, evidence=seen)
    waived, why_not = _waived(found, declared.waivers)
    if waived is not None:
        return waived
    if lapsed := _joined(why_not, declared.lapsed):
        found = replace(found, lapsed=lapsed)
    is_missed = found.outcome is Outcome.NOT_ASSESSED or why_not
    if is_missed and found.lapsed not in found.reason:
        found = replace(found, reason=_joined(found.reason, found.lapsed))
    if item.is_optional_in(profile):
        return replace(found, outcome=Outcome.ADVICE)
    return found


def _with_word_of_failure(found: Finding, declared: Declared) -> Finding:
    """What was found, with what a person says that is worse."""
    word = declared.attestation
    if word is not None and word.is_failure:
        return replace(
            found,
            outcome=Outcome.FAILED,
            reason=_joined(word.summary, found.reason),
            besides=_joined(word.summary, found.besides),
            evidence=(*found.evidence, *word.evidence),
        )
    if declared.doubt and found.outcome is not Outcome.FAILED:
        return replace(
            found,
            outcome=Outcome.NOT_ASSESSED,
            reason=_joined(found.reason, declared.doubt),
            besides=_joined(found.besides, declared.doubt),
        )
    return found


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def _waived(found: Finding, waivers: tuple[Word, ...]) -> tuple[Finding | None, str]:
    """What was found, accepted; or nothing, and what is open beyond the cases that are."""
    whole = next((one for one in waivers if not one.bound_to), None)
    if whole is not None:
        return replace(found, outcome=Outcome.WAIVED, reason=f"{whole.summary} ({found.reason})"), ""
    if not waivers:
        return None, ""
    are_open = [case for case in found.cases if case.outcome in OPEN]
    names = {name for one in waivers for name in one.bound_to}
    times = Counter(case.name for case in are_open)
    # Of two that go by one name nobody knows which was meant.
    left = [case for case in are_open if case.name not in names or times[case.name] > 1]
    if are_open and not left and not found.besides:
        needed = {case.name for case in are_open}
        reason = "; ".join(one.summary for one in waivers if needed & {*one.bound_to})
        return replace(found, outcome=Outcome.WAIVED, reason=f"{reason} ({found.reason})"), ""
    return None, f"{_scope(waivers)}: {_beyond(found, left, too=' too' if len(left) < len(are_open) else '')}"


def _scope(waivers: tuple[Word, ...]) -> str:
    """Whose waivers accept which cases."""
    said = [f"the waiver by {one.by} covers {_listed(one.bound_to)} only" for one in waivers]
    return " and ".join(said[:MOST_NAMES])


def _beyond(found: Finding, left: Iterable[Case], too: str) -> str:
    """What is open that no waiver accepts."""
    failing = [case.name for case in left if case.outcome is Outcome.FAILED]
    unseen = [case.name for case in left if case.outcome is Outcome.NOT_ASSESSED]
    parts = [f"{_listed(failing)} {'fails' if len(failing) == 1 else 'fail'}{too}"] if failing else []
    parts += [f"{_listed(unseen)} could not be seen"] if unseen else []
    # Of what the reason says already it is enough that it belongs to no case.
    besides = "" if found.besides in found.reason else f" ({found.besides})"
    parts += [f"what belongs to no case is open{too}{besides}"] if found.besides or not parts else []
    return ", and ".join(parts)


def _needless(found: Finding, waivers: tuple[Word, ...]) -> list[str]:
    """What waivers accept that needs it no more, or that is not there: noted, so that somebody takes it out."""
    if found.outcome is Outcome.PASSED:
        return [f"{_whose(one)} is needed no more: nothing fails" for one in waivers]
    outcomes = {case.name: case.outcome for case in found.cases}
    are_open = {case.name for case in found.cases if case.outcome in OPEN}
    notes = []
    for one in waivers if outcomes else ():
        well = [name for name in one.bound_to if name in outcomes and name not in are_open]
        if well:
            notes.append(f"{_whose(one)} is needed no more for {_listed(well)}")
        # A judgement that broke off may not have come to it.
        strange = [name for name in one.bound_to if name not in outcomes] if not found.besides else []
        if strange:
            there = f"the cases are {_listed(dict.fromkeys(outcomes))}"
            notes.append(f"{_whose(one)} names {_listed(strange)}, which is no case now: {there}")
    return notes


def _whose(waiver: Word) -> str:
    return f"the waiver by {waiver.by}"


def _listed(names: Iterable[str]) -> str:
    found = list(names)
    more = [f"{len(found) - MOST_NAMES} more"] if len(found) > MOST_NAMES else []
    return ", ".join([*found[:MOST_NAMES], *more])
