"""`zebu due`: the recurring tasks, with what is overdue first."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from pytest_zebu import settings
from pytest_zebu.catalogue import load
from pytest_zebu.files import why, write_whole
from pytest_zebu.memory import history
from pytest_zebu.memory.history import HistoryBroken
from pytest_zebu.people import attestations
from pytest_zebu.people.tasks import State, tasks
from pytest_zebu.reports.ical import calendar
from pytest_zebu.settings.errors import UsageProblem
from pytest_zebu.shown import say


def run(options: argparse.Namespace, now: datetime | None = None) -> int:
    """List the tasks; the exit status is 1 while one is overdue.

    Raises:
        UsageProblem: settings, attestations or the history cannot be read.
    """
    now = now or datetime.now(UTC)
    declared = settings.find(options.config)
    host = options.host or next(iter(declared.hosts), "")
    declared = declared.for_host(host)
    records = attestations.read(
        declared.attestations_file, load(),
        required=False, approved=declared.evidence.approved, project=declared.folder,
    ).at_their_word()  # fmt: skip
    try:
        past = history.read(declared.history_file, host, now)
    except HistoryBroken as error:
        raise UsageProblem(str(error)) from None
    found = tasks(load(), records, past, now.date())
    listing = sys.stderr if options.ical == "-" else sys.stdout
    for state in State:
        mine = [one for one in found if one.state is state]
        say(f"{state.value}: {len(mine)}", listing)
        for one in mine:
            say(f"  {one.due}  {one.item.id}: {one.item.text}; {one.summary}", listing)
    if options.ical:
        _write(options.ical, calendar(found, host or "zebu", now))
    return 1 if any(one.state is State.OVERDUE for one in found) else 0


def _write(name: str, text: str) -> None:
    if name == "-":
        sys.stdout.write(text)
        return
    try:
        write_whole(Path(name), text)
    except (OSError, ValueError) as error:
        raise UsageProblem(f"{name} cannot be written ({why(error)})") from None
