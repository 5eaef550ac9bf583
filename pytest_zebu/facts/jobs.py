"""What runs by itself: systemd's timers and cron's entries, what they run, how often, and how the last run ended."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from croniter import CroniterError, croniter

from pytest_zebu.facts.answer import Garbled, is_number, moment_of
from pytest_zebu.facts.fact import Fact, Gathered, Probe
from pytest_zebu.facts.lines import records
from pytest_zebu.settings.target import Target

PROBE = Probe(
    "jobs",
    file="jobs.sh",
    root=True,
    timeout=12,
)
_PERIODS = {"hourly": "0 * * * *", "daily": "0 6 * * *", "weekly": "0 6 * * 0", "monthly": "0 6 1 * *"}
_NAMES = {"@reboot": "", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *"}
_NAMES |= {"@weekly": "0 0 * * 0", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *"}
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class Job:
    """Something that runs by itself.

    Attributes:
        name: the timer, or the file of cron's that has it.
        commands: what it runs, and the telling lines of scripts.
        longest_gap: the longest time between two coming runs; None where it is not known.
        is_enabled: it comes back at boot.
        is_active: its timer, or the cron daemon, runs.
        last_run: when it last ended; None where that is not known.
        result: how the last run ended, as systemd says it; empty where nothing is known.
    """

    name: str
    commands: tuple[str, ...]
    longest_gap: timedelta | None
    is_enabled: bool
    is_active: bool
    last_run: datetime | None = None
    result: str = ""

    def runs(self, pattern: str) -> bool:
        """Whether one of its commands matches."""
        return any(re.search(pattern, command) for command in self.commands)

    @property
    def trouble(self) -> str:
        """Why it cannot be relied on; empty if it can."""
        if not self.is_active:
            return "is not active"
        if not self.is_enabled:
            return "is not enabled: it does not come back after a reboot"
        if self.result not in ("", "success"):
            return f"last run ended with {self.result}"
        return ""


def _gap(moments: list[datetime]) -> timedelta | None:
    ordered = sorted(set(moments))
    return max((later - sooner for sooner, later in pairwise(ordered)), default=None)


def _cron_gap(schedule: str) -> timedelta | None:
    try:
        coming = croniter(schedule, datetime(2026, 1, 1, tzinfo=UTC))
        return _gap([coming.get_next(datetime) for _ in range(60)])
    except (CroniterError, ValueError, KeyError):
        return None


def _cron_entry(file: str, line: str) -> tuple[str, str]:
    """Schedule and command of a crontab's line; the system's own have a user in between."""
    fields = line.split(None, 1 if line.startswith("@") else 5)
    count = 1 if line.startswith("@") else 5
    if len(fields) <= count:
        return "", line
    schedule = _NAMES.get(fields[0], "") if count == 1 else " ".join(fields[:5])
    command = fields[count]
    if "spool" not in file:
        command = command.partition(" ")[2] or command
    return schedule, command


class _Reading:
    """A job while its lines are read."""

    def __init__(self, name: str, *, is_enabled: bool = True, is_active: bool = True) -> None:
        self.name = name
        self.is_enabled = is_enabled
        self.is_active = is_active
        self.commands: list[str] = []
        self.next: list[datetime] = []
        self.gap: timedelta | None = None
        self.last_run: datetime | None = None
        self.result = ""

    def job(self) -> Job:
        gap = self.gap if self.gap is not None else _gap(self.next)
        return Job(self.name, tuple(self.commands), gap, self.is_enabled, self.is_active, self.last_run, self.result)


def parse(gathered: Gathered, target: Target) -> tuple[Job, ...]:
    """From systemctl show, systemd-analyze calendar and cron's tables."""
    return read(gathered.said("jobs").out)


def read(text: str) -> tuple[Job, ...]:
    """The jobs that a machine told of.

    Raises:
        Garbled: a line is of another kind.
    """
    found: list[_Reading] = []
    cron_runs = False
    words = ("cron", "timer", "entry", "period", "enabled", "active", "line", "next", "when", "service")
    told = records(text, "the jobs probe", words)
    has_timers = any(one.word == "timer" for one in told)
    for one in told:
        word, rest = one.word, one.rest
        if word == "cron":
            cron_runs = rest.strip() == "active"
            continue
        if word == "timer":
            found.append(_Reading(rest))
        elif word == "entry":
            file, _, entry = rest.partition("\t")
            # Debian's packages bring both; the entry of cron's looks for systemd, and does nothing where that has a timer.
            if has_timers and "-d /run/systemd/system" in entry:
                continue
            schedule, command = _cron_entry(file, entry.strip())
            reading = _Reading(file, is_active=cron_runs)
            reading.commands.append(command)
            reading.gap = _cron_gap(schedule) if schedule else None
            found.append(reading)
        elif word == "period":
            period, _, file = rest.partition(" ")
            if period not in _PERIODS:
                raise one.garbled()
            reading = _Reading(file, is_active=cron_runs)
            reading.commands.append(file)
            reading.gap = _cron_gap(_PERIODS[period])
            found.append(reading)
        elif not found:
            raise one.garbled()
        else:
            _read(found[-1], word, rest)
    return tuple(reading.job() for reading in found)


def _next(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        raise Garbled(f"systemd-analyze said: {text}") from None


def _read(job: _Reading, word: str, rest: str) -> None:
    match word:
        case "enabled":
            job.is_enabled = rest in ("enabled", "enabled-runtime", "static", "generated", "alias")
        case "active":
            job.is_active = rest == "active"
        case "line":
            job.commands.append(rest.strip())
        case "next":
            if moment := _MOMENT.search(rest):
                job.next.append(_next(moment[1]))
        case "service":
            key, _, value = rest.partition("=")
            if key == "ExecStart" and (command := re.search(r"argv\[\]=(.*?) ;", value)):
                job.commands.append(command[1])
            elif key == "Result":
                job.result = value
            elif key == "ExecMainExitTimestamp" and is_number(value.lstrip("@")) and value.lstrip("@") != "0":
                job.last_run = moment_of(value.lstrip("@"), "the end of a run")
        case _:
            return


FACT = Fact("jobs", parse, (PROBE,))
