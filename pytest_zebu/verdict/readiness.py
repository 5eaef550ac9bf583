"""From outcomes to stage scores and verdicts: arithmetic on plain values, and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from pytest_zebu.catalogue import SCORED, THRESHOLDS, Catalogue, Stage
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
    """The counts of a stage, or of all stages together, and what follows from them.

    Attributes:
        threshold: the score that is needed, in per cent.
        blockers: non-negotiable items that are open.
        partial: whether items were left out of the run.
        parts: the stages, where this is all of them: together they are ready when each is.
    """

    counts: Mapping[Outcome, int]
    threshold: int
    blockers: tuple[str, ...] = ()
    partial: bool = False
    parts: tuple[Tally, ...] = ()

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
        """The verdict: enough of the checklist holds, and nothing non-negotiable is open. A part of it is never ready."""
        if self.partial:
            return False
        if self.parts:
            return all(part.ready for part in self.parts)
        share = self.share_with_waivers
        return share is not None and share * 100 >= self.threshold and not self.blockers

    @property
    def why(self) -> str:
        """The reason of the verdict, in a line."""
        if self.share_with_waivers is None:
            return "nothing was assessed"
        if self.parts:
            ready = sum(part.ready for part in self.parts)
            return f"{ready} of {len(self.parts)} stages ready" + ("; partial run" if self.partial else "")
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
    """The state of one host.

    Attributes:
        by_stage: the findings of every item of the catalogue, in its order.
        stages: the scored stages.
    """

    by_stage: Mapping[Stage, tuple[Finding, ...]]
    stages: Mapping[Stage, Tally]
    overall: Tally
    selected: frozenset[str]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings."""
        return tuple(finding for stage in Stage for finding in self.by_stage[stage])

    @property
    def selected_stages(self) -> tuple[Stage, ...]:
        """The scored stages of which anything was selected."""
        return tuple(stage for stage in SCORED if self._any_selected(stage))

    def _any_selected(self, stage: Stage) -> bool:
        return any(finding.item in self.selected for finding in self.by_stage[stage])

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
            mine = [finding for finding in self.by_stage[stage] if finding.item in self.selected]
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
    by_stage = {
        stage: tuple(
            found.get(item.id, Finding(item.id, Outcome.NOT_ASSESSED, NOT_RUN)) for item in catalogue.stage(stage)
        )
        for stage in Stage
    }
    stages = {stage: _tally(catalogue, by_stage[stage], thresholds[stage], found.keys()) for stage in SCORED}
    return Readiness(by_stage, stages, _together(tuple(stages.values())), chosen)


def _tally(catalogue: Catalogue, findings: tuple[Finding, ...], threshold: int, ran: Container[str]) -> Tally:
    shut = (Outcome.FAILED, Outcome.NOT_ASSESSED)
    counts = Counter(finding.outcome for finding in findings)
    return Tally(
        counts={outcome: counts[outcome] for outcome in Outcome},
        threshold=threshold,
        blockers=tuple(
            finding.item for finding in findings if catalogue[finding.item].non_negotiable and finding.outcome in shut
        ),
        partial=any(finding.item not in ran for finding in findings),
    )


def _together(stages: tuple[Tally, ...]) -> Tally:
    return Tally(
        counts={outcome: sum(stage.counts[outcome] for stage in stages) for outcome in Outcome},
        threshold=max(stage.threshold for stage in stages),
        blockers=tuple(blocker for stage in stages for blocker in stage.blockers),
        partial=any(stage.partial for stage in stages),
        parts=stages,
    )
