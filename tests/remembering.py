"""Runs over the recorded lab that are remembered as a run remembers them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from lab import recordings
from lab.recordings import JUDGED
from pytest_zebu.catalogue import load
from pytest_zebu.facts.answer import Known
from pytest_zebu.gather.snapshot import Snapshot
from pytest_zebu.memory import history
from pytest_zebu.memory.history import PastRun
from pytest_zebu.memory.measures import measured
from pytest_zebu.plugin.comparing import at_time
from pytest_zebu.plugin.judge import Evidence
from pytest_zebu.plugin.remembered import kept_of
from pytest_zebu.verdict.outcome import Finding

DAY = 86_400.0


def healthy(folder: Path) -> Evidence:
    """All that is known of the healthy lab; its settings and people's files are in the folder."""
    return recordings.evidence(recordings.read_healthy(), folder)


def faulty(folder: Path, *names: str) -> Evidence:
    """The same with what recorded faults changed."""
    base = recordings.read_healthy()
    whole = base
    for name in names:
        case = recordings.read(JUDGED / f"{name}.json", base)
        looks = {key: seen for key, seen in {**whole.looks, **case.looks}.items() if seen is not None}
        whole = replace(whole, answers={**whole.answers, **case.answers}, looks=looks)
    return recordings.evidence(whole, folder)


def later(evidence: Evidence, days: float) -> Evidence:
    """The same, seen later; both clocks went on."""
    seen = evidence.gathered
    moved = replace(evidence, gathered=at_time(seen, seen.time, seen.time + days * DAY), _read={})
    return remembering(moved)


def remembering(evidence: Evidence) -> Evidence:
    """The same, with the runs that are remembered by then."""
    at = datetime.fromtimestamp(evidence.gathered.time, UTC)
    past = history.answer(evidence.target.settings.history_file, evidence.target.name, at)
    return replace(evidence, past=past, _read={})


def judged(evidence: Evidence, *items: str) -> dict[str, Finding]:
    """What comes of items; of all where none is named."""
    return {item_id: evidence.judge(item_id) for item_id in items or [item.id for item in load()]}


def remember(
    evidence: Evidence,
    *items: str,
    is_kept: bool = True,
    suite: str = "",
    findings: Mapping[str, Finding] | None = None,
) -> dict[str, Finding]:
    """Judge, and remember what came of it.

    Args:
        evidence: what is judged.
        items: which items; all where none is named.
        is_kept: whether the evidence is kept, too.
        suite: another fingerprint of what judged.
        findings: what came of it, where that is not judged here.
    """
    found = dict(findings) if findings is not None else judged(evidence, *items)
    at = datetime.fromtimestamp(evidence.gathered.time, UTC)
    kept = kept_of(evidence, Snapshot(evidence.target.name, evidence.gathered, True), found)
    run = PastRun(
        at, "v1.2.0", bool(items), {item: one.outcome for item, one in found.items()}, measured(evidence.fact)
    )
    path = evidence.target.settings.history_file
    history.record(path, evidence.target.name, run, replace(kept, suite=suite or kept.suite) if is_kept else None)
    assert isinstance(history.answer(path, evidence.target.name, at), Known)
    return found
