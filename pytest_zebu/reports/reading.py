"""From a JSON report back to the report: this version exactly, the one before as far as it goes. The file may be a stranger's.

What is counted is counted again: a file says which outcomes there are, and never how ready a stage is.
"""

from __future__ import annotations

import json as standard_json
import re
import shlex
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from pytest_zebu.catalogue import SCORED, THRESHOLDS, Catalogue, Stage, load
from pytest_zebu.facts.plainjson import NoJson, loads
from pytest_zebu.files import MIB
from pytest_zebu.reports import json
from pytest_zebu.reports.report import HostReport, Report, Seen
from pytest_zebu.settings.errors import UsageProblem
from pytest_zebu.settings.sections import Relaxation
from pytest_zebu.shown import clean_line
from pytest_zebu.verdict.outcome import Outcome
from pytest_zebu.verdict.plan import Step, commands
from pytest_zebu.verdict.readiness import Tally

MOST_BYTES, MOST_VALUES = 64 * MIB, 1_000_000
"""Of a file. A host has half a mebibyte without pictures, and some ten thousand values."""
MOST_HOSTS, MOST_ITEMS = 200, 1_000
_ID = r"[a-z0-9][a-z0-9._-]{0,199}"
ID = re.compile(_ID)
"""Of items: they become anchors, names of tests and fingerprints."""
OPTION = re.compile(r"--zebu-(?:host|config|active)=.+", re.DOTALL)
CHOICE = re.compile(rf"\[{_ID}\](?: or \[{_ID}\])*")
WORD = re.compile(rf"zebu (?:attest|waive) {_ID}")
"""Commands of our own, which name an item."""
OPEN = (Outcome.FAILED, Outcome.NOT_ASSESSED)
_NAMES = {"item": "id", "is_selected": "selected", "is_in_repository": "in_repository", "is_partial": "partial"}
_NAMES |= {"relaxations": "relaxed", "logins": "ssh_logins", "round_trips": "ssh_round_trips"}
"""What the document calls a field of a report, where it calls it otherwise."""


class _Odd(ValueError):
    """The document is no report; the text says where and why."""


@cache
def _reports() -> TypeAdapter[Report]:
    return TypeAdapter(Report)


def parse(text: str, name: str) -> Report:
    """The report that a JSON report tells.

    Args:
        text: the whole file.
        name: what it is called in complaints.

    Raises:
        UsageProblem: it is none, too large, damaged, or of a version that this one does not know.
    """
    if len(text) > MOST_BYTES or sum(map(text.count, ",[{")) > MOST_VALUES:
        raise UsageProblem(f"{name}: is larger than any report")
    try:
        return of_data(loads(text))
    except NoJson as error:
        raise UsageProblem(f"{name}: no report, or cut short ({error})") from None
    except _Odd as error:
        raise UsageProblem(f"{name}: the report is damaged: {clean_line(str(error), 300)}") from None


def of_data(data: Any) -> Report:
    """The same of what was read already.

    Raises:
        ValueError: it is none; the text says why.
    """
    version = data.get("schema") if isinstance(data, dict) else None
    if type(version) is not int or version not in (1, json.SCHEMA):
        raise _Odd(f"its schema is {str(version)[:40]!r}, and this reads {json.SCHEMA} and 1")
    fields = {
        "tool_version": _at(data, "tool", "version"),
        "seconds": data.get("seconds"),
        "at": data.get("at") if version != 1 else None,
        "hosts": _each(data.get("hosts"), _old_host if version == 1 else _host),
    }
    try:
        # Strictly, as JSON has it: dates and outcomes are texts, and nothing is converted that is of another type.
        report = _reports().validate_json(standard_json.dumps(fields), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(_NAMES.get(str(part), str(part))[:80] for part in first["loc"])
        said = "is missing" if first["type"] == "missing" else "is nothing that a report has there"
        raise _Odd(f"{place}: {said}") from None
    if not report.hosts:
        raise _Odd("hosts: there is none")
    if report.at is not None and report.at.tzinfo is None:
        raise _Odd("at: a moment has no time zone")
    checklist = load()
    for host in report.hosts:
        _check(host, checklist)
    return report


# From the document's names to the fields of a report. What is of another type than known passes here, and is refused above.


def _at(data: Any, *names: str) -> Any:
    for name in names:
        data = data.get(name) if isinstance(data, dict) else None
    return data


def _each(entries: Any, make: Any) -> Any:
    return [make(one) if isinstance(one, dict) else one for one in entries] if isinstance(entries, list) else entries


def _renamed(data: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """The fields of these names that the document has: who does not know a field passes over it."""
    return {field: data[_NAMES.get(field, field)] for field in names if _NAMES.get(field, field) in data}


def _location(data: Any) -> Any:
    return _renamed(data, "file", "line", "is_in_repository") if isinstance(data, dict) else data


def _part(data: Mapping[str, Any]) -> Any:
    return {**_renamed(data, "text", "case", "place"), "location": _location(data.get("location"))}


def _line(part: Any) -> Any:
    match part:
        case {"text": str(text), "case": str(case)}:
            return json.line(Seen(text, case))
        case _:
            return part


def _picture(data: Mapping[str, Any]) -> Any:
    return [data.get("caption"), data.get("jpeg")]


ITEM = (
    "item", "text", "stage", "category", "group", "optional", "conditional", "non_negotiable", "is_selected", "outcome",
    "broken", "reason", "why", "fix", "caution", "see", "by", "sources", "cases", "word", "lapsed", "since", "cause",
    "opening",
)  # fmt: skip


def _item(data: Mapping[str, Any]) -> Any:
    seen = data.get("evidence")
    return {
        **_renamed(data, *ITEM),
        "seen": _each(seen, _part),
        "evidence": data["lines"] if "lines" in data else _each(seen, _line),
        "location": _location(data.get("location")),
        "pictures": _each(data.get("pictures", []), _picture),
    }


def _counts(data: Mapping[str, Any]) -> dict[str, Any]:
    return {outcome.value: data.get(outcome.value) for outcome in Outcome}


def _tally(data: Mapping[str, Any]) -> dict[str, Any]:
    return {"blockers": [], **_renamed(data, "threshold", "blockers", "partial"), "counts": _counts(data)}


def _category(data: Mapping[str, Any]) -> Any:
    return {
        "stage": data.get("stage"), "name": data.get("category"), "total": data.get("total"), "counts": _counts(data),
    }  # fmt: skip


def _change(data: Mapping[str, Any]) -> Any:
    return _renamed(data, "item", "then", "now")


def _past(data: Mapping[str, Any]) -> Any:
    return _renamed(data, "at", "scores", "ready", "version", "is_partial")


def _task(data: Mapping[str, Any]) -> Any:
    return _renamed(data, "id", "text", "state", "due", "cadence_days", "summary")


def _relaxation(data: Mapping[str, Any]) -> Any:
    return _renamed(data, *Relaxation.model_fields)


def _stages(data: Mapping[str, Any]) -> dict[str, Any]:
    stages = data.get("stages")
    if not isinstance(stages, dict) or [*stages] != [stage.value for stage in SCORED]:
        raise _Odd("stages: these are not the scored stages")
    made = {name: _tally(tally) if isinstance(tally, dict) else tally for name, tally in stages.items()}
    overall = data.get("overall")
    whole = {**_tally(overall), "parts": [*made.values()]} if isinstance(overall, dict) else overall
    return {"stages": made, "overall": whole}


def _host(data: Mapping[str, Any]) -> Any:
    access = _renamed(data, "gathered", "reachable", "trouble", "logins", "round_trips")
    same = (
        "name", "at", "version", "profile", "ready", "selected_stages", "plan", "causes", "openings", "preflight", "simulated", "clock",
    )  # fmt: skip
    later = {name: data[name] for name in ("discovered", "suggested") if name in data}
    return {
        **_renamed(data, *same),
        **later,
        **_stages(data),
        "access": {
            **access,
            "seconds": data.get("gather_seconds"),
            "processor": data.get("processor_seconds"),
            "docker_processor": data.get("docker_processor_seconds"),
        },
        "categories": _each(data.get("categories"), _category),
        "relaxations": _each(data.get("relaxed"), _relaxation),
        "since": _at(data, "changes", "since"),
        "changes": _each(_at(data, "changes", "items"), _change),
        "ready_at": _at(data, "changes_since_ready", "since"),
        "changes_since_ready": _each(_at(data, "changes_since_ready", "items"), _change),
        "trend": _each(data.get("trend"), _past),
        "tasks": _each(data.get("tasks"), _task),
        "items": _each(data.get("items"), _item),
    }


# Schema 1: some fields came later than it did, and many are not in it


def _old_item(data: Mapping[str, Any]) -> Any:
    known = load()[data["id"]] if data.get("id") in load() else None
    fields = ("text", "group", "optional", "conditional", "non_negotiable")
    then = {name: getattr(known, name) for name in fields} if known else {"text": data.get("id")}
    evidence = data.get("evidence")
    made = {**then, **_renamed(data, *ITEM), "evidence": evidence, "by": list(known.by) if known else []}
    if isinstance(evidence, list):
        made["seen"] = [{"text": line} for line in evidence]
    return made


def _old_host(data: Mapping[str, Any]) -> Any:
    if "at" not in data:
        raise _Odd("at: it does not say when the host was looked at")
    items = data.get("items")
    chosen = {
        item.get("stage") for item in (items if isinstance(items, list) else ())
        if isinstance(item, dict) and item.get("selected", True) is True
    }  # fmt: skip
    made = _stages(data)
    selected = [stage.value for stage in SCORED if stage.value in chosen]
    access = {**_renamed(data, "reachable", "trouble", "logins", "round_trips"), "seconds": data.get("gather_seconds")}
    return {
        **_renamed(data, "name", "at", "version", "simulated", "clock"),
        **made,
        "access": {**access, "gathered": bool(data.get("reachable") or data.get("gather_seconds"))},
        "selected_stages": selected,
        "ready": data.get("ready", False),
        "categories": _each(data.get("categories", []), _category),
        "relaxations": _each(data.get("relaxed"), _relaxation),
        "since": _at(data, "changes", "since"),
        "changes": _each(_at(data, "changes", "items") or [], _change),
        "items": _each(items, _old_item),
    }


# What types cannot say


def _check(host: HostReport, checklist: Catalogue) -> None:
    """Refuse a host of which no run could have told this.

    Raises:
        _Odd: a number is none that can be, a moment has no zone, an item is there twice, it is readier than its items, or a
            step of its plan is to be done by a command that is not this suite's.
    """
    moments = [
        host.at,
        host.since,
        host.ready_at,
        *(past.at for past in host.trend),
        *(item.since for item in host.items),
    ]
    if any(moment is not None and moment.tzinfo is None for moment in moments):
        raise _Odd(f"{host.name}: a moment has no time zone")
    if not host.name or len(host.items) > MOST_ITEMS:
        raise _Odd("a host has no name, or more items than any checklist")
    ids = [item.item for item in host.items]
    if odd := [one for one in ids if not ID.fullmatch(one)]:
        raise _Odd(f"{host.name}: {odd[0][:80]!r} is no id of an item")
    if len(set(ids)) < len(ids):
        raise _Odd(f"{host.name}: an item is there twice")
    for tally in (*host.stages.values(), host.overall):
        _check_tally(host.name, tally)
    stages = [host.stages.get(stage) for stage in host.selected_stages]
    if host.ready and not (stages and all(stage is not None and stage.ready for stage in stages)):
        raise _Odd(f"{host.name}: it is called ready, and its stages are not")
    _check_counts(host)
    _check_demands(host, checklist)
    for step in host.plan:
        _check_step(host.name, step)


def _check_tally(name: str, tally: Tally) -> None:
    if any(count < 0 for count in tally.counts.values()) or not 0 <= tally.threshold <= 100:
        raise _Odd(f"{name}: a count or a threshold is none")


def _check_demands(host: HostReport, checklist: Catalogue) -> None:
    """What a stage needs is the checklist's to say, and a file's only where it says what was relaxed."""
    relaxed = {one.key for one in host.relaxations}
    known = {item.id for item in checklist if item.non_negotiable}
    blockers: list[str] = []
    for stage, tally in host.stages.items():
        if tally.threshold < THRESHOLDS[stage] and f"thresholds.{stage.value}" not in relaxed:
            raise _Odd(
                f"{host.name}: {stage.value} needs less than the checklist asks for, and nothing says that it was relaxed"
            )
        if tally.total < len(checklist.stage(stage)) and not tally.partial:
            raise _Odd(f"{host.name}: {stage.value} lacks items of the checklist")
        found = tuple(
            item.item
            for item in host.items
            if item.stage is stage and item.outcome in OPEN and (item.non_negotiable or item.item in known)
        )
        if found != tally.blockers:
            raise _Odd(f"{host.name}: {stage.value} has other non-negotiable items open than it names")
        blockers += found
    if host.overall.blockers != tuple(blockers) or (
        host.overall.partial is not any(tally.partial for tally in host.stages.values())
    ):
        raise _Odd(f"{host.name}: all stages together are not what each of them is")


def _check_step(name: str, step: Step) -> None:
    """What people are to type stands beside a button that copies it: from a file, only what this suite would have said."""
    try:
        program, *words = shlex.split(step.verify) or [""]
    except ValueError:
        program, words = "", []
    chosen = words[-1:] if words[-2:-1] == ["-k"] and CHOICE.fullmatch(words[-1]) else []
    options = words[:-2] if chosen else words
    is_ours = (
        program == "pytest" and all(map(OPTION.fullmatch, options)) and shlex.join([program, *words]) == step.verify
    )
    own = {*commands(step.fix)}
    if (step.verify and not is_ours) or not all(one in own or WORD.fullmatch(one) for one in step.commands):
        raise _Odd(f"{name}: a step of the plan is to be done by a command that is not this suite's")


def _check_counts(host: HostReport) -> None:
    """Counts that are not those of the items would be a verdict on something else."""
    for stage, tally in host.stages.items():
        if dict(tally.counts) != _found(host, (stage,)):
            raise _Odd(f"{host.name}: {stage.value} counts other outcomes than its items have")
    if dict(host.overall.counts) != _found(host, SCORED):
        raise _Odd(f"{host.name}: its items have other outcomes than are counted")


def _found(host: HostReport, stages: Iterable[Stage]) -> dict[Outcome, int]:
    outcomes = [item.outcome for item in host.items if item.stage in stages]
    return {outcome: outcomes.count(outcome) for outcome in Outcome}
