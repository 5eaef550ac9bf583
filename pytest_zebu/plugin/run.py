"""The state of one run: targets, what was gathered, what was found. One process gathers; the others read."""

from __future__ import annotations

import atexit
import fcntl
import os
import resource
import shlex
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from pytest_zebu.catalogue import Catalogue, load
from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Known, Reason, Unknown
from pytest_zebu.facts.effort import Desk
from pytest_zebu.facts.fact import Fact, Gathered
from pytest_zebu.files import why
from pytest_zebu.gather import snapshot as snapshots
from pytest_zebu.gather.deadline import are_done, aside
from pytest_zebu.gather.gathering import gather
from pytest_zebu.gather.scratch import Scratch
from pytest_zebu.gather.snapshot import Discovered, Snapshot
from pytest_zebu.gather.ssh import Connection, close_all
from pytest_zebu.gather.targets import LAB
from pytest_zebu.memory import history
from pytest_zebu.memory.evidence import pack
from pytest_zebu.memory.history import HistoryBroken, Past, PastRun
from pytest_zebu.memory.measures import measured
from pytest_zebu.people import attestations, incidents
from pytest_zebu.people.attestations import Records
from pytest_zebu.people.incidents import BadRecord, Incident
from pytest_zebu.plugin.calling import HOSTS_AT_ONCE
from pytest_zebu.plugin.judge import Evidence
from pytest_zebu.plugin.looking import NotLetIn, declared, discovered
from pytest_zebu.plugin.remembered import kept_of
from pytest_zebu.redaction import redacted
from pytest_zebu.reports.formats import Destination, not_written
from pytest_zebu.settings.errors import UsageProblem
from pytest_zebu.settings.model import DEFAULT_FILE
from pytest_zebu.settings.target import Target
from pytest_zebu.shown import clean
from pytest_zebu.verdict.outcome import Finding, Outcome
from pytest_zebu.verdict.readiness import Gate, Readiness, assess

DRILLED, DRILL_DAYS = "pre.database.backups.restore-tested", 30
"""What a restore drill decides, and for how many days it counts: the checklist asks for one a month."""
SHARED = "gathered.json"
DESCRIPTORS = 8192
NOT_REMEMBERED = "this run is not remembered"
PACKED_AT_ONCE = 3
"""Of hosts: what one was judged from may be some megabytes."""
LEAVING_SECONDS = 3.0
"""For which looks that nobody waits for any more may take to end by themselves."""


class Options(Struct, frozen=True):
    """What the command line asks for."""

    gate: Gate = Gate.SCORE
    reports: tuple[Destination, ...] = ()
    save: Path | None = None
    replay: Path | None = None
    config: Path | None = None


class Run(Struct):
    """One run over one or more hosts."""

    targets: Mapping[str, Target]
    options: Options
    folder: Path = Path()
    owns_folder: bool = True
    catalogue: Catalogue = field(default_factory=load)
    records: dict[str, Records] = field(default_factory=dict)
    findings: dict[str, dict[str, Finding]] = field(default_factory=dict)
    selected: dict[str, set[str]] = field(default_factory=dict)
    facts: set[str] = field(default_factory=set)
    connections: dict[str, Connection] = field(default_factory=dict)
    started: float = field(default_factory=time.time)
    watch: Callable[[str], None] = lambda text: None
    troubles: list[str] = field(default_factory=list)
    is_blind: bool = False
    blind: set[str] = field(default_factory=set)
    status: int = 0
    _scratch: Scratch | None = None
    _snapshots: dict[str, Snapshot] = field(default_factory=dict)
    _evidence: dict[str, Evidence] = field(default_factory=dict)
    _past: dict[str, Known[Past] | Unknown] = field(default_factory=dict)
    _begun: dict[str, Callable[[], None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, target in self.targets.items():
            declared = "attestations" in target.settings.evidence.model_fields_set
            self.records[name] = attestations.read(
                target.settings.attestations_file, self.catalogue, required=declared,
                approved=target.settings.evidence.approved, with_history=True, project=target.settings.folder,
            )  # fmt: skip
            self.findings[name] = {}
            self.selected[name] = set()
        if self.options.replay is not None and not self._snapshots:
            self._take(replayed(self.options.replay, self.targets))
        elif self._snapshots:
            self._take(self._snapshots)
        if self.owns_folder:  # made last: what is refused leaves nothing behind
            self._scratch = Scratch("zebu-run-")
            self.folder = self._scratch.path

    @contextmanager
    def guarded(self, what: str) -> Iterator[None]:
        """Do a step on its own: where it breaks there is a line that says what is missing, and the next are done all the same."""
        try:
            yield
        except Exception as error:
            self.troubles.append(fault(what, error))

    def connection(self, name: str) -> Connection:
        """The one connection to a host."""
        if name not in self.connections:
            self.connections[name] = Connection(self.targets[name])
        return self.connections[name]

    def snapshot(self, name: str) -> Snapshot:
        """What was gathered about a host. The first process that asks gathers for all.

        Where gathering itself breaks, nothing was gathered, and that is said: all that was to be judged is there still.
        """
        if not self._snapshots:
            try:
                self._take(self._shared())
            except Exception as error:
                why_not = fault("nothing was gathered", error)
                self.troubles.append(why_not)
                self.is_blind = True
                self._snapshots = {
                    name: Snapshot(name, Gathered(time=time.time()), False, why_not) for name in self.targets
                }
        if name not in self._snapshots:  # its gathering broke, and that was said
            self._snapshots[name] = Snapshot(
                name, Gathered(time=time.time()), False, "nothing was gathered: a fault of pytest-zebu's own"
            )
            self.blind.add(name)
        return self._snapshots[name]

    def _shared(self) -> dict[str, Snapshot]:
        if self.owns_folder:  # there is no other process that would judge it
            return self._gather()
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            shared = self.folder / SHARED
            if not shared.exists():
                found = self._gather()
                try:
                    snapshots.write(shared, found)
                except OSError as error:  # what is seen is judged all the same; other workers look for themselves
                    self.troubles.append(not_written(shared, error))
                    return found
            return snapshots.read(shared, is_own=True)

    def _gather(self) -> dict[str, Snapshot]:
        spoken_of = {fact for name, records in self.records.items() for fact in records.facts(self.selected[name])}
        wanted = [ALL[name] for name in sorted(self.facts | spoken_of | {"machine", "repository"})]
        if len(self.targets) == 1:
            return {name: self._gather_one(name, wanted, self.watch) for name in self.targets}
        return self._gather_side_by_side(wanted)

    def _gather_one(self, name: str, wanted: list[Fact[Any]], watch: Callable[[str], None]) -> Snapshot:
        target, found = self._discovered(name, watch)
        return replace(gather(target, wanted, self.connection(name), watch), discovered=found)

    def _gather_side_by_side(self, wanted: list[Fact[Any]]) -> dict[str, Snapshot]:
        """All hosts at once, each until its own deadline. What breaks one of them takes nothing from the others.

        Each has one line when it is done, so that whoever waits sees for whom.
        """
        desk, room, telling = Desk(), BoundedSemaphore(HOSTS_AT_ONCE), Lock()

        def one(name: str) -> Snapshot:
            with room:
                found = self._gather_one(name, wanted, lambda text: None)
            with telling:
                self.watch(told(found))
            return found

        self.watch(f"asking {len(self.targets)} hosts, each by ssh and from outside")
        with ample_descriptors():
            jobs = {name: aside(partial(desk.serve, partial(one, name))) for name in self.targets}
            desk.attend(jobs.values())
        found = {}
        for name, job in jobs.items():
            try:
                found[name] = job.result()
            except Exception as error:
                self.troubles.append(fault(f"nothing was gathered of {name}", error))
        if not found:
            raise RuntimeError("not of any host")
        return found

    def _discovered(self, name: str, watch: Callable[[str], None]) -> tuple[Target, Discovered | None]:
        """A target with the settings that it is gathered with: where there is no file, with what can be seen of them."""
        target = self.targets[name]
        if target.settings.is_from_file or name == LAB:
            return target, None
        watch(f"there is no {DEFAULT_FILE}: what it would say of {name} is looked for first")
        try:
            return discovered(target, self.connection(name))
        except NotLetIn:  # the gathering itself will tell
            return target, None
        except Exception as error:  # what is judged without any settings is judged all the same
            self.troubles.append(fault(f"nothing is discovered of {name}", error))
            return target, None

    def known_snapshots(self) -> dict[str, Snapshot]:
        """What this run, or a worker of it, gathered so far; it gathers nothing."""
        if not self._snapshots and (self.folder / SHARED).exists():
            self._take(snapshots.read(self.folder / SHARED, is_own=True))
        return self._snapshots

    def _take(self, found: dict[str, Snapshot]) -> None:
        """Judge from these, with the settings that they were gathered with where no file says others."""
        declared_by_nobody = [
            (target, found[name].discovered)
            for name, target in self.targets.items()
            if name in found and not target.settings.is_from_file
        ]
        changed = {target.name: declared(target, one.settings) for target, one in declared_by_nobody if one is not None}
        self.targets = {**self.targets, **changed}
        self._snapshots = found

    def evidence(self, name: str) -> Evidence:
        """All that is known of a host, from what was gathered."""
        if name not in self._evidence:
            gathered = self.snapshot(name).gathered
            self._evidence[name] = Evidence(
                self.targets[name], gathered, self.records[name], self.past(name), self.incidents(name), self.catalogue
            )
            self.records[name] = self._evidence[name].records
        return self._evidence[name]

    def fact(self, name: str, fact: Fact[Any]) -> Known[Any] | Unknown:
        """A fact about a host, parsed once."""
        return self.evidence(name).fact(fact.name)

    def moment(self, name: str) -> datetime:
        """When the host's evidence was gathered."""
        found = self.known_snapshots().get(name)
        return datetime.fromtimestamp(found.gathered.time if found else self.started, UTC)

    def past(self, name: str) -> Known[Past] | Unknown:
        """The runs over a host that were before this one."""
        if name not in self._past:
            path = self.targets[name].settings.history_file
            self._past[name] = history.answer(path, name, self.moment(name))
        return self._past[name]

    def today(self, name: str) -> date:
        """The day on which the host's evidence was gathered."""
        return self.moment(name).date()

    def incidents(self, name: str) -> Known[tuple[Incident, ...]] | Unknown:
        """The records of incidents beside the settings."""
        try:
            return Known(incidents.read_all(self.targets[name].settings.incidents_folder, self.catalogue))
        except BadRecord as error:
            return Unknown(Reason.GARBLED, f"the records of incidents: {error}")

    def record(self, host: str, finding: Finding) -> None:
        """Keep a finding."""
        self.findings[host][finding.item] = finding

    def readiness(self, name: str) -> Readiness:
        """The state of a host, from all findings so far."""
        thresholds = self.targets[name].settings.thresholds.by_stage
        return assess(self.catalogue, self.findings[name].values(), self.selected[name], thresholds)

    def deployed_version(self, name: str) -> str:
        """What is deployed, if it was seen."""
        if name not in self.known_snapshots():
            return ""
        found = self.fact(name, ALL["repository"])
        return str(found.value.describe) if isinstance(found, Known) else ""

    def clock(self, name: str) -> str:
        """By how much a host's clock differs from ours, if it does by more than clocks may."""
        found = self.fact(name, ALL["machine"]) if name in self.known_snapshots() else None
        return str(found.value.clock) if isinstance(found, Known) and found.value.clock.is_off else ""

    def command(self, name: str) -> str:
        """How to judge a host again, quoted for a shell: with the settings that were named for this run."""
        config = [f"--zebu-config={self.options.config}"] if self.options.config else []
        return shlex.join(["pytest", f"--zebu-host={name}", *config])

    def save(self) -> None:
        """Write the snapshot that was asked for; one of nothing would only replace an older one."""
        if self.options.save is not None and self.known_snapshots() and not self.is_blind:
            try:
                known = {name: found for name, found in self._snapshots.items() if name not in self.blind}
                snapshots.write(self.options.save, known)
            except (OSError, ValueError) as error:
                self.troubles.append(not_written(self.options.save, error))

    def changes(self, name: str) -> tuple[datetime | None, tuple[tuple[str, Outcome, Outcome], ...]]:
        """Since when, and what is otherwise now than in the last run that judged it: item, then, now."""
        past = self.past(name)
        if not isinstance(past, Known) or past.value.last is None:
            return None, ()
        now = {item: finding.outcome for item, finding in self.findings[name].items()}
        return past.value.last.at, past.value.changes(now)

    def remember(self, name: str) -> Callable[[], None]:
        """Begin to keep what was found of a host for later runs: outcomes, measures, what it was judged from. A replay is no run.

        Returns:
            What ends it: it waits until all is packed, and writes it.
        """
        is_there = self.known_snapshots().get(name) is not None and not self.is_blind and name not in self.blind
        if self.options.replay or not is_there or not self.findings[name]:
            return lambda: None
        run = PastRun(
            at=self.moment(name),
            version=self.deployed_version(name),
            is_partial=self.readiness(name).overall.partial,
            outcomes={item: finding.outcome for item, finding in self.findings[name].items()},
            measures=measured(lambda fact: self.fact(name, ALL[fact])),
        )
        kept = None
        with self.guarded("what this run was judged from is not remembered"):
            kept = kept_of(self.evidence(name), self.known_snapshots()[name], self.findings[name])
        packing = aside(partial(pack, kept.parts)) if kept else None

        def write() -> None:
            is_packed = packing is not None and not isinstance(packing.exception(), RuntimeError)  # for want of threads
            packed = packing.result() if packing is not None and is_packed else None
            history.record(self.targets[name].settings.history_file, name, run, kept, packed)

        return write

    def keep_drill(self, name: str) -> None:
        """A restore drill that passed is worth remembering: it is attested, with what was seen, for later runs.

        Raises:
            OSError, ValueError: the file of attestations cannot be written.
        """
        target, found = self.targets[name], self.findings[name].get(DRILLED)
        if (
            self.options.replay
            or "restore" not in target.active
            or found is None
            or found.outcome is not Outcome.PASSED
        ):
            return
        seen = "\n".join(f"{case.name}: {', '.join(case.seen)}" for case in found.cases)
        evidence = attestations.CommandEvidence(
            command=clean(f"pytest --zebu-host={name} --zebu-active=restore", 500), output=clean(seen, 2000)
        )
        attestations.append(
            target.settings.attestations_file,
            attestations.Attestation(
                id=DRILLED, statement=clean(f"A restore drill on {name} passed.", 2000), by="restore drill",
                on=self.today(name), valid_days=DRILL_DAYS, evidence=(evidence,),
            ),
        )  # fmt: skip

    def begin_to_remember(self) -> None:
        """Let what one host was judged from be packed while the report is made; of several hosts each has its turn at the end."""
        if len(self.targets) == 1:
            for name in self.targets:
                self._begun[name] = lambda: None  # where it breaks that is said once
                with self.guarded(NOT_REMEMBERED):
                    self._begun[name] = self.remember(name)

    def keep(self) -> None:
        """Keep what outlives the run; what could not be kept, a line each. One that fails keeps no other back.

        While what one host was judged from is packed, the next is made ready, and the one before is written.
        """
        with self.guarded("no snapshot is kept"):
            self.save()
        begun: deque[Callable[[], None]] = deque()
        for name in self.targets:
            with self.guarded("the drill is not attested"):
                self.keep_drill(name)
            with self.guarded(NOT_REMEMBERED):
                begun.append(self._begun.pop(name) if name in self._begun else self.remember(name))
            if len(begun) > PACKED_AT_ONCE:
                self._end(begun.popleft())
        for one in begun:
            self._end(one)

    def _end(self, remembering: Callable[[], None]) -> None:
        with self.guarded(NOT_REMEMBERED):
            remembering()

    def hang_up(self) -> None:
        """Begin to end the connections: all is asked by now, and ending one takes a process of its own."""
        if self.connections:
            aside(close_all)

    def close(self) -> None:
        """End connections, remove what was shared."""
        with self.guarded("a connection is not closed"):
            close_all()
        self.connections.clear()
        if not are_done(LEAVING_SECONDS):
            atexit.register(leave, self.status)
        with self.guarded("a connection is not closed"):
            close_all()  # what a thread has opened meanwhile
        if self._scratch is not None:
            self._scratch.remove()


def leave(status: int) -> None:
    """End the process at once if looks still hang: Python would take itself apart under threads deep in some library."""
    if not are_done(0.0):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def told(found: Snapshot) -> str:
    """How the gathering of one host went, in a line."""
    if not found.reachable:
        return f"{found.host}: ssh: {found.trouble}"
    return f"{found.host} answered: {found.logins} login(s), {found.round_trips} round trip(s), {found.seconds:.1f} s"


@contextmanager
def ample_descriptors() -> Iterator[None]:
    """Room for the connections of many hosts, where this machine gives it; as before afterwards."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
    is_more = soft != resource.RLIM_INFINITY and soft < wanted
    if is_more:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    try:
        yield
    finally:
        if is_more:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def fault(what: str, error: Exception) -> str:
    """A line about what did not succeed: what is missing for it, and why. What nobody thought of is a fault of our own."""
    if isinstance(error, OSError) and error.strerror:
        return f"{what}: {error.filename or type(error).__name__}: {why(error)}"
    said = redacted(clean(str(error)))
    if isinstance(error, HistoryBroken | UsageProblem):
        return f"{what}: {said}"
    return f"{what}: a fault of pytest-zebu's own: {type(error).__name__}{': ' if said else ''}{said}"


def replayed(path: Path, targets: Mapping[str, Target]) -> dict[str, Snapshot]:
    """The snapshots of a file, for the targets.

    Raises:
        UsageProblem: it does not have one of them.
    """
    found = snapshots.read(path)
    missing = sorted(set(targets) - set(found))
    if missing:
        raise UsageProblem(f"{path}: has no host {missing[0]!r}; it has: {', '.join(sorted(found))}")
    return found


def facts_of(fixture_names: Iterable[str]) -> set[str]:
    """The facts among fixture names."""
    return {name for name in fixture_names if name in ALL}
