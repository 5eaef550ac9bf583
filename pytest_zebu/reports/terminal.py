"""The summary on the terminal: a line per stage, then the findings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pytest_zebu.catalogue import Stage
from pytest_zebu.reports.report import CLOCK, HostReport, ItemReport, Report
from pytest_zebu.shown import clean_line
from pytest_zebu.verdict.outcome import Finding, Outcome
from pytest_zebu.verdict.readiness import Tally

BAR = 24
SHOWN_EVIDENCE = 4
SHOWN_CHANGES = 12


@dataclass(frozen=True, slots=True)
class Line:
    """A line, and how it is coloured. What a target said can neither steer the terminal nor begin a line of its own."""

    text: str
    markup: dict[str, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", clean_line(self.text))


def _bar(tally: Tally) -> str:
    share = tally.share_with_waivers or 0
    full = int(share * BAR)
    return "█" * full + "░" * (BAR - full)


def _counts(tally: Tally) -> str:
    return ", ".join(f"{count} {outcome.label}" for outcome, count in tally.counts.items() if count)


def _verdict(tally: Tally) -> str:
    if tally.share_with_waivers is None:
        return "NO DATA"
    return "READY" if tally.ready else "NOT READY"


def stage_line(stage: Stage, tally: Tally) -> Line:
    """One stage."""
    score = "   -  " if tally.score_with_waivers is None else f"{tally.score_with_waivers:5.1f}%"
    waived = (
        f" ({tally.score:.1f}% without waivers)" if tally.counts[Outcome.WAIVED] and tally.score is not None else ""
    )
    text = f"{stage.label:24} {_bar(tally)} {score}{waived} of {tally.threshold}%  {_verdict(tally)}: {tally.why}"
    return Line(text, {"green" if tally.ready else "red": True, "bold": True})


def finding_lines(found: Finding | ItemReport) -> list[str]:
    """What is wrong with an item, what was seen, how to mend it: each a line, whatever was said."""
    lines = [f"{found.item}: {found.reason}"]
    lines += [f"    seen: {text}" for text in found.evidence[:SHOWN_EVIDENCE]]
    if len(found.evidence) > SHOWN_EVIDENCE:
        lines.append(f"    seen: and {len(found.evidence) - SHOWN_EVIDENCE} more")
    if found.fix:
        lines.append(f"    fix: {found.fix}")
    return [clean_line(line) for line in lines]


def _access(host: HostReport) -> Iterator[Line]:
    access = host.access
    if not access.gathered:
        return
    how = (
        f"{access.logins} ssh login(s), {access.round_trips} round trip(s)"
        if access.reachable
        else f"ssh: {access.trouble}"
    )
    version = f", version {host.version}" if host.version else ""
    yield Line(
        f"{host.name}{version}: gathered in {access.seconds:.1f} s, {how}", {} if access.reachable else {"red": True}
    )


def _changes(host: HostReport) -> Iterator[Line]:
    if host.since is None or not host.changes:
        return
    yield Line(f"since the run of {host.since:%Y-%m-%d %H:%M} UTC:", {"bold": True})
    for change in host.changes[:SHOWN_CHANGES]:
        yield Line(
            f"    {change.item}: {change.then.label} then, {change.now.label} now",
            {"red" if change.is_worse else "green": True},
        )
    if len(host.changes) > SHOWN_CHANGES:
        yield Line(f"    and {len(host.changes) - SHOWN_CHANGES} more")


def _failed(items: tuple[ItemReport, ...]) -> Iterator[Line]:
    if not items:
        return
    yield Line("")
    yield Line(f"{len(items)} failed", {"bold": True})
    for item in items:
        first, *rest = finding_lines(item)
        yield Line(first, {"red": True})
        yield from map(Line, rest)


def _unseen(items: tuple[ItemReport, ...]) -> Iterator[Line]:
    """What could not be seen, the same reason once; what many items wait for comes last."""
    by_reason: dict[str, list[str]] = {}
    for item in items:
        by_reason.setdefault(item.reason, []).append(item.item)
    if not items:
        return
    yield Line("")
    yield Line(f"{len(items)} not assessed", {"bold": True})
    for reason, ids in sorted(by_reason.items(), key=lambda pair: len(pair[1])):
        yield Line(f"{ids[0]}: {reason}" if len(ids) == 1 else f"{len(ids)} items: {reason}", {"yellow": True})


def summary(host: HostReport) -> Iterator[Line]:
    """The whole summary of a host."""
    yield from _access(host)
    if host.clock:
        yield Line(f"{host.clock}: {CLOCK}", {"yellow": True})
    for stage in host.selected_stages:
        tally = host.stages[stage]
        yield stage_line(stage, tally)
        yield Line(f"{'':24} {_counts(tally)}")
    yield from _changes(host)
    for one in host.relaxations:
        yield Line(
            f"relaxed: {one.key} = {one.declared} (checklist: {one.checklist}), {one.reason} ({one.approver})",
            {"yellow": True},
        )
    if host.simulated:
        names = ", ".join(host.simulated)
        yield Line(f"simulated: {names}: what these say is no evidence of a real deployment", {"yellow": True})
    yield from _failed(host.failed)
    for item in host.declared:
        yield Line(f"{item.item}: {item.outcome.label}: {item.reason}")
    yield from _unseen(host.unseen)


def heading(host: HostReport) -> str:
    """What stands above a host's summary."""
    return f"readiness of {host.name}"


def render(report: Report) -> str:
    """The summaries of all hosts, without colours."""
    lines = []
    for host in report.hosts:
        lines += [Line(f"==== {heading(host)} ===="), *summary(host), Line("")]
    return "\n".join(line.text for line in lines)
