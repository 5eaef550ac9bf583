"""The whole report as JSON, for other programs, and for `zebu report`, which makes the other types of it.

Its schema is report.schema.json, beside this: it only grows within a version, and who reads it passes over what they do
not know. The version before it is report.schema-1.json. Pictures are left out, as they are most of its size; the type
`json-full` has them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from pytest_zebu.catalogue import Stage
from pytest_zebu.reports import pictures
from pytest_zebu.reports.report import (
    Change,
    HostReport,
    ItemReport,
    Location,
    PastReport,
    Report,
    Seen,
    TaskReport,
    Word,
)
from pytest_zebu.shown import MOST_ENTRIES, clean, clean_data
from pytest_zebu.verdict.outcome import Case, Outcome
from pytest_zebu.verdict.plan import Cause, Effect, Opening, Step
from pytest_zebu.verdict.preflight import Check
from pytest_zebu.verdict.readiness import Tally

SCHEMA = 2


def parts(item: ItemReport) -> tuple[Seen, ...]:
    """What was seen of an item, in parts; where a report has lines only, a part each."""
    if item.seen or not item.evidence:
        return item.seen
    in_cases = {f"{case.name}: {text}": (case.name, text) for case in item.cases for text in case.seen}
    return tuple(
        Seen(in_cases[line][1], in_cases[line][0]) if line in in_cases else Seen(line) for line in item.evidence
    )


def line(part: Seen) -> str:
    """A part as it stands among the evidence."""
    return f"{part.case}: {part.text}" if part.case else part.text


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _location(location: Location | None) -> dict[str, Any] | None:
    if location is None:
        return None
    return {"file": location.file, "line": location.line, "in_repository": location.is_in_repository}


def _counts(counts: Mapping[Outcome, int]) -> dict[str, int]:
    return {outcome.value: counts[outcome] for outcome in Outcome}


def _tally(tally: Tally) -> dict[str, Any]:
    return {
        "total": tally.total,
        **_counts(tally.counts),
        "score": tally.score,
        "score_with_waivers": tally.score_with_waivers,
        "threshold": tally.threshold,
        "ready": tally.ready,
        "partial": tally.partial,
        "blockers": list(tally.blockers),
        "verdict": tally.why,
    }


def _part(part: Seen) -> dict[str, Any]:
    return {"text": part.text, "case": part.case, "place": part.place, "location": _location(part.location)}


def _bounded(seen: tuple[Seen, ...]) -> tuple[Seen, ...]:
    """As many parts as lines would be written, and how many there are more."""
    left = len(seen) - MOST_ENTRIES + 1
    return seen if left <= 1 else (*seen[: MOST_ENTRIES - 1], Seen(f"and {left} more"))


def _case(case: Case) -> dict[str, Any]:
    return {
        "name": case.name,
        "outcome": case.outcome.value,
        "reason": case.reason,
        "seen": list(case.seen),
        "fix": case.fix,
    }


def _word(word: Word) -> dict[str, Any]:
    return {
        "kind": word.kind,
        "by": word.by,
        "statement": word.statement,
        "on": word.on.isoformat() if word.on else None,
        "until": word.until.isoformat() if word.until else None,
        "approver": word.approver,
        "bound_to": list(word.bound_to),
        "evidence": list(word.evidence),
    }


def _item(item: ItemReport) -> dict[str, Any]:
    seen = parts(item)
    return {
        "id": item.item,
        "text": item.text,
        "stage": item.stage.value,
        "category": item.category,
        "group": item.group,
        "optional": item.optional,
        "conditional": item.conditional,
        "non_negotiable": item.non_negotiable,
        "selected": item.is_selected,
        "outcome": item.outcome.value,
        "broken": item.broken,
        "reason": item.reason,
        "why": item.why,
        "fix": item.fix,
        "caution": item.caution,
        "see": item.see,
        "by": list(item.by),
        "sources": list(item.sources),
        "evidence": [_part(part) for part in _bounded(seen)],
        **({} if tuple(map(line, seen)) == item.evidence else {"lines": list(item.evidence)}),
        "location": _location(item.location),
        "cases": [_case(case) for case in item.cases],
        "word": _word(item.word) if item.word else None,
        "lapsed": item.lapsed,
        "since": _moment(item.since),
        "cause": item.cause,
        "opening": item.opening,
    }


def _cause(cause: Cause) -> dict[str, Any]:
    return {
        "key": cause.key, "text": cause.text, "title": cause.title, "root": cause.root, "items": list(cause.items),
        "consequences": list(cause.consequences), "fix": cause.fix,
    }  # fmt: skip


def _opening(opening: Opening) -> dict[str, Any]:
    return {"key": opening.key, "kind": opening.kind.value, "text": opening.text, "items": list(opening.items)}


def _check(check: Check) -> dict[str, Any]:
    return {
        "name": check.name, "is_ok": check.is_ok, "text": check.text, "fix": check.fix, "items": list(check.items),
    }  # fmt: skip


def _effect(effect: Effect) -> dict[str, Any]:
    return {
        "stage": effect.stage.value, "items": effect.items, "score": effect.score, "makes_ready": effect.makes_ready,
    }  # fmt: skip


def _step(step: Step) -> dict[str, Any]:
    return {
        "kind": step.kind.value,
        "title": step.title,
        "items": list(step.items),
        "blockers": list(step.blockers),
        "reason": step.reason,
        "fix": step.fix,
        "commands": list(step.commands),
        "caution": step.caution,
        "effect": [_effect(effect) for effect in step.effect],
        "gain": step.gain,
        "verify": step.verify,
    }


def _past(past: PastReport) -> dict[str, Any]:
    return {
        "at": _moment(past.at),
        "version": past.version,
        "partial": past.is_partial,
        "scores": {stage.value: score for stage, score in past.scores.items()},
        "ready": [stage.value for stage in Stage if stage in past.ready],
    }


def _changes(since: datetime | None, changes: Iterable[Change]) -> dict[str, Any]:
    return {
        "since": _moment(since),
        "items": [{"id": change.item, "then": change.then.value, "now": change.now.value} for change in changes],
    }


def _task(task: TaskReport) -> dict[str, Any]:
    return {
        "id": task.id,
        "text": task.text,
        "state": task.state,
        "due": task.due.isoformat(),
        "cadence_days": task.cadence_days,
        "summary": task.summary,
    }


def _host(host: HostReport) -> dict[str, Any]:
    return {
        "name": host.name,
        "at": _moment(host.at),
        "version": host.version,
        "profile": host.profile,
        "gathered": host.access.gathered,
        "reachable": host.access.reachable,
        "trouble": host.access.trouble,
        "ssh_logins": host.access.logins,
        "ssh_round_trips": host.access.round_trips,
        "gather_seconds": host.access.seconds,
        **{
            key: took
            for key, took in (
                ("processor_seconds", host.access.processor),
                ("docker_processor_seconds", host.access.docker_processor),
            )
            if took is not None
        },
        "ready": host.ready,
        "partial": host.is_partial,
        "selected_stages": [stage.value for stage in host.selected_stages],
        "stages": {stage.value: _tally(tally) for stage, tally in host.stages.items()},
        "overall": _tally(host.overall),
        "categories": [
            {"stage": one.stage.value, "category": one.name, "total": one.total, **_counts(one.counts)}
            for one in host.categories
        ],
        "plan": [_step(step) for step in host.plan],
        "causes": [_cause(cause) for cause in host.causes],
        "openings": [_opening(opening) for opening in host.openings],
        "preflight": [_check(check) for check in host.preflight],
        "relaxed": [relaxation.model_dump() for relaxation in host.relaxations],
        "simulated": list(host.simulated),
        "clock": host.clock,
        "discovered": list(host.discovered),
        "suggested": list(host.suggested),
        "changes": _changes(host.since, host.changes),
        "changes_since_ready": _changes(host.ready_at, host.changes_since_ready),
        "trend": [_past(past) for past in host.trend],
        "tasks": [_task(task) for task in host.tasks],
        "items": [_item(item) for item in host.items],
    }


def document(report: Report) -> dict[str, Any]:
    """The document, without pictures: every text in it is clean, every list has an end."""
    made: dict[str, Any] = clean_data(
        {
            "schema": SCHEMA,
            "tool": {"name": "pytest-zebu", "version": report.tool_version},
            "at": _moment(report.at),
            "seconds": report.seconds,
            "ready": report.ready,
            "hosts": [_host(host) for host in report.hosts],
        }
    )
    return made


def _text(made: Mapping[str, Any]) -> str:
    return json.dumps(made, indent=1, allow_nan=False) + "\n"


def render(report: Report) -> str:
    """The document."""
    return _text(document(report))


class Full:
    """The same with pictures: the type `json-full`."""

    @staticmethod
    def render(report: Report) -> str:
        """The document."""
        made = document(report)
        for host, written in zip(report.hosts, made["hosts"], strict=False):  # a list that is too long was cut
            for item, entry in zip(host.items, written["items"], strict=False):
                if found := pictures.sound(item.pictures):
                    # Not cleaned: they are letters and digits, and longer than any text.
                    entry["pictures"] = [{"caption": clean(caption), "jpeg": data} for caption, data in found]
        return _text(made)
