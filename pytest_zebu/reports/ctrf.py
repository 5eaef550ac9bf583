"""CTRF, the Common Test Report Format (https://ctrf.io): what dashboards and bots of many CI systems read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pytest_zebu.reports.report import HostReport, ItemReport, Report
from pytest_zebu.shown import clean_data
from pytest_zebu.verdict.outcome import Outcome

VERSION = "0.0.0"
STATUSES = {
    Outcome.PASSED: "passed",
    Outcome.ATTESTED: "passed",
    Outcome.FAILED: "failed",
    Outcome.NOT_ASSESSED: "pending",
    Outcome.NOT_APPLICABLE: "skipped",
    Outcome.WAIVED: "skipped",
    Outcome.ADVICE: "skipped",
}
"""Of CTRF's statuses, "pending" is what is still to be found out. A check that broke has failed: the run does so too."""


def _milliseconds(host: HostReport) -> int:
    return int(host.at.timestamp() * 1000)


def _test(host: HostReport, item: ItemReport, is_one: bool) -> dict[str, Any]:
    status = "failed" if item.broken else STATUSES[item.outcome]
    made: dict[str, Any] = {
        "testId": f"{host.name}/{item.item}",
        "name": item.item if is_one else f"{host.name}: {item.item}",
        "status": status,
        "rawStatus": item.outcome.value,
        "duration": 0,
        "start": _milliseconds(host),
        "suite": [host.name, item.stage.label, item.category_label, *([item.group] if item.group else [])],
        "type": "production readiness",
        "tags": [item.stage.value, item.category, *(["non-negotiable"] if item.non_negotiable else [])],
        "extra": {
            "host": host.name, "text": item.text, "why": item.why, "fix": item.fix, "see": item.see,
            "evidence": list(item.evidence),
        },
    }  # fmt: skip
    if item.reason:
        made["message"] = item.reason
    if status != "passed" and (lines := list(_trace(item))):
        made["trace"] = "\n".join(lines)
    if item.location is not None and item.location.is_in_repository:
        made["filePath"] = item.location.file
        made |= {"line": item.location.line} if item.location.line else {}
    if item.cases:
        made["steps"] = [
            {
                "name": case.name,
                "status": STATUSES[case.outcome],
                **({"extra": {"reason": case.reason}} if case.reason else {}),
            }
            for case in item.cases
        ]
    return made


def _trace(item: ItemReport) -> Iterator[str]:
    yield from (f"seen: {text}" for text in item.evidence)
    if item.fix:
        yield f"fix: {item.fix}"


def _extra(host: HostReport) -> dict[str, Any]:
    return {
        "name": host.name,
        "version": host.version,
        "ready": host.ready,
        "partial": host.is_partial,
        "stages": {
            stage.value: {"score": tally.score_with_waivers, "threshold": tally.threshold, "ready": tally.ready}
            for stage, tally in host.stages.items()
        },
        "simulated": list(host.simulated),
        "relaxed": [one.key for one in host.relaxations],
    }


def render(report: Report) -> str:
    """The document: the items that this run was to judge."""
    tests = [_test(host, item, len(report.hosts) == 1) for host in report.hosts for item in host.selected]
    statuses = [test["status"] for test in tests]
    start = min((_milliseconds(host) for host in report.hosts), default=0)
    duration = int(clean_data(report.seconds) * 1000)
    last = max(report.hosts, key=lambda host: host.at, default=None)
    document = {
        "reportFormat": "CTRF",
        "specVersion": VERSION,
        "generatedBy": f"pytest-zebu {report.tool_version}",
        "results": {
            "tool": {"name": "pytest-zebu", "version": report.tool_version},
            "summary": {
                "tests": len(tests),
                **{name: statuses.count(name) for name in ("passed", "failed", "skipped", "pending", "other")},
                "start": start,
                "stop": start + duration,
                "duration": duration,
            },
            "tests": tests,
            "environment": {
                "appName": "Zebu",
                **({"appVersion": last.version} if last and last.version else {}),
                "healthy": report.ready,
                "extra": {"hosts": [_extra(host) for host in report.hosts]},
            },
        },
    }
    return json.dumps(clean_data(document), indent=1, allow_nan=False) + "\n"
