"""From outcomes to stage scores and verdicts: arithmetic on plain values, and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from pytest_zebu.catalogue import SCORED, THRESHOLDS, Catalogue, Item, Stage
from pytest_zebu.verdict.outcome import Finding, Outcome

NOT_RUN = "not run"


class Gate(StrEnum):
    """What makes the exit status fail."""

    SCORE = "score"
    STRICT = "strict"
    OFF = "off"


def percentage(share: Fraction) -> float:
    """A share in per cent, with one decimal, never rounded up."""
    return int(share * 1000) / 10


@dataclass(frozen=True, slots=True)
class Tally:
    """The counts of a stage, or of all, and what follows from them."""

    counts: Mapping[Outcome, int]
    threshold: int
    blockers: tuple[str, ...]
    partial: bool

    @property
    def total(self) -> int:
        """All items of the stage; the counts add up to it."""
        return sum(self.counts.values())

    @property
    def _counted(self) -> int:
        return self.total - self.counts[Outcome.NOT_APPLICABLE] - self.counts[Outcome.ADVICE]

    def _share(self, *outcomes: Outcome) -> Fraction | None:
        seen = self.total - self.counts[Outcome.NOT_ASSESSED]
        if self._counted == 0 or seen == 0:
            return None
        return Fraction(sum(self.counts[outcome] for outcome in outcomes), self._counted)

    @property
    def share(self) -> Fraction | None:
        """Passed and attested, of all that count; nothing where nothing was assessed."""
        return self._share(Outcome.PASSED, Outcome.ATTESTED)

    @property
    def share_with_waivers(self) -> Fraction | None:
        """The same, with what was waived."""
        return self._share(Outcome.PASSED, Outcome.ATTESTED, Outcome.WAIVED)

    @property
    def score(self) -> float | None:
        """`share` in per cent."""
        return None if self.share is None else percentage(self.share)

    @property
    def score_with_waivers(self) -> float | None:
        """`share_with_waivers` in per cent."""
        return None if self.share_with_waivers is None else percentage(self.share_with_waivers)

    @property
    def ready(self) -> bool:
        """The verdict: enough of the checklist holds, and nothing non-negotiable is open."""
        share = self.share_with_waivers
        return share is not None and share * 100 >= self.threshold and not self.blockers

    @property
    def why(self) -> str:
        """The reason of the verdict, in a line."""
        if self.share_with_waivers is None:
            return "nothing was assessed"
        parts = []
        if self.share_with_waivers * 100 < self.threshold:
            parts.append(f"{self.score_with_waivers} % is below {self.threshold} %")
        if self.blockers:
            parts.append(f"{len(self.blockers)} non-negotiable open: {', '.join(self.blockers[:3])}")
            if len(self.blockers) > 3:
                parts[-1] += ", ..."
        if not parts:
            waived = self.counts[Outcome.WAIVED]
            parts.append(f"threshold {self.threshold} % met" + (f", {waived} waived" if waived else ""))
        return "; ".join(parts) + ("; partial run" if self.partial else "")


@dataclass(frozen=True, slots=True)
class Readiness:
    """The state of one host."""

    findings: tuple[Finding, ...]
    stages: Mapping[Stage, Tally]
    overall: Tally
    selected: frozenset[str]

    @property
    def selected_stages(self) -> tuple[Stage, ...]:
        """The scored stages of which anything was selected."""
        return tuple(stage for stage in SCORED if self._any_selected(stage))

    def _any_selected(self, stage: Stage) -> bool:
        items = {finding.item for finding in self.of(stage)}
        return bool(items & self.selected)

    def of(self, stage: Stage) -> tuple[Finding, ...]:
        """The findings of a stage."""
        prefix = {
            Stage.PRE: "pre.",
            Stage.DEPLOY: "deploy.",
            Stage.POST: "post.",
            Stage.OPERATIONS: "ops.",
            Stage.INCIDENT: "incident.",
        }
        return tuple(finding for finding in self.findings if finding.item.startswith(prefix[stage]))

    @property
    def ready(self) -> bool:
        """Whether every selected stage is ready."""
        return bool(self.selected_stages) and all(self.stages[stage].ready for stage in self.selected_stages)

    def opens(self, gate: Gate) -> bool:
        """Whether the gate lets this through.

        Complete stages are judged by their verdict. A partial selection cannot be: it fails on a failed item, or one
        not assessed, among the selected.
        """
        if gate is Gate.OFF:
            return True
        chosen = [finding for finding in self.findings if finding.item in self.selected]
        if any(finding.broken for finding in chosen):
            return False
        if gate is Gate.STRICT and any(finding.outcome is Outcome.FAILED for finding in chosen):
            return False
        partial = {stage for stage in Stage if stage not in SCORED or self.stages[stage].partial}
        shut = (Outcome.FAILED, Outcome.NOT_ASSESSED)
        whole = {stage for stage in SCORED if stage not in partial}
        for stage in partial:
            mine = [finding for finding in self.of(stage) if finding.item in self.selected]
            # Tasks and incidents are no part of the score: they only count where nothing else was asked for.
            if stage not in SCORED and self.selected_stages:
                continue
            if any(finding.outcome in shut for finding in mine):
                return False
        return all(self.stages[stage].ready for stage in whole)


def assess(
    catalogue: Catalogue,
    findings: Iterable[Finding],
    selected: Iterable[str],
    thresholds: Mapping[Stage, int] = THRESHOLDS,
) -> Readiness:
    """Tally findings against the whole catalogue; an item without a finding is not assessed.

    Raises:
        UnknownItem: a finding, or the selection, speaks of an item that the checklist does not have.
        ValueError: two findings speak of the same item.
    """
    found: dict[str, Finding] = {}
    for finding in findings:
        if finding.item in found:
            raise ValueError(f"two findings for {finding.item}")
        found[catalogue[finding.item].id] = finding
    chosen = frozenset(catalogue[item_id].id for item_id in selected)
    complete = tuple(found.get(item.id, Finding(item.id, Outcome.NOT_ASSESSED, NOT_RUN)) for item in catalogue)
    by_id = {finding.item: finding for finding in complete}
    stages = {stage: _tally(catalogue.stage(stage), by_id, thresholds[stage], found.keys()) for stage in SCORED}
    scored = [item for item in catalogue if item.stage in SCORED]
    counts = Counter(by_id[item.id].outcome for item in scored)
    overall = Tally(
        counts=_all_counts(counts),
        threshold=max(thresholds.values()),
        blockers=tuple(blocker for tally in stages.values() for blocker in tally.blockers),
        partial=any(tally.partial for tally in stages.values()),
    )
    return Readiness(complete, stages, overall, chosen)


def _all_counts(counts: Mapping[Outcome, int]) -> dict[Outcome, int]:
    return {outcome: counts.get(outcome, 0) for outcome in Outcome}


def _tally(items: tuple[Item, ...], found: Mapping[str, Finding], threshold: int, ran: Iterable[str]) -> Tally:
    shut = (Outcome.FAILED, Outcome.NOT_ASSESSED)
    return Tally(
        counts=_all_counts(Counter(found[item.id].outcome for item in items)),
        threshold=threshold,
        blockers=tuple(item.id for item in items if item.non_negotiable and found[item.id].outcome in shut),
        partial=not {item.id for item in items} <= set(ran),
    )
