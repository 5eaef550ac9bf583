"""The readiness as JSON, for other programs. Its schema is report.schema.json, beside this; it only grows within a version."""

from __future__ import annotations

import json
from typing import Any

from pytest_zebu.reports.report import HostReport, ItemReport, Report
from pytest_zebu.shown import clean_data
from pytest_zebu.verdict.outcome import Outcome
from pytest_zebu.verdict.readiness import Tally

SCHEMA = 1


def _tally(tally: Tally) -> dict[str, Any]:
    return {
        "total": tally.total,
        **{outcome.value: tally.counts[outcome] for outcome in Outcome},
        "score": tally.score,
        "score_with_waivers": tally.score_with_waivers,
        "threshold": tally.threshold,
        "ready": tally.ready,
        "partial": tally.partial,
        "blockers": list(tally.blockers),
        "verdict": tally.why,
    }


def _item(item: ItemReport) -> dict[str, Any]:
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
        "see": item.see,
        "evidence": list(item.evidence),
        "cases": [
            {"name": case.name, "outcome": case.outcome.value, "reason": case.reason, "seen": list(case.seen)}
            for case in item.cases
        ],
    }


def _host(host: HostReport) -> dict[str, Any]:
    return {
        "name": host.name,
        "at": host.at.isoformat(timespec="seconds"),
        "reachable": host.access.reachable,
        "trouble": host.access.trouble,
        "version": host.version,
        "ssh_logins": host.access.logins,
        "ssh_round_trips": host.access.round_trips,
        "gather_seconds": host.access.seconds,
        "ready": host.ready,
        "stages": {stage.value: _tally(tally) for stage, tally in host.stages.items()},
        "overall": _tally(host.overall),
        "categories": [
            {
                "stage": one.stage.value,
                "category": one.name,
                "total": one.total,
                **{outcome.value: one.counts[outcome] for outcome in Outcome},
            }
            for one in host.categories
        ],
        "relaxed": [relaxation.model_dump() for relaxation in host.relaxations],
        "simulated": list(host.simulated),
        "clock": host.clock,
        "changes": {
            "since": host.since.isoformat(timespec="seconds") if host.since else None,
            "items": [
                {"id": change.item, "then": change.then.value, "now": change.now.value} for change in host.changes
            ],
        },
        "items": [_item(item) for item in host.items],
    }


def render(report: Report) -> str:
    """The document."""
    document = {
        "schema": SCHEMA,
        "tool": {"name": "pytest-zebu", "version": report.tool_version},
        "hosts": [_host(host) for host in report.hosts],
        "ready": report.ready,
        "seconds": round(report.seconds, 3),
    }
    return json.dumps(clean_data(document), indent=1, allow_nan=False) + "\n"
