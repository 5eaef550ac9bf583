"""`zebu incident`: a guided record of an incident, beside the settings."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pytest_zebu import settings
from pytest_zebu.catalogue import Stage, UnknownItem, load
from pytest_zebu.files import MIB, locked, read_text, why, write_whole
from pytest_zebu.gather.scratch import scratch
from pytest_zebu.memory import history
from pytest_zebu.memory.history import HistoryBroken
from pytest_zebu.people import incidents
from pytest_zebu.people.incidents import AT_THE_END, BadRecord, Incident
from pytest_zebu.settings import Settings
from pytest_zebu.settings.errors import UsageProblem
from pytest_zebu.shown import say
from pytest_zebu.verdict.outcome import Outcome

LOOK_SECONDS, END_SECONDS = 240, 15
REPORT_LIMIT = 64 * MIB
SERVICES, ERRORS = "deploy.initial.services-healthy", "post.monitoring.logs.errors-reviewed"
UNSEEN = "not seen:"
SEEN_BY_MACHINE = {
    "incident.act.status": "Services",
    "incident.act.logs": "Errors of the last hour",
}
"""The steps that are done by looking, and the heading under which it stands."""


def run(options: argparse.Namespace, now: datetime | None = None) -> int:
    """Do what is asked; the exit status of `status` is 1 while an incident is open.

    Raises:
        UsageProblem: something asked for is not there, or a record cannot be read or written.
    """
    now = now or datetime.now(UTC)
    declared = settings.find(options.config)
    declared = declared.for_host(options.host or next(iter(declared.hosts), ""))
    try:
        match options.action:
            case "open":
                return _open(declared, options, now)
            case "status":
                return _status(declared, now)
            case "step":
                return _step(declared, options, now)
            case _:
                return _close(declared, options, now)
    except BadRecord as error:
        raise UsageProblem(str(error)) from None
    except (OSError, ValueError) as error:
        raise UsageProblem(f"{declared.incidents_folder}: {why(error)}") from None


def _open(declared: Settings, options: argparse.Namespace, now: datetime) -> int:
    if not incidents.one_line(options.title):
        raise UsageProblem("say what happens, in a line")
    host = options.host or next(iter(declared.hosts), "")
    name = incidents.file_name(options.title, now)
    path = declared.incidents_folder / f"{name}.md"
    # The record is there before anything is looked at: the machine may be what is down.
    with locked(path.parent):
        if os.path.lexists(path):
            raise UsageProblem(f"{path} is there already: use another title, or `zebu incident step`")
        write_whole(path, incidents.render(options.title, host, now, load(), {}))
    say(f"{path}: opened")
    if not host or options.no_look:
        say("nothing was looked at: name a host with --host", sys.stderr) if not options.no_look else None
        return 0
    seen = look(declared, host, options.config, now)

    def with_all(text: str) -> str:
        text = incidents.with_seen(text, seen)
        for step, heading in SEEN_BY_MACHINE.items():
            if any(not line.startswith(UNSEEN) for line in seen.get(heading, ())):
                text = incidents.with_step(text, step, f"seen when it was opened, under {heading!r} above", "zebu", now)
        return text

    incidents.change(path, with_all)  # people may have written in it meanwhile
    for heading, lines in seen.items():
        say(f"{heading}:")
        for line in lines or ("nothing",):
            say(f"  {line}")
    return 0


def look(declared: Settings, host: str, config: str | None, now: datetime) -> dict[str, tuple[str, ...]]:
    """What a run of the suite sees, by heading. Where it sees nothing, that is said."""
    try:
        past = history.read(declared.history_file, host, now)
    except HistoryBroken as error:
        past = history.Past(())
        say(f"zebu: {error}", sys.stderr)
    with scratch("zebu-incident-") as folder:
        report, ini = folder / "report.json", folder / "pytest.ini"
        ini.write_text("[pytest]\n")
        # The folder where we stand may be anybody's: none of its modules, conftest.py and settings of pytest apply.
        command = [
            sys.executable, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--noconftest", f"--config-file={ini}",
            f"--rootdir={folder}", f"--zebu-host={host}", "--zebu-gate=off", f"--zebu-json={report}",
            *([f"--zebu-config={Path(config).absolute()}"] if config else []),
        ]  # fmt: skip
        said = _said_by(command, folder / "said")
        if said is None:
            return {"Not seen": (f"the look did not end within {LOOK_SECONDS} s",)}
        if not report.exists():
            return {"Not seen": (said.strip().split("\n")[-1] or "no reason given",)}
        found = json.loads(read_text(report, REPORT_LIMIT))["hosts"][0]
    return summarize(found, past)


def _said_by(command: Sequence[str], out: Path) -> str | None:
    """The end of what a run says; nothing where it did not end by itself: it is told to, so that it takes away what it laid."""
    with out.open("w+b") as file:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT)
        try:
            process.wait(LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            return None
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(END_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        file.seek(max(0, file.tell() - 10_000))
        return file.read().decode(errors="replace")


def summarize(found: Mapping[str, Any], past: history.Past) -> dict[str, tuple[str, ...]]:
    """The parts of a report that matter in an incident: nothing in it is news to the team except what is wrong."""
    items = {item["id"]: item for item in found["items"]}
    outcomes = {item_id: Outcome(item["outcome"]) for item_id, item in items.items()}
    good = [run for run in past.runs if not run.is_partial and Outcome.FAILED not in run.outcomes.values()]
    before = good[-1] if good else past.last
    since = f"the last good run, of {before.at:%Y-%m-%d %H:%M} UTC" if good and before else "the last run"
    changed = [
        f"{item_id}: {then.label} then, {outcomes[item_id].label} now"
        for item_id, then in (before.outcomes.items() if before else ())
        if item_id in outcomes and outcomes[item_id] is not then and Outcome.FAILED in (then, outcomes[item_id])
    ]
    version = found["version"] or "unknown"
    if before is not None and before.version and before.version != found["version"]:
        version += f" ({before.version} at {since})"
    trouble = (f"{UNSEEN} ssh: {found['trouble']}",) if found["trouble"] else ()
    return {
        "Deployed version": (version,),
        "Services": (*trouble, *_evidence(items.get(SERVICES))),
        "Errors of the last hour": _evidence(items.get(ERRORS)),
        "Failing items": tuple(
            f"{item_id}: {item['reason']}" for item_id, item in items.items() if item["outcome"] == "failed"
        ),
        f"Changed since {since}": tuple(changed) if before else (f"{UNSEEN} no earlier run is on record",),
    }


def _evidence(item: Mapping[str, Any] | None) -> tuple[str, ...]:
    """What an item shows; where it shows nothing, that nothing was seen, which is not the same as nothing being there."""
    if item is None or not item["evidence"]:
        return (f"{UNSEEN} {item['reason'] if item else 'no such item in the report'}",)
    parts = (f"{part['case']}: {part['text']}" if part["case"] else part["text"] for part in item["evidence"])
    return tuple(item.get("lines", parts))


def _records(declared: Settings) -> tuple[Incident, ...]:
    return incidents.read_all(declared.incidents_folder, load())


def _status(declared: Settings, now: datetime) -> int:
    found = [one for one in _records(declared) if one.matters(now)]
    still = [one for one in found if one.closed is None]
    for one in found:
        state = "open" if one.closed is None else f"closed {one.closed:{incidents.MOMENT}}"
        say(f"{one.name}: {one.title} ({state}, opened {one.opened:{incidents.MOMENT}})")
        for item_id in one.open_steps():
            item = load()[item_id]
            say(f"  {'due' if one.is_due(item, now) else 'open'}  {item_id.removeprefix('incident.')}: {item.text}")
    if not found:
        say("no incident is open or recent")
    return 1 if still else 0


def _chosen(declared: Settings, name: str | None) -> Incident:
    found = _records(declared)
    if name is not None:
        chosen = next((one for one in found if one.name == name.removesuffix(".md")), None)
        if chosen is None:
            raise UsageProblem(f"there is no record {name!r} in {declared.incidents_folder}")
        return chosen
    still = [one for one in found if one.closed is None]
    if len(still) != 1:
        names = ", ".join(one.name for one in still) or "none"
        raise UsageProblem(f"which incident? open are: {names} (--record NAME)")
    return still[0]


def _step(declared: Settings, options: argparse.Namespace, now: datetime) -> int:
    item_id = options.step if options.step.startswith("incident.") else f"incident.{options.step}"
    try:
        item = load()[item_id]
    except UnknownItem as error:
        raise UsageProblem(str(error)) from None
    if item.stage is not Stage.INCIDENT:
        raise UsageProblem(f"{item_id} is no step of an incident")
    if len(incidents.one_line(options.note)) < 3:
        raise UsageProblem("say what came of the step")
    if not incidents.one_line(options.by):
        raise UsageProblem("say who did it: --by ROLE")
    one = _chosen(declared, options.record)
    path = declared.incidents_folder / f"{one.name}.md"
    incidents.change(path, lambda text: incidents.with_step(text, item.id, options.note, options.by, now))
    left = len(one.open_steps()) - (item.id in one.open_steps())
    say(f"{path}: {item.id} is done, {left} steps are open")
    return 0


def _close(declared: Settings, options: argparse.Namespace, now: datetime) -> int:
    one = _chosen(declared, options.record)
    if one.closed is not None:
        raise UsageProblem(f"{one.name} was closed {one.closed:{incidents.MOMENT}}")
    missing = [item_id for item_id in one.open_steps() if load()[item_id].category in AT_THE_END]
    if missing:
        raise UsageProblem(f"{one.name} cannot be closed yet: {', '.join(missing)} not done")
    path = declared.incidents_folder / f"{one.name}.md"
    incidents.change(path, lambda text: incidents.with_end(text, now))
    review = ", ".join(
        item.id.removeprefix("incident.") for item in load().stage(Stage.INCIDENT) if item.category not in AT_THE_END
    )
    say(f"{path}: closed; within {incidents.REVIEWED_WITHIN.days} days: {review}")
    return 0
