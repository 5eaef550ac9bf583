"""What runs by itself: systemd's timers, cron's entries and containers, what they run, how often, and how the last run ended."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import Struct

from pytest_zebu.facts import schedules
from pytest_zebu.facts.answer import Garbled, is_number, lines_of, moment_of
from pytest_zebu.facts.fact import Fact, Gathered, Probe
from pytest_zebu.facts.lines import Record, records
from pytest_zebu.settings.target import Target

PARTS = ("json.pl", "quiet.pl", "docker.pl", "scheduled.pl", "shell.pl")
PROBE = Probe("jobs", file="jobs.pl", uses=PARTS, root=True, timeout=15, takes=0.3)
UNIT_STATES = frozenset(
    {"active", "reloading", "inactive", "failed", "activating", "deactivating", "maintenance", "refreshing", "unknown"}
)
"""What systemd says of a unit (its unit_active_state), and older versions of a unit that there is not."""
AT_BOOT = frozenset({"enabled", "static", "generated", "alias", "linked", "indirect"})
"""States of unit files that come back. What is enabled in /run, or transient, is gone with the next boot."""
DEBIAN = "debian"
"""Debian's cron, whose rules for tables are known whole."""
ONCE = ("OnBootSec", "OnBootUSec", "OnStartupSec", "OnStartupUSec", "OnActiveSec", "OnActiveUSec")
_SETTING = re.compile(r"(PG[A-Z]+)=(.*)", re.DOTALL)


class Command(Struct, frozen=True):
    """A command that a job runs, without what stands around it (`sudo`, `flock`, `docker exec`).

    Attributes:
        words: its own name first; what only a run could tell stands as `$NAME`.
        into: what is behind it: `|` and the words of a command, `>` and a file.
        place: the container, service or machine that it runs in; empty for the machine itself.
        is_sure: it runs whenever the job does, as far as days and hours go.
        settings: variables of PostgreSQL's tools that it is given.
    """

    words: tuple[str, ...]
    into: tuple[str, ...] = ()
    place: str = ""
    user: str = ""
    is_sure: bool = True
    settings: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return " ".join(self.words)


class Copy(Struct, frozen=True):
    """A command of a job that takes files to another place.

    Attributes:
        places: paths, and folders of other machines (`user@host:folder`), in its order; none of tools that keep files in a form of their own.
        place: the container, service or machine that it runs in; empty for the machine itself.
        is_sure: it runs whenever the job does, as far as days and hours go.
    """

    tool: str
    places: tuple[str, ...]
    place: str = ""
    user: str = ""
    is_sure: bool = True


class Job(Struct, frozen=True):
    """Something that runs by itself.

    Attributes:
        name: the timer, the table of cron's that has it, or the container.
        commands: what it runs of what is of interest.
        longest_gap: the longest time between two coming runs; None where it is not known.
        is_enabled: it comes back at boot.
        is_active: its timer, or the cron daemon, runs.
        last_run: when it last ended; None where that is not known.
        result: how the last run ended, as systemd says it; empty where nothing is known.
        hindered: why it does not run, though it stands there.
        unread: what it runs and nobody could read, each with why.
        broken: what it is to run and cannot, each with why.
        coming: its coming runs.
        image: of a container that makes backups, the name of its image.
        databases: of such a container, the databases that it is told to dump.
        kept: of such a container, when the files that it keeps were written, newest first.
        copies: what it runs that takes files elsewhere.
    """

    name: str
    commands: tuple[Command, ...]
    longest_gap: timedelta | None
    is_enabled: bool
    is_active: bool
    last_run: datetime | None = None
    result: str = ""
    hindered: str = ""
    unread: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    coming: tuple[datetime, ...] = ()
    image: str = ""
    databases: tuple[str, ...] = ()
    kept: tuple[datetime, ...] = ()
    copies: tuple[Copy, ...] = ()

    def runs(self, pattern: str) -> bool:
        """Whether one of its commands matches, from its name on."""
        return any(re.match(pattern, str(command)) for command in self.commands)

    @property
    def trouble(self) -> str:
        """Why it cannot be relied on; empty if it can."""
        if self.hindered:
            return self.hindered
        if not self.is_active:
            return "is not active"
        if not self.is_enabled:
            return "is not enabled: it does not come back after a reboot"
        if self.result not in ("", "success"):
            return f"last run ended with {self.result}"
        return ""


class _Reading:
    """A job while its lines are read."""

    def __init__(self, name: str, *, is_enabled: bool = True, is_active: bool = True) -> None:
        self.name = name
        self.is_enabled = is_enabled
        self.is_active = is_active
        self.commands: list[Command] = []
        self.calendars: list[tuple[datetime, ...]] = []
        self.spans: dict[str, timedelta | None] = {}
        self.schedule = schedules.Schedule()
        self.last_run: datetime | None = None
        self.result = self.hindered = self.image = ""
        self.unread: list[str] = []
        self.broken: list[str] = []
        self.databases: list[str] = []
        self.kept: tuple[datetime, ...] = ()
        self.copies: list[Copy] = []

    def _gap(self) -> timedelta | None:
        gaps = [self.schedule.gap, *map(schedules.longest_gap, self.calendars), schedules.together(self.calendars)]
        gaps += [length for key, length in self.spans.items() if key not in ONCE]
        return min((gap for gap in gaps if gap is not None), default=None)

    def job(self) -> Job:
        hindered = self.hindered
        if not hindered and (
            self.schedule.once or (self.spans and not self.calendars and set(self.spans) <= set(ONCE))
        ):
            hindered = "runs when the machine starts, and then no more"
        if not hindered and self.schedule.never:
            hindered = "has a schedule that never comes"
        coming = self.schedule.coming or tuple(sorted(moment for moments in self.calendars for moment in moments))
        return Job(
            self.name, tuple(self.commands), self._gap(), self.is_enabled, self.is_active, self.last_run, self.result,
            hindered, tuple(self.unread), tuple(self.broken), coming, self.image, tuple(self.databases), self.kept,
            tuple(self.copies),
        )  # fmt: skip


def parse(gathered: Gathered, target: Target) -> tuple[Job, ...]:
    """From systemctl show, systemd-analyze calendar, cron's tables and what Docker says of containers."""
    return read_all(gathered.said("jobs").out)


WORDS = (
    "timer", "enabled", "active", "owner", "result", "ended", "skipped", "next", "span", "cron", "table", "ignored",
    "entry", "bad", "anacron", "holder", "schedule", "database", "kept", "run", "copy", "unread",
    "broken",
)  # fmt: skip


class _Reader:
    """Reads the lines of the probe: timers, then cron, then containers."""

    def __init__(self) -> None:
        self.found: list[_Reading] = []
        self.flavour = ""
        self.cron_runs = self.cron_stays = False
        self.table: list[_Reading] = []

    def take(self, one: Record) -> None:
        """Take a line.

        Raises:
            Garbled: it is of another kind, or belongs to no job.
        """
        rest = one.rest
        match one.word:
            case "timer":
                self._add(_Reading(rest))
            case "cron":
                self._cron(one)
            case "table":
                self.table = []
                self._add(_Reading(rest, is_enabled=self.cron_stays, is_active=self.cron_runs))
            case "entry":
                self._entry(one)
            case "anacron":
                self._anacron(one)
            case "holder":
                name, image = one.fields(2)
                self._add(_Reading(name))
                self.found[-1].image = image
            case _ if not self.found:
                raise one.garbled()
            case "ignored":
                self.found[-1].hindered = f"is ignored by cron: {rest}"
            case "bad":
                self._refuse(rest)
            case _:
                _read(self.found[-1], one)

    def _add(self, job: _Reading) -> None:
        self.found.append(job)

    def _cron(self, one: Record) -> None:
        flavour, _, states = one.rest.partition(" ")
        state, _, enabled = states.partition(" ")
        if state not in UNIT_STATES:
            raise one.garbled()
        self.flavour = flavour
        self.cron_runs = state == "active"
        self.cron_stays = enabled.strip() in AT_BOOT or not enabled.strip()

    def _entry(self, one: Record) -> None:
        file, schedule, _ = [*one.rest.split("\t"), "", ""][:3]
        if not self.found:
            raise one.garbled()
        # The reading of the table itself stands for it where it has no entry.
        head = self.table[0] if self.table else self.found[-1]
        job = _Reading(file, is_enabled=self.cron_stays, is_active=self.cron_runs)
        job.hindered = head.hindered
        job.schedule = schedules.cron(schedule) if schedule else job.schedule
        if not self.table:
            self.table.append(head)
        self.table.append(job)
        self._add(job)
        if job.schedule.refused:
            self._refuse(f"an entry {job.schedule.refused}")

    def _refuse(self, why: str) -> None:
        """One bad entry, and Debian's cron takes none of the table."""
        if self.flavour != DEBIAN:
            self.found[-1].unread.append(f"{self.found[-1].name} has {why}")
            return
        for job in self.table:
            job.hindered = job.hindered or f"is ignored by cron, all of it: {why}"

    def _anacron(self, one: Record) -> None:
        _, days = one.fields(2)
        anacron = next((job for job in self.found if job.name == "anacron.timer"), None)
        job = _Reading("/etc/anacrontab", is_enabled=anacron is None or anacron.is_enabled)
        job.is_active = anacron.is_active if anacron else self.cron_runs
        lengths = {"@daily": 1, "@weekly": 7, "@monthly": 31}
        count = lengths.get(days) or (int(days) if is_number(days) and len(days) < 5 else None)
        job.schedule = schedules.Schedule(gap=timedelta(days=count) if count else None)
        self.table = []
        self._add(job)


def read(text: str) -> tuple[Job, ...]:
    """The jobs that a machine told of.

    Raises:
        Garbled: a line is of another kind.
    """
    reader = _Reader()
    for one in records(text, "the jobs probe", WORDS):
        reader.take(one)
    heads = {id(job) for job in reader.found if _is_bare_table(job)}
    return tuple(job.job() for job in reader.found if id(job) not in heads)


def read_all(text: str) -> tuple[Job, ...]:
    """The jobs that a machine told of; what is said of cron, also where there is none, stands in every answer.

    Raises:
        Garbled: a line is of another kind, or nothing is said of cron.
    """
    if not any(line.startswith("@cron ") for line in lines_of(text)):
        raise Garbled("the jobs probe says nothing of cron, not even that there is none")
    return read(text)


def _is_bare_table(job: _Reading) -> bool:
    """A table of cron's that says nothing beside its entries."""
    return job.name.startswith("/") and job.schedule == schedules.Schedule() and not (job.commands or job.unread)


def _moments(one: Record) -> tuple[datetime, ...]:
    return tuple(moment_of(text, "a moment of a job") for text in one.rest.split())


def _command(one: Record) -> Command:
    flag, place, user, *words = one.rest.split("\t")
    settings = []
    while words and (found := _SETTING.fullmatch(words[0])):
        settings.append((found[1], found[2]))
        words.pop(0)
    if flag not in ("sure", "maybe") or not words:
        raise one.garbled()
    behind = next((n for n, word in enumerate(words) if word in ("|", ">")), len(words))
    return Command(tuple(words[:behind]), tuple(words[behind:]), place, user, flag == "sure", tuple(settings))


def _copy(one: Record) -> Copy:
    flag, place, user, tool, *places = [*one.rest.split("\t"), "", "", ""]
    if flag not in ("sure", "maybe") or not tool:
        raise one.garbled()
    return Copy(tool, tuple(filter(None, places)), place, user, flag == "sure")


def _read(job: _Reading, one: Record) -> None:
    rest = one.rest
    match one.word:
        case "enabled":
            job.is_enabled = rest in AT_BOOT
        case "active":
            job.is_active = rest == "active"
        case "owner":
            user, lingers = one.fields(2)
            if lingers != "1":
                job.hindered = f"runs only while {user} is logged in"
        case "result":
            job.result = rest
        case "ended":
            job.last_run = moment_of(rest, "the end of a run")
        case "skipped":
            job.hindered = job.hindered or "does not run: a condition of its service is not met"
        case "next":
            job.calendars.append(_moments(one))
        case "span":
            key, length = one.fields(2)
            job.spans[key] = schedules.span(length)
        case "schedule":
            job.schedule = schedules.interval(rest)
        case "database":
            job.databases.append(rest)
        case "kept":
            job.kept = tuple(sorted(_moments(one), reverse=True))
        case "run":
            if "\t" not in rest or rest.count("\t") < 3:
                raise one.garbled()
            job.commands.append(_command(one))
        case "copy":
            job.copies.append(_copy(one))
        case "unread" | "broken":
            what, _, why = rest.partition("\t")
            (job.unread if one.word == "unread" else job.broken).append(f"{what} {why}")
        case _:
            raise one.garbled()


_NAMED = re.compile(r" (?:names (.+), and is no shell script|may run (.+), as its own files say)$")


def unread_of(jobs: Iterable[Job], pattern: str) -> tuple[str, ...]:
    """What jobs run and nobody could read, as far as it may be something that matches: a script that names another tool is not."""
    found = []
    for job in jobs:
        for one in () if job.hindered else job.unread:
            named = _NAMED.search(one)
            if named is None or any(re.match(pattern, tool) for tool in (named[1] or named[2]).split(" and ")):
                found.append(f"{job.name}: {one}")
    return tuple(dict.fromkeys(found))


FACT = Fact("jobs", parse, (PROBE,))
