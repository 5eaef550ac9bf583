"""The summary on the terminal: a line per stage, then the findings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pytest_zebu.catalogue import Stage
from pytest_zebu.plugin.run import Run
from pytest_zebu.verdict.outcome import Finding, Outcome
from pytest_zebu.verdict.readiness import Tally

BAR = 24
SHOWN_EVIDENCE = 4
SHOWN_CHANGES = 12


@dataclass(frozen=True, slots=True)
class Line:
    """A line, and how it is coloured."""

    text: str
    markup: dict[str, bool] = field(default_factory=dict)


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


def finding_lines(finding: Finding) -> list[str]:
    """A finding: what is wrong, what was seen, how to mend it."""
    lines = [f"{finding.item}: {finding.reason}"]
    lines += [f"    seen: {text}" for text in finding.evidence[:SHOWN_EVIDENCE]]
    if len(finding.evidence) > SHOWN_EVIDENCE:
        lines.append(f"    seen: and {len(finding.evidence) - SHOWN_EVIDENCE} more")
    if finding.fix:
        lines.append(f"    fix: {finding.fix}")
    return lines


def _changes(run: Run, name: str) -> Iterator[Line]:
    since, changes = run.changes(name)
    if since is None or not changes:
        return
    yield Line(f"since the run of {since:%Y-%m-%d %H:%M} UTC:", {"bold": True})
    for item_id, then, now in changes[:SHOWN_CHANGES]:
        worse = now in (Outcome.FAILED, Outcome.NOT_ASSESSED)
        yield Line(f"    {item_id}: {then.label} then, {now.label} now", {"red" if worse else "green": True})
    if len(changes) > SHOWN_CHANGES:
        yield Line(f"    and {len(changes) - SHOWN_CHANGES} more")


def summary(run: Run, name: str) -> Iterator[Line]:
    """The whole summary of a host."""
    readiness = run.readiness(name)
    snapshot = run.known_snapshots().get(name)
    if snapshot is not None:
        access = (
            f"{snapshot.logins} ssh login(s), {snapshot.round_trips} round trip(s)"
            if snapshot.reachable
            else f"ssh: {snapshot.trouble}"
        )
        version = run.deployed_version(name)
        yield Line(
            f"{name}{f', version {version}' if version else ''}: gathered in {snapshot.seconds:.1f} s, {access}",
            {} if snapshot.reachable else {"red": True},
        )
    for stage in readiness.selected_stages:
        tally = readiness.stages[stage]
        yield stage_line(stage, tally)
        yield Line(f"{'':24} {_counts(tally)}")
    yield from _changes(run, name)
    for relaxation in run.targets[name].settings.relaxations:
        yield Line(
            f"relaxed: {relaxation.key} = {relaxation.declared} (checklist: {relaxation.checklist}), {relaxation.reason} ({relaxation.approver})",
            {"yellow": True},
        )
    if simulated := run.targets[name].settings.simulated:
        yield Line(
            f"simulated: {', '.join(simulated)}: what these say is no evidence of a real deployment", {"yellow": True}
        )
    chosen = [finding for finding in readiness.findings if finding.item in readiness.selected]
    failed = [finding for finding in chosen if finding.outcome is Outcome.FAILED or finding.broken]
    if failed:
        yield Line("")
        yield Line(f"{len(failed)} failed", {"bold": True})
        for finding in failed:
            first, *rest = finding_lines(finding)
            yield Line(first, {"red": True})
            yield from map(Line, rest)
    others = [
        finding
        for finding in chosen
        if finding.outcome in (Outcome.WAIVED, Outcome.ADVICE, Outcome.ATTESTED, Outcome.NOT_APPLICABLE)
    ]
    for finding in others:
        yield Line(f"{finding.item}: {finding.outcome.label}: {finding.reason}")
    unseen: dict[str, list[str]] = {}
    for finding in chosen:
        if finding.outcome is Outcome.NOT_ASSESSED and not finding.broken:
            unseen.setdefault(finding.reason, []).append(finding.item)
    if unseen:
        yield Line("")
        yield Line(f"{sum(map(len, unseen.values()))} not assessed", {"bold": True})
        for reason, items in sorted(unseen.items(), key=lambda pair: len(pair[1])):
            yield Line(
                f"{items[0]}: {reason}" if len(items) == 1 else f"{len(items)} items: {reason}", {"yellow": True}
            )
