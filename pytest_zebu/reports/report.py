"""The report as a value: made once, when a run is over. Formats turn it into text; they count nothing and ask nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pytest_zebu.catalogue import Stage
from pytest_zebu.settings.sections import Relaxation
from pytest_zebu.verdict.outcome import Case, Outcome
from pytest_zebu.verdict.readiness import Tally

CLOCK = "what it has dated is compared with its own time only (timedatectl shows whether it is set by NTP)"
"""What is said beside a clock that differs."""


@dataclass(frozen=True, slots=True)
class ItemReport:
    """An item of the checklist, and what was found about it.

    Attributes:
        item: its id.
        text: as the checklist words it.
        reason: why it came out so.
        why: why it matters.
        fix: how to mend it.
        see: what the check rests on.
        evidence: all that was seen; what belongs to a case begins with the case's name.
        pictures: captions with JPEG pictures in base64.
        is_selected: whether this run was to judge it.
        broken: whether the check itself broke.
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
class Access:
    """How the host was reached, and what it took.

    Attributes:
        gathered: whether anything was asked.
        trouble: why ssh did not let us in, else empty.
        seconds: how long gathering took.
    """

    gathered: bool = False
    reachable: bool = False
    trouble: str = "nothing was gathered"
    logins: int = 0
    round_trips: int = 0
    seconds: float = 0.0


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
    """

    tool_version: str
    seconds: float
    hosts: tuple[HostReport, ...]

    @property
    def ready(self) -> bool:
        """Whether every host is ready."""
        return all(host.ready for host in self.hosts)
