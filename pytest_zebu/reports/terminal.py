"""The summary on the terminal: verdicts, what to do next, what changed, then what is wrong, each once.

Ten seconds are enough for what is told by default; `-v` tells everything.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import force_setattr, replace

from pytest_zebu.catalogue import SCORED, Stage
from pytest_zebu.reports.columns import columns, cut, encodable, folded
from pytest_zebu.reports.report import CLOCK, Change, HostReport, ItemReport, Report, Verdict
from pytest_zebu.shown import MOST_IN_LINE, clean_line, some
from pytest_zebu.verdict.outcome import Finding, Outcome
from pytest_zebu.verdict.plan import Cause, Step, StepKind
from pytest_zebu.verdict.readiness import NOT_RUN, Tally

BAR = 10
ROOMY = 72
"""Columns from which on there is room for a bar, and for numbers below one another."""
ROOM, USUAL_WIDTH = 46, 80
"""Lines of a host: with what pytest says around them they are fewer than 60. More on a narrower terminal, and where that
many things are wrong."""
SHOWN_STEPS = 10
SHORTEST_TITLE = 20
SHOWN_EVIDENCE = 4
FEW = 3
"""So many ids are named; more are counted."""
SHORT = {Stage.PRE: "Pre", Stage.DEPLOY: "Deploy", Stage.POST: "Post"}
COUNTED = (Outcome.ATTESTED, Outcome.NOT_APPLICABLE, Outcome.ADVICE)


class Line(Struct, frozen=True):
    """A line, and how it is coloured. What a target said can neither steer the terminal nor begin a line of its own."""

    text: str
    markup: dict[str, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        force_setattr(self, "text", clean_line(self.text))


class View(Struct, frozen=True):
    """Where a summary is shown, and how much of it.

    Attributes:
        width: in columns; 0 leaves lines as long as they are.
        verbosity: as pytest counts `-v` and `-q`.
        is_brief: whether each failure has a line and no more (`--tb=line`, `--tb=no`).
        encoding: of where it is written to.
    """

    width: int = 0
    verbosity: int = 1
    is_brief: bool = False
    encoding: str = "utf-8"


USUAL_VIEW = View()


class Detail(Struct, frozen=True):
    """How much is told. Each is a number of lines, where 0 is as many as there are and nothing is none at all.

    Attributes:
        title: of a step, with what it gains.
        fix: of how a step is done.
        found: of what is wrong.
        also: of the items that a cause is wrong with.
        seen: of what was seen of a failure that no step mends.
        mend: of how such a failure is mended.
        failures: so many are told.
        groups: so many of what is not assessed are told.
    """

    title: int | None
    fix: int | None
    found: int
    also: int | None
    seen: int | None
    mend: int | None
    failures: int
    groups: int


EVERYTHING = Detail(title=0, fix=0, found=0, also=0, seen=0, mend=0, failures=0, groups=0)
USUAL = (
    Detail(title=2, fix=3, found=3, also=0, seen=1, mend=2, failures=30, groups=8),
    Detail(title=2, fix=2, found=2, also=3, seen=1, mend=1, failures=30, groups=8),
    Detail(title=2, fix=2, found=1, also=2, seen=1, mend=1, failures=30, groups=8),
    Detail(title=2, fix=1, found=1, also=2, seen=1, mend=1, failures=30, groups=6),
    Detail(title=1, fix=1, found=1, also=2, seen=None, mend=1, failures=30, groups=6),
    Detail(title=1, fix=1, found=1, also=1, seen=None, mend=None, failures=30, groups=4),
    Detail(title=1, fix=1, found=1, also=None, seen=None, mend=None, failures=30, groups=3),
    Detail(title=1, fix=1, found=1, also=None, seen=None, mend=None, failures=15, groups=3),
)
"""The first that there is room for, else the last."""
QUIET = Detail(title=1, fix=None, found=1, also=None, seen=None, mend=None, failures=30, groups=4)
VERDICT_ONLY = Detail(title=None, fix=None, found=1, also=None, seen=None, mend=None, failures=0, groups=0)


def finding_lines(found: Finding | ItemReport) -> list[str]:
    """What is wrong with an item, what was seen, how to mend it: each a line, whatever was said."""
    lines = [f"{found.item}: {found.reason}"]
    lines += [f"    seen: {text}" for text in found.evidence[:SHOWN_EVIDENCE]]
    if len(found.evidence) > SHOWN_EVIDENCE:
        lines.append(f"    seen: and {len(found.evidence) - SHOWN_EVIDENCE} more")
    if found.fix:
        lines.append(f"    fix: {found.fix}")
    return [clean_line(line) for line in lines]


def telling(item: ItemReport) -> str:
    """Of all that was seen what tells most: of a case that failed, and not what the reason says already."""
    failed = [f"{case.name}: {part}" for case in item.cases if case.outcome is Outcome.FAILED for part in case.seen]
    for text in (*failed, *item.evidence):
        if text.rpartition(": ")[2] not in item.reason:
            return text
    return ""


class _Finding(Struct, frozen=True):
    """One thing that is wrong, with all the items that it is wrong with.

    Attributes:
        step: the number of the step that mends it; 0 where none is shown.
        text: what is wrong, where it is a cause.
        also: items that failed because of it.
        unseen: items that could not be assessed because of it.
    """

    items: tuple[ItemReport, ...]
    step: int = 0
    text: str = ""
    also: tuple[ItemReport, ...] = ()
    unseen: tuple[ItemReport, ...] = ()

    @property
    def all(self) -> tuple[ItemReport, ...]:
        return (*self.items, *self.also, *self.unseen)

    @property
    def is_grave(self) -> bool:
        return any(item.non_negotiable for item in self.all)


def _ids(items: Iterable[ItemReport]) -> str:
    return ", ".join(item.item for item in items)


def _mark(is_grave: bool) -> str:
    return "! " if is_grave else "  "


def _counts(counts: Mapping[Outcome, int]) -> str:
    return ", ".join(f"{counts[outcome]} {outcome.label}" for outcome in Outcome if counts[outcome])


def _bar(tally: Tally) -> str:
    full = int((tally.share_with_waivers or 0) * BAR)
    return "█" * full + "░" * (BAR - full)


def _score(tally: Tally) -> str:
    if tally.score_with_waivers is None or tally.score is None:
        return f"- of {tally.threshold} %"
    waived = tally.counts[Outcome.WAIVED]
    without = f" ({tally.score:.1f} without {waived} waived)" if waived else ""
    return f"{tally.score_with_waivers:.1f} of {tally.threshold} %{without}"


def _because(verdict: Verdict, tally: Tally) -> str:
    """A whole stage's verdict, and why in few words."""
    match verdict:
        case Verdict.NO_DATA:
            return f"{verdict.value}: nothing was assessed"
        case Verdict.NOT_READY:
            blockers = len(tally.blockers)
            why = f"{blockers} non-negotiable" if blockers else f"below {tally.threshold} %"
            return f"{verdict.value}: {why}"
        case _:
            return verdict.value


COLOURS = {Verdict.READY: "green", Verdict.NOT_READY: "red", Verdict.NO_DATA: "red"}


def _colour(verdict: Verdict) -> dict[str, bool]:
    return ({COLOURS[verdict]: True} if verdict in COLOURS else {}) | {"bold": True}


class _Summary(Struct, frozen=True):
    """What is told of a host, in one detail."""

    host: HostReport
    view: View
    detail: Detail
    is_full: bool = False

    def lines(self) -> Iterator[Line]:
        """All of it."""
        yield from self.preflight()
        yield from self.verdicts()
        yield from self.notices()
        if self.detail is VERDICT_ONLY:
            return
        yield from self.next()
        yield from self.changes()
        found = self.findings()
        yield from self.failed(found)
        yield from self.not_assessed({item.item for one in found for item in one.all})
        yield from self.declared()
        yield from self.counted()
        yield from self.suggested()

    def say(self, text: str, hanging: int = 4, most: int = 0, **markup: bool) -> Iterator[Line]:
        """A text as lines, in which nobody's words begin a line of their own."""
        for line in folded(clean_line(text), self.view.width, hanging, most):
            yield Line(line, markup)

    def more(self, count: int) -> Iterator[Line]:
        """How many are not told, if any."""
        if count > 0:
            yield from self.say(f"    and {count} more: -v lists all", 4, 1)

    # What has to work first

    @property
    def kept(self) -> set[str]:
        """Items that something keeps from being judged which has to work first."""
        return {item for check in self.host.preflight for item in check.items}

    def preflight(self) -> Iterator[Line]:
        """A line for what does not work, with what to do and what waits for it; with `-v` also for what does."""
        items = self.host.by_id
        for check in self.host.preflight:
            if check.is_ok:
                if self.is_full:
                    yield from self.say(f"{check.name} ok: {check.text}")
                continue
            count = len(check.items)
            waits = f"{count} item{'s wait' if count > 1 else ' waits'} for it"
            said = f"{check.name}: {check.text or 'does not work'}: {waits}"
            yield from self.say(said, 4, 0 if self.is_full else 2, red=True, bold=True)
            if self.detail is not VERDICT_ONLY and check.fix:
                yield from self.say(f"    {check.fix}", 6, 0 if self.is_full else 2)
            if self.is_full:
                for item in (items[name] for name in check.items if name in items):
                    yield from self.say(f"      {item.item}: {item.reason}", 8)

    # Verdicts

    def verdicts(self) -> Iterator[Line]:
        """How the host was reached, where there was trouble; then a line for each stage of which anything was selected."""
        access = self.host.access
        is_told = any(check.name == "ssh" and not check.is_ok for check in self.host.preflight)
        if access.gathered and not access.reachable and not is_told:
            yield from self.say(f"ssh: {access.trouble}", 4, 0 if self.is_full else 2, red=True)
        elif access.gathered and access.reachable and self.is_full and not self.host.preflight:
            how = f"{access.logins} ssh login(s), {access.round_trips} round trip(s)"
            yield from self.say(f"gathered in {access.seconds:.1f} s, {how}")
        for stage in self.host.selected_stages:
            yield from self.stage(stage, self.host.stages[stage])
        if not self.host.selected_stages:
            for stage in Stage:
                if stage not in SCORED and (judged := self.judged(stage)):
                    yield from self.say(f"{stage.label}: {self.of(judged)}; it has no score", bold=True)

    def judged(self, stage: Stage | None = None) -> list[ItemReport]:
        """What was selected, and ran."""
        return [one for one in self.host.items if stage in (None, one.stage) and one.is_judged]

    def of(self, items: Iterable[ItemReport]) -> str:
        return _counts(Counter(item.outcome for item in items))

    def stage(self, stage: Stage, tally: Tally) -> Iterator[Line]:
        """A stage: its bar, its score of its threshold, its verdict. Of one that was judged in part only what was found."""
        is_wide = self.view.width == 0 or self.view.width >= ROOMY
        name = f"{stage.label:23} " if is_wide else f"{stage.label}: "
        verdict = self.host.verdict_of(stage)
        if tally.partial:
            judged = self.judged(stage)
            selected = sum(item.stage is stage for item in self.host.selected)
            of = f"{selected} of {tally.total} selected" + (f", {len(judged)} judged" if len(judged) < selected else "")
            blockers = self.host.blockers(stage)
            which = f" ({len(blockers)} non-negotiable)" if blockers else ""
            found = f"{of}{': ' if judged else ''}{self.of(judged)}{which}"
            yield from self.say(f"{name}{verdict.value}, {found}", 4, **_colour(verdict))
            return
        score, between = (f"{_bar(tally)} {_score(tally):>14}", "  ") if is_wide else (_score(tally), ", ")
        yield from self.say(f"{name}{score}{between}{_because(verdict, tally)}", 4, **_colour(verdict))
        if self.is_full:
            yield from self.say(f"    {_counts(tally.counts)}", 8)
            if tally.blockers:
                yield from self.say(f"    non-negotiable and open: {', '.join(tally.blockers)}", 8)

    # Notices: what a reader of the verdicts must know

    def notices(self) -> Iterator[Line]:
        """A line each; with `-v` all of it."""
        host = self.host
        if host.is_partial:
            yield from self.say(f"partial: {self.partial()}", 4, 0 if self.is_full else 2, yellow=True)
        if host.clock:
            yield from self.notice("", [f"{host.clock}: {CLOCK}"])
        yield from self.notice("relaxed: ", [self.relaxed(number) for number in range(len(host.relaxations))])
        if host.simulated:
            names = ", ".join(host.simulated)
            yield from self.notice("simulated, and no evidence of a real deployment: ", [names])
        yield from self.notice(
            "waived: ", [self.word(item) for item in host.selected if item.outcome is Outcome.WAIVED]
        )
        lapsed = [item for item in host.lapsed if item.is_selected]
        said = [f"{item.item}: {item.lapsed}" for item in lapsed] if self.is_full else [item.item for item in lapsed]
        yield from self.notice("counts no more: ", said)

    def notice(self, name: str, parts: Sequence[str]) -> Iterator[Line]:
        """What is of one kind: in one line, or with `-v` a line for each."""
        if not parts:
            return
        if self.is_full:
            for part in some(parts):
                yield from self.say(f"{name}{part}", 4, yellow=True)
        else:
            yield Line(cut(clean_line(name + ", ".join(parts)), self.view.width), {"yellow": True})

    def relaxed(self, number: int) -> str:
        one = self.host.relaxations[number]
        why = f", {one.reason} ({one.approver})" if self.is_full else ""
        return f"{one.key} = {one.declared} (checklist: {one.checklist}){why}"

    def word(self, item: ItemReport) -> str:
        if self.is_full:
            return f"{item.item}: {item.reason}"
        return f"{item.item} until {item.word.until}" if item.word and item.word.until else item.item

    def partial(self) -> str:
        """What a part of the checklist is good for."""
        host = self.host
        if host.selected_stages and not any(host.stages[stage].partial for stage in host.selected_stages):
            names = " and ".join(stage.label for stage in SCORED if stage not in host.selected_stages)
            return f"nothing was selected of {names}, so that this is no verdict on the whole"
        whole = [stage.label for stage in host.selected_stages if not host.stages[stage].partial]
        no_verdict = f"no verdict beyond {' and '.join(whole)}" if whole else "no verdict on a stage"
        selected, judged = len(host.selected), len(self.judged())
        which = f"{selected} of {len(host.items)} items selected" + (f", {judged} judged" if judged < selected else "")
        return f"{which}: good for what it says of these, and {no_verdict}"

    # What to do, and what changed

    def next(self) -> Iterator[Line]:
        """The most useful steps, in their order."""
        steps, of = self.shown_steps, len(self.host.plan)
        if not steps:
            return
        which = f", {len(steps)} of {of} steps" if len(steps) < of else ""
        scores = ", with the score that each step makes" if any(map(self.gain, steps)) else ""
        legend = " (!: non-negotiable)" if any(step.blockers for step in steps) else ""
        yield from self.say(f"next{which}{scores}{legend}:", 4, 2, bold=True)
        cautioned: dict[str, int] = {}
        for number, step in enumerate(steps, 1):
            yield from self.step(number, step, cautioned)
        if self.detail.fix is not None and self.detail.also is not None and not self.is_full:
            checks = [(len(step.verify), number, step.verify) for number, step in enumerate(steps, 1) if step.verify]
            size, number, verify = min(checks, default=(0, 0, ""))
            if 0 < size <= self.most_command:
                yield Line(f"     judge {number} again: {verify}")

    def step(self, number: int, step: Step, cautioned: dict[str, int]) -> Iterator[Line]:
        """What to do, what it gains, how it is done; a caution is said once, and then where it was said."""
        gain = self.gain(step)
        as_before = f"; careful: as in {cautioned[step.caution]}" if step.caution in cautioned else ""
        after, title = clean_line(as_before + (f" ({gain})" if gain else "")), clean_line(step.title)
        if self.detail.title and self.view.width:
            title = cut(title, max(self.view.width * self.detail.title - columns(after) - 8, SHORTEST_TITLE))
        lines = self.detail.title or 0
        yield from self.say(f"{number:2} {_mark(bool(step.blockers))}{title}{after}", 5, lines, bold=True)
        fix = step.fix or "; ".join(step.commands)
        if self.detail.fix is None:
            return
        if step.caution and step.caution not in cautioned:
            cautioned[step.caution] = number
            yield from self.say(f"     careful: {step.caution}", 7, self.detail.fix, yellow=True)
        if fix:
            yield from self.say(f"     {fix}", 7, self.detail.fix)
        if self.is_full and step.verify:
            yield Line(f"     judge again: {step.verify}")

    def gain(self, step: Step) -> str:
        """What a step does for the stages that were judged whole, in few words; first that it makes one ready."""
        effects = [one for one in step.effect if not self.host.stages[one.stage].partial]
        if self.is_full or not effects:
            return step.gain if effects or not step.effect else ""
        effects = sorted(effects, key=lambda one: not one.makes_ready)[: 1 if self.detail.title == 1 else None]
        said = [f"{one.stage.label.split()[0]} {'READY' if one.makes_ready else f'{one.score:g} %'}" for one in effects]
        return ("at best " if step.kind is not StepKind.MEND else "") + ", ".join(said)

    @property
    def most_command(self) -> int:
        """Characters of a command. It is not broken, so that it can be copied; one that fills the screen is left to `-v`."""
        return 2 * self.view.width or MOST_IN_LINE

    def changes(self) -> Iterator[Line]:
        """What is otherwise than in the last run, and than when it was last ready."""
        host = self.host
        since: list[tuple[str, Sequence[Change]]] = []
        if host.since is not None:
            since.append((f"since the run of {host.since:%Y-%m-%d %H:%M} UTC", host.changes))
        if host.ready_at is not None:
            said = (
                "when it was ready"
                if host.ready_at == host.since
                else f"since it was ready on {host.ready_at:%Y-%m-%d %H:%M} UTC"
            )
            if since and (host.ready_at == host.since or {*host.changes} == {*host.changes_since_ready}):
                since = [(f"{since[0][0]}, {said}", host.changes)]
            else:
                since.append((said, host.changes_since_ready))
        for said, changes in since:
            yield from self.change(said, changes)

    def change(self, since: str, changes: Sequence[Change]) -> Iterator[Line]:
        """In a line what is worse and what is better; with `-v` each by itself."""
        if not changes:
            return
        if self.is_full:
            yield from self.say(f"{since}:", bold=True)
            for one in some(changes):
                text = f"    {one.item}: {one.then.label} then, {one.now.label} now"
                yield from self.say(text, 8, **{"red" if one.is_worse else "green": True})
            return
        worse = [change.item for change in changes if change.is_worse]
        better = [change.item for change in changes if not change.is_worse]
        start = f"{since}, "
        for ids, how, colour in ((worse, "worse", "red"), (better, "better", "green")):
            if ids:
                yield Line(
                    cut(clean_line(f"{start}{len(ids)} {how}: {', '.join(ids)}"), self.view.width), {colour: True}
                )
                start = "    "

    # What is wrong

    @property
    def shown_steps(self) -> Sequence[Step]:
        return some(self.host.plan) if self.is_full else self.host.plan[:SHOWN_STEPS]

    def findings(self) -> list[_Finding]:
        """What is wrong, a cause once: first what a step mends that is shown, then the grave, then in the checklist's order."""
        steps: dict[str, int] = {}
        for number, step in enumerate(self.shown_steps, 1):
            for name in step.items:
                steps.setdefault(name, number)
        left = {item.item: item for item in (*self.host.failed, *self.host.unseen)}
        found = []
        for cause in self.host.causes:
            one = _of_cause(cause, left, steps)
            if any(item.outcome is Outcome.FAILED for item in one.all):
                found.append(one)
                for item in one.all:
                    del left[item.item]
        found += [_Finding((item,), steps.get(item.item, 0)) for item in self.host.failed if item.item in left]
        return sorted(found, key=lambda one: (one.step or SHOWN_STEPS + 1, not one.is_grave))

    def failed(self, found: Sequence[_Finding]) -> Iterator[Line]:
        """What is wrong. What stands under a step is not said again, but for its number."""
        if not found:
            return
        broken = sum(item.broken for item in self.host.failed)
        said = [f"{len(self.host.failed) - broken} failed", f"{broken} broken off by a fault of the check"]
        numbered = any(one.step for one in found)
        rest = ", with the number of the step that mends it:" if numbered else ":"
        yield from self.say(", ".join(said[: 2 if broken else 1]) + rest, red=True, bold=True)
        most = self.detail.failures or len(found)
        for one in found[:most]:
            yield from self.finding(one, numbered)
        left_out = sum(item.outcome is Outcome.FAILED or item.broken for one in found[most:] for item in one.all)
        yield from self.more(left_out)

    def finding(self, one: _Finding, numbered: bool) -> Iterator[Line]:
        """One thing that is wrong: what, what else is wrong because of it, what was seen, how to mend it."""
        number = f"{one.step or '':2} " if numbered else ""
        prefix = f"{number}{_mark(one.is_grave)}"
        blank = " " * (len(prefix) + 2)
        first = one.all[0]
        how_many = f" ({len(one.all)} items)" if len(one.all) > 1 and self.detail.also is None else ""
        text = one.text + how_many if one.text else f"{first.item}: {first.reason}"
        is_brief = self.view.is_brief
        yield from self.say(prefix + text, len(blank), 1 if is_brief else self.detail.found, red=True)
        if is_brief:
            return
        if self.is_full:
            for item in one.all:
                yield from self.in_full(item, blank, one.step, named=len(one.all) > 1 or bool(one.text))
            return
        if self.detail.also is not None and one.text:
            yield from self.say(f"{blank}{self.concerned(one, len(blank))}", len(blank), self.detail.also)
        if one.step == 0:
            if self.detail.seen is not None and not one.text and (seen := telling(first)):
                yield from self.say(f"{blank}seen: {seen}", len(blank) + 2, self.detail.seen)
            if self.detail.mend is not None and first.fix:
                yield from self.say(f"{blank}fix: {first.fix}", len(blank) + 2, self.detail.mend)

    def concerned(self, one: _Finding, indent: int) -> str:
        """As many as there is room for of all that a cause is wrong with, and how many more there are."""
        names = [item.item for item in one.all]
        for shown in range(len(names), 0, -1):
            text = ", ".join(names[:shown]) + (f" and {len(names) - shown} more" if shown < len(names) else "")
            if len(folded(" " * indent + text, self.view.width, indent)) <= (self.detail.also or len(names)):
                break
        return text

    def in_full(self, item: ItemReport, blank: str, step: int, named: bool) -> Iterator[Line]:
        """All about an item that is open."""
        if named:
            yield from self.say(f"{blank}{item.item}: {item.outcome.label}: {item.reason}", len(blank) + 2)
            blank += "  "
        mends = self.host.plan[step - 1].fix if step else ""
        fix = f"as step {step} says" if item.fix and item.fix in mends else item.fix
        said = [("item", item.text), *(("seen", text) for text in some(item.evidence))]
        said += [("why", item.why), ("fix", fix), ("see", item.see)]
        if item.since is not None:
            said.append(("since", f"{item.since:%Y-%m-%d %H:%M} UTC"))
        for name, text in said:
            if text:
                yield from self.say(f"{blank}{name}: {text}", len(blank) + 2)

    def not_assessed(self, told: Container[str]) -> Iterator[Line]:
        """What could not be seen, by what would open it; what a step opens that is shown is counted only."""
        unseen = [item for item in self.host.unseen if item.item not in told and item.reason != NOT_RUN]
        if not unseen:
            return
        in_steps = {name: number for number, step in enumerate(self.shown_steps, 1) for name in step.items}
        by_step = Counter(
            in_steps[item.item]
            for item in unseen
            if item.item in in_steps and not self.is_full and item.item not in self.kept
        )
        kept = self.kept
        parts = [f"step {number} opens {count}" for number, count in sorted(by_step.items())]
        if above := sum(item.item in kept for item in unseen):
            parts.insert(0, f"{above} wait for what stands on top")
        said = f"{len(unseen)} not assessed" + (f" ({', '.join(parts)})" if parts else "")
        unseen = [item for item in unseen if in_steps.get(item.item, 0) not in by_step and item.item not in kept]
        yield from self.say(said + (":" if unseen else ""), 4, 2, yellow=True, bold=True)
        texts = {opening.key: opening.text for opening in self.host.openings}
        groups: dict[tuple[str, bool], list[ItemReport]] = {}
        for item in unseen:
            text = texts.get(item.opening, "")
            groups.setdefault((text or item.reason, bool(text)), []).append(item)
        shown = list(groups.items())
        most = self.detail.groups or len(shown)
        for (text, is_opening), items in shown[:most]:
            yield from self.group(text, is_opening, items)
        yield from self.more(sum(len(items) for _, items in shown[most:]))

    def group(self, text: str, is_opening: bool, items: Sequence[ItemReport]) -> Iterator[Line]:
        """What one thing would open, or what has one reason."""
        mark = _mark(any(item.non_negotiable for item in items))
        few = len(items) <= FEW
        if is_opening:
            said = f"{text}: {_ids(items)}" if few and not self.is_full else text
        else:
            said = f"{_ids(items) if few else f'{len(items)} items'}: {text}"
        yield from self.say(f"{mark}{said}", 4, 0 if self.is_full else self.detail.found, yellow=True)
        if self.is_full and (is_opening or not few):
            for item in items:
                yield from self.say(f"      {item.item}: {item.reason}", 8)

    # The rest

    def declared(self) -> Iterator[Line]:
        """What stands on a declaration, or is advice: with `-v`, and else counted."""
        if self.is_full:
            for item in self.host.declared:
                if item.outcome is not Outcome.WAIVED:
                    yield from self.say(f"{item.item}: {item.outcome.label}: {item.reason}", 4)

    def counted(self) -> Iterator[Line]:
        """What was not told, and where it is."""
        counts = Counter(item.outcome for item in self.host.declared if item.outcome in COUNTED)
        if not self.is_full:
            said = f"{_counts(counts)}: -v lists these, --html=FILE all" if counts else "-v says more, --html=FILE all"
            yield from self.say(said)

    def suggested(self) -> Iterator[Line]:
        """Where there was no file: what to write into one."""
        host = self.host
        if not host.discovered and not host.suggested:
            return
        init = f"`zebu init {shlex.quote(host.name)}`"
        count = len(host.discovered)
        match count:
            case 0:
                said = f"there is no zebu.toml, and nothing that it would say was discovered: {init} asks for it."
            case 1:
                said = f"there is no zebu.toml: 1 setting was discovered for this run; {init} writes it down."
            case _:
                said = f"there is no zebu.toml: {count} settings were discovered for this run; {init} writes them down."
        yield from self.say(said)
        if host.suggested:
            yield from self.say("what would open the most beside them, to be completed:")
            for line in host.suggested:
                yield from self.say(f"  {line}", 8, 1)


def _of_cause(cause: Cause, left: Mapping[str, ItemReport], steps: Mapping[str, int]) -> _Finding:
    """A cause with those of its items that this run judged, and that are not told already."""
    own = [left[name] for name in cause.items if name in left]
    rest = [left[name] for name in cause.consequences if name in left and name not in cause.items]
    return _Finding(
        items=tuple(own),
        step=min((steps[item.item] for item in (*own, *rest) if item.item in steps), default=0),
        text=cause.text,
        also=tuple(item for item in rest if item.outcome is Outcome.FAILED),
        unseen=tuple(item for item in rest if item.outcome is not Outcome.FAILED),
    )


def summary(host: HostReport, view: View = USUAL_VIEW) -> list[Line]:
    """The whole summary of a host: of several details the first that there is room for."""
    room = ROOM * max(1, USUAL_WIDTH / (view.width or USUAL_WIDTH))
    for detail in _details(view):
        told = list(_Summary(host, view, detail, is_full=detail is EVERYTHING).lines())
        if len(told) <= room:
            break
    return [Line(encodable(line.text, view.encoding), line.markup) for line in told]


def _details(view: View) -> tuple[Detail, ...]:
    if view.verbosity > 0:
        return (EVERYTHING,)
    return USUAL if view.verbosity == 0 else (QUIET,) if view.verbosity == -1 else (VERDICT_ONLY,)


def table(report: Report, view: View = USUAL_VIEW) -> list[Line]:
    """A line for each of several hosts: its verdict, those of its stages with their scores, and how much is open."""
    width = max((len(clean_line(host.name)) for host in report.hosts), default=0)
    lines = []
    for host in report.hosts:
        stages = [
            f"{SHORT[stage]} {tally.score_with_waivers:.1f}{'' if host.verdict_of(stage) is Verdict.READY else ' !'}"
            for stage in host.selected_stages
            if (tally := host.stages[stage]).score_with_waivers is not None
        ]
        opened = f"{len(host.failed)} failed, {len(host.unseen)} not assessed"
        access = host.access
        trouble = [f"ssh: {access.trouble}"] if access.gathered and not access.reachable else []
        said = "; ".join([*trouble, ", ".join(stages), opened] if stages else [*trouble, opened])
        text = cut(clean_line(f"{clean_line(host.name):{width}}  {host.verdict.value:9}  {said}"), view.width)
        lines.append(Line(encodable(text, view.encoding), _colour(host.verdict)))
    return lines


def shown_hosts(report: Report, view: View) -> Iterator[tuple[HostReport, View]]:
    """Of which hosts a summary is shown, and how: of many only where something is wrong, and only that, unless `-v` asks for all."""
    is_many = len(report.hosts) > FEW and view.verbosity == 0
    for host in report.hosts:
        if not is_many:
            yield host, view
        elif host.verdict is not Verdict.READY or host.failed:
            yield host, replace(view, verbosity=-1)


def heading(host: HostReport) -> str:
    """What stands above a host's summary."""
    return f"readiness of {host.name}" + (f", version {host.version}" if host.version else "")


def render(report: Report) -> str:
    """The summaries of all hosts as a file: everything that `-v` tells, without colours.

    Lines are not broken, so that each can be found, compared and copied: a terminal, an editor and a pager break them
    where they end.
    """
    lines = []
    for host in report.hosts:
        lines += [Line(f"==== {heading(host)} ===="), *summary(host), Line("")]
    return "\n".join(line.text for line in lines)
