"""The readiness as JSON, for other programs. The schema is docs/report.schema.json; it only grows within a version."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pytest_zebu import __version__
from pytest_zebu.catalogue import SCORED
from pytest_zebu.files import write_whole
from pytest_zebu.plugin.run import Run
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
    }


def _host(run: Run, name: str) -> dict[str, Any]:
    readiness = run.readiness(name)
    snapshot = run.known_snapshots().get(name)
    items = []
    for item, finding in zip(run.catalogue, readiness.findings, strict=True):
        data = finding.as_data()
        items.append({
            "id": item.id,
            "stage": item.stage.value,
            "category": item.category,
            **{key: data[key] for key in ("outcome", "reason", "fix", "evidence", "cases")},
        })  # fmt: skip
    since, changes = run.changes(name)
    overall = _tally(readiness.overall)
    overall["ready"] = all(tally.ready for tally in readiness.stages.values())
    return {
        "name": name,
        "reachable": bool(snapshot and snapshot.reachable),
        "trouble": snapshot.trouble if snapshot else "nothing was gathered",
        "version": run.deployed_version(name),
        "ssh_logins": snapshot.logins if snapshot else 0,
        "ssh_round_trips": snapshot.round_trips if snapshot else 0,
        "gather_seconds": snapshot.seconds if snapshot else 0.0,
        "stages": {stage.value: _tally(readiness.stages[stage]) for stage in SCORED},
        "overall": overall,
        "relaxed": [relaxation.model_dump() for relaxation in run.targets[name].settings.relaxations],
        "simulated": list(run.targets[name].settings.simulated),
        "changes": {
            "since": since.isoformat(timespec="seconds") if since else None,
            "items": [{"id": item_id, "then": then.value, "now": now.value} for item_id, then, now in changes],
        },
        "items": items,
    }


def document(run: Run, seconds: float) -> dict[str, Any]:
    """The whole document."""
    return {
        "schema": SCHEMA,
        "tool": {"name": "pytest-zebu", "version": __version__},
        "hosts": [_host(run, name) for name in run.targets],
        "ready": all(run.readiness(name).ready for name in run.targets),
        "seconds": round(seconds, 3),
    }


def write(path: Path, run: Run, seconds: float) -> None:
    """Write the document."""
    write_whole(path, json.dumps(document(run, seconds), indent=1) + "\n")
