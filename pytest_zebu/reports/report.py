"""The report as a value: made once, when a run is over. Formats turn it into text; they count nothing and ask nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from typing import Literal

from pytest_zebu.catalogue import SCORED, Source, Stage
from pytest_zebu.settings.sections import Relaxation
from pytest_zebu.verdict.outcome import Case, Outcome
from pytest_zebu.verdict.plan import Cause, Opening, Step
from pytest_zebu.verdict.preflight import Check
from pytest_zebu.verdict.readiness import NOT_RUN, Tally, percentage

CLOCK = "what it has dated is compared with its own time only (timedatectl shows whether it is set by NTP)"
"""What is said beside a clock that differs."""
_OPEN = (Outcome.FAILED, Outcome.NOT_ASSESSED)


class Verdict(StrEnum):
    """What a stage, a host or a run is called, in every format."""

    READY = "READY"
    NOT_READY = "NOT READY"
    PARTIAL = "PARTIAL"
    """It cannot be said from what was selected."""
    NO_DATA = "NO DATA"
    NOT_SELECTED = "NOT SELECTED"


@dataclass(frozen=True, slots=True)
class Location:
    """A line of a file that an outcome speaks of.

    Attributes:
        file: as the machine names it, or as the repository does.
        line: from 1; 0 where the whole file is meant.
        is_in_repository: whether it is a file of the deployed checkout, named from its top.
    """

    file: str
    line: int = 0
    is_in_repository: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that was seen.

    Attributes:
        case: the case that it belongs to; empty where it belongs to the item as a whole.
        place: from where, or in what, it was seen: a vantage, a container, a file; empty where the item's sources say it.
    """

    text: str
    case: str = ""
    place: str = ""
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class Word:
    """What a person declared of an item, and stands today.

    Attributes:
        by: the role that signed, or that accepted the risk.
        on: when it was signed, or from when it holds.
        until: the last day on which it holds; nothing where it has no end.
        bound_to: what it speaks of and nothing else: cases that were waived, or what an attestation is about.
    """

    kind: Literal["attested", "waived", "not applicable"]
    by: str
    statement: str
    on: date | None = None
    until: date | None = None
    approver: str = ""
    bound_to: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ItemReport:
    """An item of the checklist, and what was found about it.

    Attributes:
        item: its id.
        text: as the checklist words it.
        reason: why it came out so.
        why: why it matters.
        fix: how to mend it; where a cause explains all of it, what is to be mended first.
        see: what the check rests on.
        evidence: all that was seen; what belongs to a case begins with the case's name.
        pictures: captions with JPEG pictures in base64.
        is_selected: whether this run was to judge it.
        broken: whether the check itself broke.
        by: where evidence of it comes from, as the catalogue has it.
        sources: the same for people, with the vantages that looked.
        seen: the evidence in parts.
        location: where the outcome points to, where it points to a line or a file.
        word: what a person declared of it, where that counts.
        lapsed: why a word on record counts no more.
        since: when the outcome was first so, and always since; nothing where no earlier run is remembered.
        cause: the key of the cause that it is one of the consequences of; empty where it has none, or is the cause.
        opening: the key of what would open it, where it is not assessed.
        caution: what to heed while mending it, such as to keep a second session open.
    """

    item: str
    text: str
    stage: Stage
    category: str
    outcome: Outcome
    reason: str = ""
    why: str = ""
    fix: str = ""
    see: str = ""
    evidence: tuple[str, ...] = ()
    cases: tuple[Case, ...] = ()
    pictures: tuple[tuple[str, str], ...] = ()
    group: str = ""
    optional: bool = False
    conditional: bool = False
    non_negotiable: bool = False
    is_selected: bool = True
    broken: bool = False
    by: tuple[Source, ...] = ()
    sources: tuple[str, ...] = ()
    seen: tuple[Seen, ...] = ()
    location: Location | None = None
    word: Word | None = None
    lapsed: str = ""
    since: datetime | None = None
    cause: str = ""
    opening: str = ""
    caution: str = ""

    @property
    def category_label(self) -> str:
        """The category, as people read it."""
        return self.category.replace("_", " ")

    @property
    def evidence_besides(self) -> tuple[str, ...]:
        """What was seen that belongs to no case."""
        in_cases = {f"{case.name}: {part}" for case in self.cases for part in case.seen}
        return tuple(seen for seen in self.evidence if seen not in in_cases)

    @property
    def is_judged(self) -> bool:
        """Whether it was selected, and ran."""
        return self.is_selected and (self.outcome, self.reason) != (Outcome.NOT_ASSESSED, NOT_RUN)

    @property
    def is_open(self) -> bool:
        """Whether something is left to mend or to look at."""
        return self.outcome in (Outcome.FAILED, Outcome.NOT_ASSESSED, Outcome.WAIVED, Outcome.ADVICE)


@dataclass(frozen=True, slots=True)
class CategoryReport:
    """The counts of a category of a scored stage."""

    stage: Stage
    name: str
    counts: Mapping[Outcome, int]
    total: int

    @property
    def label(self) -> str:
        """The category, as people read it."""
        return self.name.replace("_", " ")


@dataclass(frozen=True, slots=True)
class Change:
    """An item that was otherwise in the last run that judged it."""

    item: str
    then: Outcome
    now: Outcome

    @property
    def is_worse(self) -> bool:
        """Whether it is open now."""
        return self.now in (Outcome.FAILED, Outcome.NOT_ASSESSED)


@dataclass(frozen=True, slots=True)
class PastReport:
    """An earlier run, or this one, as a point of the trend.

    Attributes:
        scores: of each scored stage, with waivers, in per cent; nothing where nothing was assessed.
        ready: the stages that were ready.
    """

    at: datetime
    scores: Mapping[Stage, float | None]
    ready: frozenset[Stage]
    version: str = ""
    is_partial: bool = False


@dataclass(frozen=True, slots=True)
class TaskReport:
    """A recurring task of the checklist, as it stands after this run.

    Attributes:
        text: as the checklist words it.
        state: how it stands on the day of the report.
        due: the day from which it is overdue.
        cadence_days: for how many days a completion lasts.
        summary: when it was last done, by whom, and when it is due, in a line.
    """

    id: str
    text: str
    state: Literal["overdue", "due soon", "current"]
    due: date
    cadence_days: int
    summary: str


@dataclass(frozen=True, slots=True)
class Access:
    """How the host was reached, and what it took.

    Attributes:
        gathered: whether anything was asked.
        trouble: why ssh did not let us in, else empty.
        seconds: how long gathering took.
        processor: seconds of the host's processor that it took there; nothing where that was not told.
        docker_processor: those that Docker took there in that time, for this and for others.
    """

    gathered: bool = False
    reachable: bool = False
    trouble: str = "nothing was gathered"
    logins: int = 0
    round_trips: int = 0
    seconds: float = 0.0
    processor: float | None = None
    docker_processor: float | None = None


@dataclass(frozen=True, slots=True)
class HostReport:
    """What was found about one host.

    Attributes:
        at: when its evidence was gathered; where none was, when the run began.
        version: what is deployed, else empty.
        stages: the scored stages.
        selected_stages: those of which anything was selected.
        ready: whether each of these is ready.
        items: every item of the checklist, in its order.
        simulated: sources of evidence that are stand-ins.
        since: when the run before this one looked.
        clock: by how much the machine's clock differs from ours; empty where it does not.
        causes: what fails several items at once, each with its consequences; the graver first.
        openings: what would let items be assessed that are not, by what opens the most first.
        preflight: what has to work before anything is judged: what does not and keeps items from being judged, and what does.
        plan: what to do next, in this order.
        trend: the runs that are remembered, the oldest first, this one last.
        ready_at: when all stages were last ready; nothing where no such run is remembered.
        changes_since_ready: what is otherwise than then.
        profile: the settings' profile.
        tasks: the recurring tasks, the most urgent first.
        discovered: keys of the settings that the run found out by itself, as there was no file.
        suggested: what a file would have to say beside these to open the most items, as lines of TOML.
    """

    name: str
    at: datetime
    version: str
    access: Access
    stages: Mapping[Stage, Tally]
    overall: Tally
    selected_stages: tuple[Stage, ...]
    ready: bool
    items: tuple[ItemReport, ...]
    categories: tuple[CategoryReport, ...] = ()
    relaxations: tuple[Relaxation, ...] = ()
    simulated: tuple[str, ...] = ()
    since: datetime | None = None
    changes: tuple[Change, ...] = ()
    clock: str = ""
    causes: tuple[Cause, ...] = ()
    openings: tuple[Opening, ...] = ()
    preflight: tuple[Check, ...] = ()
    plan: tuple[Step, ...] = ()
    trend: tuple[PastReport, ...] = ()
    ready_at: datetime | None = None
    changes_since_ready: tuple[Change, ...] = ()
    profile: str = ""
    tasks: tuple[TaskReport, ...] = ()
    discovered: tuple[str, ...] = ()
    suggested: tuple[str, ...] = ()

    @property
    def by_id(self) -> Mapping[str, ItemReport]:
        """The items by their ids."""
        return {item.item: item for item in self.items}

    @property
    def is_partial(self) -> bool:
        """Whether items of a scored stage were left out."""
        return self.overall.partial

    def judged(self, stage: Stage) -> tuple[ItemReport, ...]:
        """The items of a stage that were selected, and ran."""
        return tuple(item for item in self.items if item.stage is stage and item.is_judged)

    def blockers(self, stage: Stage) -> tuple[str, ...]:
        """The non-negotiable items of a scored stage that are open; of a part of it those that were judged."""
        tally = self.stages[stage]
        if not tally.partial:
            return tally.blockers
        return tuple(item.item for item in self.judged(stage) if item.non_negotiable and item.outcome in _OPEN)

    def _within_reach(self, stage: Stage) -> Fraction:
        """The share of a scored stage if all that was left out passed: no other outcome of it would make more."""
        counts = self.stages[stage].counts
        left = counts[Outcome.NOT_ASSESSED] - sum(item.outcome is Outcome.NOT_ASSESSED for item in self.judged(stage))
        best = left + counts[Outcome.PASSED] + counts[Outcome.ATTESTED] + counts[Outcome.WAIVED]
        counted = best + counts[Outcome.FAILED] + counts[Outcome.NOT_ASSESSED] - left
        return Fraction(best, counted) if counted else Fraction(1)

    def verdict_of(self, stage: Stage) -> Verdict:
        """What a scored stage is called."""
        tally = self.stages[stage]
        if stage not in self.selected_stages:
            return Verdict.NOT_SELECTED
        if tally.share_with_waivers is None:
            return Verdict.NO_DATA
        if tally.partial:
            return Verdict.PARTIAL  # whatever was found: what was left out is part of a verdict
        return Verdict.READY if tally.ready else Verdict.NOT_READY

    def why(self, stage: Stage) -> str:
        """The reason of a scored stage's verdict, in a line: of a part of it only what is known of that."""
        tally, blockers = self.stages[stage], self.blockers(stage)
        if self.verdict_of(stage) is Verdict.NOT_SELECTED:
            return "nothing of it was selected"
        if not tally.partial or self.verdict_of(stage) is Verdict.NO_DATA:
            return tally.why
        parts = [f"{len(self.judged(stage))} of {tally.total} items judged"]
        if blockers:
            named = ", ".join(blockers[:3]) + (", ..." if len(blockers) > 3 else "")
            parts.append(f"{len(blockers)} non-negotiable open: {named}")
        reach = self._within_reach(stage)
        if reach * 100 < tally.threshold:
            parts.append(f"at most {percentage(reach)} % of {tally.threshold} % can be reached")
        return "; ".join([*parts, "partial run"])

    @property
    def verdict(self) -> Verdict:
        """What the host is called: ready only where nothing was left out."""
        found = {self.verdict_of(stage) for stage in self.selected_stages}
        if not found:
            return Verdict.NOT_SELECTED
        if found == {Verdict.NO_DATA}:
            return Verdict.NO_DATA
        whole = [self.stages[stage] for stage in self.selected_stages if not self.stages[stage].partial]
        if not all(tally.ready for tally in whole):
            return Verdict.NOT_READY
        is_whole = not self.is_partial and set(self.selected_stages) == set(SCORED)
        return Verdict.READY if self.ready and is_whole else Verdict.PARTIAL

    @property
    def lapsed(self) -> tuple[ItemReport, ...]:
        """The items of which a word is on record that counts no more."""
        return tuple(item for item in self.items if item.lapsed)

    @property
    def selected(self) -> tuple[ItemReport, ...]:
        """The items that this run was to judge."""
        return tuple(item for item in self.items if item.is_selected)

    @property
    def failed(self) -> tuple[ItemReport, ...]:
        """What is wrong, checks that broke among them."""
        return tuple(item for item in self.selected if item.outcome is Outcome.FAILED or item.broken)

    @property
    def declared(self) -> tuple[ItemReport, ...]:
        """What stands on a declaration, or is advice only."""
        kinds = (Outcome.WAIVED, Outcome.ADVICE, Outcome.ATTESTED, Outcome.NOT_APPLICABLE)
        return tuple(item for item in self.selected if item.outcome in kinds)

    @property
    def unseen(self) -> tuple[ItemReport, ...]:
        """What could not be seen."""
        return tuple(item for item in self.selected if item.outcome is Outcome.NOT_ASSESSED and not item.broken)


@dataclass(frozen=True, slots=True)
class Report:
    """One run over one or more hosts.

    Attributes:
        tool_version: of pytest-zebu.
        seconds: how long the run took.
        at: when it began; nothing where that is not told.
    """

    tool_version: str
    seconds: float
    hosts: tuple[HostReport, ...]
    at: datetime | None = None

    @property
    def ready(self) -> bool:
        """Whether every host is ready, and there is one."""
        return bool(self.hosts) and all(host.ready for host in self.hosts)

    @property
    def verdict(self) -> Verdict:
        """What all hosts together are called: ready where each is, and not ready where one is not."""
        found = {host.verdict for host in self.hosts}
        if Verdict.NOT_READY in found:
            return Verdict.NOT_READY
        return found.pop() if len(found) == 1 else Verdict.PARTIAL if found else Verdict.NO_DATA
