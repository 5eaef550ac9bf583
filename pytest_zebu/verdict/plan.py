"""From findings to what to do next: what fails several items at once, what would open the others, and an ordered plan."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fnmatch import fnmatchcase

from pytest_zebu.catalogue import SCORED, Catalogue, Stage
from pytest_zebu.verdict.cautions import OPENINGS, caution
from pytest_zebu.verdict.outcome import Finding, Outcome
from pytest_zebu.verdict.readiness import Readiness, Tally

MOST_NAMED = 20
"""Items that a command names: where there are more, all are judged again."""
MOST_COMMANDS = 8


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that is wrong, and all that comes of it.

    Attributes:
        key: names it in this report, such as `service redis`.
        text: what is wrong, in a line.
        items: the items that say it themselves.
        consequences: items that failed, or could not be assessed, because of it.
        title: what is to be done; empty where it is what the item asks for that finds it.
        root: the item that finds it: its fix is the one that counts.
        fix: how it is mended, where it is another one.
    """

    key: str
    text: str
    items: tuple[str, ...]
    consequences: tuple[str, ...] = ()
    title: str = ""
    root: str = ""
    fix: str = ""

    @property
    def all_items(self) -> tuple[str, ...]:
        """All that is mended with it."""
        return (*self.items, *self.consequences)


class OpeningKind(StrEnum):
    """What lets an item be assessed that is not."""

    ACCESS = "access"
    SETTING = "setting"
    CREDENTIAL = "credential"
    TOOL = "tool"
    NETWORK = "network"
    TIME = "time"
    PEOPLE = "people"
    CAUSE = "cause"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Opening:
    """What would let items be assessed that are not.

    Attributes:
        key: names it in this report, such as `set forge.repository`.
        text: what to do, in a line, such as "set `[forge] repository` to see 9 more items".
    """

    key: str
    kind: OpeningKind
    text: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Effect:
    """What a step, with those before it, does for a stage.

    Attributes:
        items: how many items of the stage it settles.
        score: of the stage then, with waivers, in per cent.
        makes_ready: whether it is this step that makes the stage ready.
    """

    stage: Stage
    items: int
    score: float
    makes_ready: bool = False


class StepKind(StrEnum):
    """What is done in a step."""

    MEND = "mend"
    OPEN = "open"
    ATTEST = "attest"


@dataclass(frozen=True, slots=True)
class Step:
    """A thing to do.

    Attributes:
        title: what to do, in a line.
        items: the items that it settles, consequences among them.
        blockers: those of them that are non-negotiable.
        reason: what was found.
        fix: how it is done.
        commands: the commands among that; what stands in capitals is to be filled in.
        caution: what to heed, such as to keep a second session open.
        effect: on each stage that it changes.
        gain: the same in a sentence, which says where it rests on the steps above.
        verify: the command of pytest that judges these items again.
    """

    kind: StepKind
    title: str
    items: tuple[str, ...]
    blockers: tuple[str, ...] = ()
    reason: str = ""
    fix: str = ""
    commands: tuple[str, ...] = ()
    caution: str = ""
    effect: tuple[Effect, ...] = ()
    gain: str = ""
    verify: str = ""


PROGRAMS = frozenset(
    {
        "alembic", "apt", "apt-get", "certbot", "chmod", "chown", "docker", "git", "ip", "journalctl", "openssl", "passwd",
        "psql", "pytest", "qm", "redis-cli", "resolvectl", "systemctl", "task", "ufw", "zebu",
    }
)  # fmt: skip
"""What a command in a fix begins with."""
KEPT_BACK = re.compile(
    r"\b(?:prune|delsnapshot|downgrade|down)\b|docker compose (?!.*(?:-f|--file)[ =])(?:.* )?(?:up|build|create|run|pull)\b"
)
"""What deletes, or goes back, is read with its sentence and not copied from a list; so is what makes containers without saying
from which compose files: where production has files of its own, those of development would be taken."""
_SPAN = re.compile(r"`([^`\n]+)`")


def commands(fix: str) -> tuple[str, ...]:
    """The commands in a fix, as it has them in backticks."""
    found = dict.fromkeys(span for span in _SPAN.findall(fix) if _is_command(span))
    return tuple(found)[:MOST_COMMANDS]


def _is_command(span: str) -> bool:
    first, _, rest = _after_assignments(span).partition(" ")
    return first in PROGRAMS and bool(rest.strip()) and not KEPT_BACK.search(span)


def _after_assignments(span: str) -> str:
    found = re.match(r"(?:[A-Z_]+=(?:\$\([^)]*\)|\S*) )+", span)
    return span[found.end() :] if found else span


def verification(pytest: str, items: Collection[str], options: Iterable[str] = ()) -> str:
    """The command that judges items again.

    An id in brackets is how a test of it ends, and nothing else: an id that begins another one picks only itself.

    Args:
        pytest: how the run was started, quoted for a shell.
        items: their ids.
        options: what else is to be asked for.
    """
    asked = " ".join([pytest, *map(shlex.quote, options)])
    if not items or len(items) > MOST_NAMED:
        return asked
    return f"{asked} -k {shlex.quote(' or '.join(f'[{item}]' for item in items))}"


@dataclass(slots=True)
class _Score:
    """The tallies as they are when what comes before is done."""

    tallies: dict[Stage, Tally]
    outcomes: Mapping[str, tuple[Stage, Outcome]]
    settled: set[str] = field(default_factory=set)
    ready: dict[Stage, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ready = {stage: tally.ready for stage, tally in self.tallies.items()}

    def left(self, items: Iterable[str], stage: Stage) -> list[str]:
        """The items of a stage that count, and are not settled yet."""
        return [
            item
            for item in items
            if item not in self.settled and item in self.outcomes and self.outcomes[item][0] is stage
        ]

    def after(self, items: Iterable[str], stage: Stage) -> Tally:
        """The tally of a stage when items hold."""
        tally, left = self.tallies[stage], self.left(items, stage)
        gone = Counter(self.outcomes[item][1] for item in left)
        counts = {outcome: tally.counts[outcome] - gone[outcome] for outcome in Outcome}
        counts[Outcome.PASSED] += len(left)
        return replace(tally, counts=counts, blockers=tuple(one for one in tally.blockers if one not in left))

    def settle(self, items: Iterable[str]) -> tuple[Effect, ...]:
        """What comes of it when items hold; from here on they do."""
        effects = []
        for stage in [*self.tallies]:
            if left := self.left(items, stage):
                then = self.after(left, stage)
                is_ready, was_ready = then.ready, self.ready[stage]
                effects.append(Effect(stage, len(left), then.score_with_waivers or 0.0, is_ready and not was_ready))
                self.tallies[stage], self.ready[stage] = then, is_ready
        self.settled.update(items)
        return tuple(effects)


def plan(
    catalogue: Catalogue,
    readiness: Readiness,
    causes: Iterable[Cause] = (),
    openings: Iterable[Opening] = (),
    pytest: str = "pytest",
) -> tuple[Step, ...]:
    """What to do next: first what separates a stage from being ready, its non-negotiable items before all; then the rest.

    What a step does is reckoned from the tallies, with the steps before it done. What was not seen counts as if it came out
    well: at best it does. What has to be mended before something else comes before it.

    Args:
        catalogue: what the findings speak of.
        readiness: the findings that were made, and what follows from them.
        causes: what fails several items at once; each is one step.
        openings: what would let items be assessed.
        pytest: how the run was started, quoted for a shell.
    """
    shut = (Outcome.FAILED, Outcome.NOT_ASSESSED)
    open_items = {
        one.item: one
        for one in readiness.findings
        if one.outcome in shut and (one.item in readiness.selected) and not one.broken
    }
    left = list(_steps(catalogue, open_items, tuple(causes), tuple(openings), pytest))
    order = {item.id: number for number, item in enumerate(catalogue)}
    score = _Score(
        dict(readiness.stages), {item: (catalogue[item].stage, one.outcome) for item, one in open_items.items()}
    )
    was_ready = frozenset(stage for stage, tally in readiness.stages.items() if tally.ready)
    planned: list[Step] = []
    while left:
        best = _first_of_all(min(left, key=lambda one: _rank(one.step, score, order)), left)
        left.remove(best)
        before = dict(score.tallies)
        effect = score.settle(best.step.items)
        gain = _gain(best, effect, before, planned, was_ready)
        planned.append(replace(best.step, effect=effect, gain=gain))
    return tuple(planned)


BEFORE = (
    # Rules of a firewall that is off shut nothing.
    ("pre.security.firewall.enabled", ("pre.security.firewall.*",)),
    # Of a port that is known, it is known how it is shut; what is left then is said of all.
    ("pre.security.firewall.backend-not-exposed", ("pre.security.firewall.required-ports-only",)),
    ("pre.security.firewall.database-local", ("pre.security.firewall.required-ports-only",)),
    ("pre.security.firewall.redis-local", ("pre.security.firewall.required-ports-only",)),
    # Whoever cannot enter with a key is locked out when passwords go.
    ("pre.security.ssh.key-auth", ("pre.security.ssh.no-passwords", "pre.security.ssh.root-restricted")),
    # Who makes certificates looks for the name, and asks it over port 80.
    ("pre.infrastructure.dns-records", ("pre.infrastructure.certificates", "pre.security.https.*", "deploy.frontend.certificate")),
    ("pre.infrastructure.port-forwarding", ("pre.infrastructure.certificates", "pre.security.https.*", "deploy.frontend.certificate")),
    ("pre.security.https.certificate", ("pre.security.https.*", "deploy.network.https-redirect")),
    ("pre.database.backups.strategy", ("pre.database.backups.restore-tested", "post.recovery.backups.*", "ops.monthly.restore-test")),
    ("deploy.initial.git-deployed", ("deploy.initial.images-built",)),
    ("deploy.initial.services-healthy", ("deploy.backend.*", "deploy.database.*", "deploy.redis.*", "deploy.performance.*")),
)  # fmt: skip
"""What is to be mended before other things, whatever they count: until then, what is done to those does nothing, or harm."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A step.

    Attributes:
        lead: the item by which it is known what it is about.
        is_sure: whether all that it settles was seen to be wrong by itself: what was not, may turn out to have more wrong.
    """

    step: Step
    lead: str
    is_sure: bool = True


def _first_of_all(best: _Candidate, left: list[_Candidate]) -> _Candidate:
    """What has to be mended before, as far as that is left; else the best itself."""
    for root, patterns in BEFORE:
        if root != best.lead and any(fnmatchcase(best.lead, pattern) for pattern in patterns):
            for other in left:
                if other.lead == root and other.step.kind is StepKind.MEND:
                    return _first_of_all(other, left)
    return best


_KINDS = tuple(StepKind)


def _rank(step: Step, score: _Score, order: Mapping[str, int]) -> tuple[int, ...]:
    """The smaller, the earlier: blockers by stage, then what a stage lacks of its threshold, then the rest."""
    first = min(order[item] for item in step.items)
    for number, stage in enumerate(SCORED):
        blockers = [item for item in step.blockers if item in score.tallies[stage].blockers]
        if blockers:
            return (0, number, -len(blockers), -len(step.items), _KINDS.index(step.kind), first)
    for number, stage in enumerate(SCORED):
        left = len(score.left(step.items, stage))
        if left and not score.ready[stage]:
            return (1, number, -left, -len(step.items), _KINDS.index(step.kind), first)
    # What is wrong comes before what nobody has looked at yet.
    scored = sum(len(score.left(step.items, stage)) for stage in SCORED)
    return (2 if scored else 3, _KINDS.index(step.kind), -scored, -len(step.items), 0, first)


def _steps(
    catalogue: Catalogue,
    found: Mapping[str, Finding],
    causes: tuple[Cause, ...],
    openings: tuple[Opening, ...],
    pytest: str,
) -> Iterator[_Candidate]:
    """All that there is to do, in no order: each open item is in one step."""
    caused: set[str] = set()
    for cause in causes:
        items = tuple(item for item in cause.all_items if item in found)
        if items:
            caused.update(items)
            lead = cause.root or items[0]
            title = cause.title or catalogue[lead].text
            fix = cause.fix or found.get(lead, found[items[0]]).fix
            is_sure = not set(cause.consequences) & set(items)
            yield _Candidate(_mending(catalogue, title, items, cause.text, lead, fix, pytest), lead, is_sure)
    for item, finding in found.items():
        if item not in caused and finding.outcome is Outcome.FAILED:
            step = _mending(catalogue, catalogue[item].text, (item,), finding.reason, item, finding.fix, pytest)
            yield _Candidate(step, item)
    for opening in openings:
        items = tuple(item for item in opening.items if item in found and item not in caused)
        if opening.kind is OpeningKind.PEOPLE:
            steps = _attesting(catalogue, opening, items, found, pytest)
        else:
            steps = (_opening(catalogue, opening, items, found, pytest),) if items else ()
        yield from (_Candidate(step, step.items[0], is_sure=False) for step in steps)


def _blockers(catalogue: Catalogue, items: Iterable[str]) -> tuple[str, ...]:
    return tuple(item for item in items if catalogue[item].non_negotiable)


def _mending(
    catalogue: Catalogue, title: str, items: tuple[str, ...], reason: str, lead: str, fix: str, pytest: str
) -> Step:
    return Step(
        StepKind.MEND,
        title,
        items,
        _blockers(catalogue, items),
        reason,
        fix,
        commands(fix),
        caution(catalogue[lead]),
        verify=verification(pytest, items),
    )


def _opening(
    catalogue: Catalogue, opening: Opening, items: tuple[str, ...], found: Mapping[str, Finding], pytest: str
) -> Step:
    probe = opening.key.removeprefix("probe ") if opening.key.startswith("probe ") else ""
    options = (f"--zebu-active={probe}",) if probe else ()
    alone = opening.kind is OpeningKind.OTHER
    return Step(
        StepKind.OPEN,
        catalogue[items[0]].text if alone else opening.text[:1].upper() + opening.text[1:],
        items,
        _blockers(catalogue, items),
        "; ".join(dict.fromkeys(found[item].reason for item in items[:1])),
        found[items[0]].fix if alone else "",
        commands(found[items[0]].fix if alone else opening.text),
        OPENINGS.get(opening.key, ""),
        verify=verification(pytest, items, options),
    )


def _attesting(
    catalogue: Catalogue, opening: Opening, items: tuple[str, ...], found: Mapping[str, Finding], pytest: str
) -> Iterable[Step]:
    """A step for each stage: people sign for what they have seen, one by one."""
    for stage in Stage:
        mine = tuple(item for item in items if catalogue[item].stage is stage)
        if mine:
            what = catalogue[mine[0]].text if len(mine) == 1 else f"{len(mine)} items of {stage.label}"
            yield Step(
                StepKind.ATTEST,
                f"Attest: {what}",
                mine,
                _blockers(catalogue, mine),
                found[mine[0]].reason if len(mine) == 1 else "",
                found[mine[0]].fix if len(mine) == 1 else "do it or look at it, and sign for what you found",
                tuple(f"zebu attest {item}" for item in mine)[:MOST_COMMANDS],
                "",
                verify=verification(pytest, mine),
            )


def _gain(
    planned: _Candidate,
    effects: tuple[Effect, ...],
    before: Mapping[Stage, Tally],
    earlier: Iterable[Step],
    was_ready: Collection[Stage],
) -> str:
    """What a step does, in a sentence: by itself, or with the steps above it where it rests on them."""
    if not effects:
        return "no score depends on it"
    above = [one for one in earlier if {effect.stage for effect in effects} & {effect.stage for effect in one.effect}]
    said = [_change(effect, before[effect.stage], was_ready) for effect in effects]
    closed = sum(item in tally.blockers for item in planned.step.blockers for tally in before.values())
    if closed:
        said.append(f"{closed} non-negotiable closed")
    start = ", ".join(["at best"] * (not planned.is_sure) + ["with the steps above"] * bool(above))
    return f"{start}: {', '.join(said)}" if start else ", ".join(said)


def _change(effect: Effect, tally: Tally, was_ready: Collection[Stage]) -> str:
    """From where to where a stage's score goes, and whether it is ready then."""
    scores = f"{effect.stage.label} {tally.score_with_waivers or 0.0:g} % -> {effect.score:g} %"
    if effect.makes_ready:
        return f"{scores}, which makes it READY"
    if tally.ready:
        return f"{scores} (READY {'already' if effect.stage in was_ready else 'by then'})"
    return scores
