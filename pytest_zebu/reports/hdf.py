"""The Heimdall Data Format (OHDF, InSpec's exec-json), as MITRE's SAF tools and Heimdall read it.

Heimdall works out a control's status itself: an error in any result is "Profile Error", an impact of 0 or a waiver is
"Not Applicable", then one failed result is "Failed", one passed result is "Passed", and only what is skipped throughout is "Not
Reviewed". One passed case beside cases that nobody could see would be "Passed": so of what was not assessed no result passes.
It also takes controls of one id in one file for the same control: the items of several hosts need ids of their own.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from pytest_zebu.catalogue import SCORED
from pytest_zebu.reports.report import HostReport, ItemReport, Report
from pytest_zebu.shown import clean_data
from pytest_zebu.verdict.outcome import Case, Outcome
from pytest_zebu.verdict.plan import verification

IMPACTS = {"non_negotiable": 0.9, "security": 0.7, "other": 0.5, "optional": 0.3}
"""What Heimdall calls critical, high, medium and low."""
OF_NONE = 0.0
"""An impact that takes a control out of the total."""
STATUSES = {Outcome.PASSED: "passed", Outcome.FAILED: "failed", Outcome.NOT_ASSESSED: "skipped"}
OUT_OF_TOTAL = (Outcome.NOT_APPLICABLE, Outcome.ADVICE)
CHECKLIST = "pytest_zebu/catalogue/checklist.toml"
MOST_CASES = 500
"""Of one control. What decides it comes first: a cut list must not turn out better."""


def render(report: Report) -> str:
    """The document: a profile for each host."""
    document = {
        "platform": {
            "name": "pytest-zebu",
            "release": report.tool_version,
            "target_id": ", ".join(host.name for host in report.hosts),
        },
        "profiles": [_profile(report, host, len(report.hosts) > 1) for host in report.hosts],
        "statistics": {"duration": report.seconds},
        "version": report.tool_version,
        "passthrough": {"auxiliary_data": [{"name": "pytest-zebu", "data": _readiness(report)}]},
    }
    return json.dumps(clean_data(document), indent=1, allow_nan=False) + "\n"


def _readiness(report: Report) -> list[Mapping[str, Any]]:
    """Our own score of each stage: Heimdall's compliance counts waivers otherwise, and all stages together."""
    return [
        {
            "host": host.name,
            "ready": host.ready,
            "partial": host.is_partial,
            "stages": {
                stage.value: {
                    "score": host.stages[stage].score,
                    "score_with_waivers": host.stages[stage].score_with_waivers,
                    "threshold": host.stages[stage].threshold,
                    "ready": host.stages[stage].ready,
                }
                for stage in host.stages
            },
        }
        for host in report.hosts
    ]


def _told(host: HostReport) -> tuple[ItemReport, ...]:
    """The items of scored stages, whether this run was to judge them or not, and what else it judged."""
    return tuple(item for item in host.items if item.stage in SCORED or item.is_selected)


def _profile(report: Report, host: HostReport, is_one_of_several: bool) -> dict[str, Any]:
    items = _told(host)
    names = {item.item: f"{host.name}/{item.item}" if is_one_of_several else item.item for item in items}
    groups: dict[tuple[str, str], list[str]] = {}
    for item in items:
        groups.setdefault((item.stage.value, item.category), []).append(names[item.item])
    labels = {item.stage.value: item.stage.label for item in items}
    checklist = "\n".join(f"{item.item} {item.text}" for item in items)
    return {
        "name": f"pytest-zebu-{host.name}",
        "title": f"Production readiness of {host.name}",
        "version": report.tool_version,
        "summary": f"The production readiness checklist, decided from evidence of {host.at:%Y-%m-%d %H:%M} UTC"
        + (f"; deployed is {host.version}" if host.version else "")
        + ("; a part of the items only" if host.is_partial else ""),
        "license": "Apache-2.0",
        "sha256": hashlib.sha256(checklist.encode("utf-8", "surrogatepass")).hexdigest(),
        "status": "loaded",
        "supports": [],
        "attributes": [
            {
                "name": one.key,
                "options": {
                    "value": one.declared,
                    "description": f"relaxed from {one.checklist}: {one.reason} ({one.approver})",
                },
            }
            for one in host.relaxations
        ],
        "groups": [
            {
                "id": f"{stage}/{category}",
                "title": f"{labels[stage]}: {category.replace('_', ' ')}",
                "controls": controls,
            }
            for (stage, category), controls in groups.items()
        ],
        "controls": [_control(host, item, names[item.item]) for item in items],
    }


def _control(host: HostReport, item: ItemReport, name: str) -> dict[str, Any]:
    command = verification(shlex.join(["pytest", f"--zebu-host={host.name}"]), [item.item])
    told = {
        "rationale": item.why,
        "check": f"{command} (evidence: {', '.join(item.sources or item.by)})",
        "fix": item.fix,
    }
    attested, waived = _attested(item, name), _waived(item)
    return {
        "id": name,
        "title": item.text,
        "desc": _description(item),
        "descriptions": [{"label": label, "data": text} for label, text in told.items() if text],
        "impact": _impact(item),
        "refs": [{"ref": item.see}] if item.see else [],
        "tags": _tags(item),
        "code": command,
        "source_location": _source(item),
        "results": [*_results(host, item), *([_by_word(host, item)] if attested else [])],
        **({"waiver_data": waived} if waived else {}),
        **({"attestation_data": attested} if attested else {}),
    }


def _description(item: ItemReport) -> str:
    """What the item means; of what does not count, why: Heimdall shows this and nothing else of it."""
    if item.outcome in OUT_OF_TOTAL:
        return f"{item.outcome.label}: {item.reason}"
    return item.why or item.text


def _impact(item: ItemReport) -> float:
    if item.outcome in OUT_OF_TOTAL and not item.broken:
        return OF_NONE
    if item.non_negotiable:
        return IMPACTS["non_negotiable"]
    if item.optional:
        return IMPACTS["optional"]
    return IMPACTS["security" if item.category == "security" else "other"]


def _tags(item: ItemReport) -> dict[str, Any]:
    """Without `nist`: none is claimed, and Heimdall files it under "unmapped"."""
    return {
        "stage": item.stage.value,
        "category": item.category,
        "group": item.group,
        "outcome": item.outcome.value,
        "non_negotiable": item.non_negotiable,
        "optional": item.optional,
        "conditional": item.conditional,
        "selected": item.is_selected,
        "see": item.see,
        "cause": item.cause,
        "lapsed": item.lapsed,
        "since": _moment(item.since) if item.since else "",
    }


def _source(item: ItemReport) -> dict[str, Any]:
    """Where the outcome points to; else where the item stands."""
    if item.location is None:
        return {"ref": CHECKLIST}
    return {"ref": item.location.file, **({"line": item.location.line} if item.location.line else {})}


def _results(host: HostReport, item: ItemReport) -> list[dict[str, Any]]:
    """Of each case what was found, as far as it may count; of an item without cases, the item."""
    if item.broken:
        return [_result(host, item.text, "error", item.reason, item.evidence)]
    status = {Outcome.PASSED: "passed", Outcome.FAILED: "failed"}.get(item.outcome, "skipped")
    found = sorted((_of_case(host, item, case) for case in item.cases), key=lambda one: one["status"] != status)
    if len(found) > MOST_CASES:
        found[MOST_CASES:] = [_result(host, f"and {len(found) - MOST_CASES} more cases", "skipped", item.reason, ())]
    if status not in (one["status"] for one in found):
        found.append(_result(host, item.text, status, _why(item), item.evidence_besides))
    return found


def _of_case(host: HostReport, item: ItemReport, case: Case) -> dict[str, Any]:
    status = STATUSES.get(case.outcome, "skipped")
    if item.outcome in (Outcome.PASSED, Outcome.FAILED):
        return _result(host, case.name, status, case.reason, case.seen)
    by_itself = "" if case.outcome is Outcome.NOT_ASSESSED else f"{case.outcome.label} by itself"
    reason = "; ".join(part for part in (by_itself, case.reason) if part)
    return _result(host, case.name, "skipped", f"{_why(item)} ({reason})" if by_itself else reason, case.seen)


def _why(item: ItemReport) -> str:
    if item.outcome in (Outcome.PASSED, Outcome.FAILED):
        return item.reason
    return f"{item.outcome.label}: {item.reason}"


def _result(host: HostReport, name: str, status: str, reason: str, seen: Iterable[str]) -> dict[str, Any]:
    message = "\n".join([*([reason] if reason else []), *(f"seen: {text}" for text in seen)])
    return {
        "status": status,
        "code_desc": name,
        "start_time": _moment(host.at),
        **({"message": message} if message else {}),
        **({"skip_message": reason or "not assessed"} if status == "skipped" else {}),
        **({"exception": reason or "the check broke"} if status == "error" else {}),
    }


def _attested(item: ItemReport, name: str) -> dict[str, str] | None:
    """The word of a person, as SAF's attestations have it: when it was given, and for how many days it holds."""
    if item.outcome is not Outcome.ATTESTED:
        return None
    word = item.word
    days = (word.until - word.on).days if word and word.until and word.on else 0
    return {
        "control_id": name,
        "explanation": word.statement if word and word.statement else item.reason,
        "frequency": f"{days}d" if days > 0 else "",
        "status": "passed",
        "updated": word.on.isoformat() if word and word.on else "",
        "updated_by": word.by if word else "",
    }


def _by_word(host: HostReport, item: ItemReport) -> dict[str, Any]:
    return _result(host, "Attested by a person", "passed", item.reason, item.evidence_besides)


def _waived(item: ItemReport) -> dict[str, Any] | None:
    """A failure that somebody accepted. The check did run; it is Heimdall's word for it that it was skipped."""
    if item.outcome is not Outcome.WAIVED:
        return None
    word = item.word
    return {
        "justification": word.statement if word and word.statement else item.reason,
        "expiration_date": word.until.isoformat() if word and word.until else None,
        "run": True,
        "skipped_due_to_waiver": True,
        "message": item.reason,
    }


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")
