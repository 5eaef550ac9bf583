"""Runs as people name them: `last`, `-2`, a day, a number as `zebu history` lists it, or the file of a snapshot."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from pytest_zebu import __version__, settings
from pytest_zebu.catalogue import load
from pytest_zebu.commands.calls import RUNS
from pytest_zebu.facts.answer import Known, Reason, Unknown
from pytest_zebu.gather import snapshot as snapshots
from pytest_zebu.gather.targets import LAB, way_of
from pytest_zebu.memory import history
from pytest_zebu.memory.history import HistoryBroken, Remembered
from pytest_zebu.people import attestations, incidents
from pytest_zebu.people.incidents import BadRecord
from pytest_zebu.plugin.comparing import Side, moment_of, said
from pytest_zebu.plugin.judge import Evidence
from pytest_zebu.plugin.remembered import Lost, evidence_of, fingerprint, reasons_of
from pytest_zebu.settings import Settings
from pytest_zebu.settings.errors import UsageProblem
from pytest_zebu.settings.sections import Host
from pytest_zebu.settings.target import Target

BEHIND, NUMBER, DAY = re.compile(r"-[0-9]{1,6}"), re.compile(r"[0-9]{1,9}"), re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
Found = TypeVar("Found")


class Shelf(Struct):
    """Where runs are remembered, and the settings of today."""

    declared: Settings
    host: str | None = None
    _runs: tuple[str, tuple[Remembered, ...]] | None = None

    @classmethod
    def of(cls, options: argparse.Namespace) -> Shelf:
        """What the options name.

        Raises:
            UsageProblem: the settings cannot be read.
        """
        return cls(settings.find(options.config), options.host)

    @property
    def path(self) -> Path:
        """The history."""
        return self.settings.history_file

    @property
    def settings(self) -> Settings:
        """What is declared of the host."""
        return self.declared.for_host(self.host if self.host is not None else self._default())

    def runs(self) -> tuple[str, tuple[Remembered, ...]]:
        """A host, and the runs that are remembered over it, the oldest first.

        Raises:
            UsageProblem: the history cannot be read, or has several hosts of which none is named.
        """
        if self._runs is None:
            host = self.host if self.host is not None else self._default()
            self._runs = host, _asked(lambda: history.remembered(self.path, host))
        return self._runs

    def hosts(self) -> tuple[str, ...]:
        """The hosts over which runs are remembered.

        Raises:
            UsageProblem: the history cannot be read.
        """
        return self._hosts_in(self.path)

    def _hosts_in(self, path: Path) -> tuple[str, ...]:
        return _asked(lambda: history.hosts(path))

    def _default(self) -> str:
        """Of the hosts that the settings have, the first over which runs are remembered; without settings the only one."""
        path, declared = self.declared.history_file, self.declared.hosts
        of_its_own = ((name, self.declared.for_host(name).history_file) for name in declared)
        if (first := next((name for name, own in of_its_own if name in self._hosts_in(own)), None)) is not None:
            return first
        mine = list(self._hosts_in(path))
        if len(mine) > 1 and not declared:
            raise UsageProblem(f"{path}: remembers runs over {', '.join(mine[:10])}: name one with --host")
        return mine[0] if mine else next(iter(declared), "")

    def side(self, name: str) -> Side:
        """What a person means by a name.

        Raises:
            UsageProblem: there is no such run, and no such file.
        """
        if not (name == "last" or any(kind.fullmatch(name) for kind in (BEHIND, NUMBER, DAY))):
            return self._of_file(Path(name))
        host, runs = self.runs()
        return self.of_run(host, _named(name, runs, f"{self.path}:{f' over {host}' if host else ''}"))

    def of_run(self, host: str, one: Remembered) -> Side:
        """A run that is remembered, with its evidence where that is kept and can be read."""
        evidence, reasons, lost = None, {}, "its evidence is not kept"
        try:
            kept = history.evidence(self.path, one.number) if one.size else None
            if kept is not None:
                reasons = reasons_of(kept)
                evidence, _ = evidence_of(
                    kept, self.declared.for_host(host), history.answer(self.path, host, one.run.at)
                )
                lost = ""
        except (Lost, HistoryBroken) as error:
            lost = str(error)
        title = f"run {one.number} of {one.run.at:%Y-%m-%d %H:%M} UTC"
        return Side(
            title, host, one.run.at, one.run.version, one.tool, one.suite, one.run.outcomes, reasons, evidence, lost
        )  # fmt: skip

    def _of_file(self, path: Path) -> Side:
        """A snapshot, judged by today's rules, settings and words."""
        if not path.is_file():
            raise UsageProblem(f"{path}: there is no such run, and no such file: {RUNS}")
        found = snapshots.read(path)
        name = self.host or next((name for name in self.declared.hosts if name in found), next(iter(found), ""))
        if name not in found:
            raise UsageProblem(f"{path}: has no host {name!r}; it has: {', '.join(sorted(found)) or 'none'}")
        evidence = evidence_of_today(self.declared, name, found[name])
        verdicts = {item.id: said(evidence.judge(item.id)) for item in load()}
        version = evidence.fact("repository")
        return Side(
            title=str(path), host=name, at=moment_of(evidence),
            version=str(version.value.describe) if isinstance(version, Known) else "",
            tool=__version__, suite=fingerprint(),
            outcomes={item: verdict.outcome for item, verdict in verdicts.items()},
            reasons={item: verdict.reason or "" for item, verdict in verdicts.items()}, evidence=evidence,
        )  # fmt: skip


def evidence_of_today(declared: Settings, name: str, snapshot: snapshots.Snapshot) -> Evidence:
    """A snapshot with what is declared and remembered today.

    Raises:
        UsageProblem: the attestations cannot be read.
    """
    declared = declared.for_host(name)
    target = Target(name=name, host=declared.hosts.get(name, Host()), settings=declared)
    if name != LAB:
        target = target.model_copy(update={"way": way_of(target)})
    catalogue = load()
    records = attestations.read(
        declared.attestations_file, catalogue,
        required=False, approved=declared.evidence.approved, project=declared.folder,
    )  # fmt: skip
    written: Known[tuple[incidents.Incident, ...]] | Unknown
    try:
        written = Known(incidents.read_all(declared.incidents_folder, catalogue))
    except BadRecord as error:
        written = Unknown(Reason.GARBLED, f"the records of incidents: {error}")
    evidence = Evidence(target, snapshot.gathered, records, Unknown(Reason.NOT_GATHERED, "earlier runs"), written)
    evidence.past = history.answer(declared.history_file, name, moment_of(evidence))
    return evidence


def _asked(question: Callable[[], Found]) -> Found:
    try:
        return question()
    except HistoryBroken as error:
        raise UsageProblem(str(error)) from None


def _named(name: str, runs: Sequence[Remembered], where: str) -> Remembered:
    """The run of a name.

    Raises:
        UsageProblem: there is none.
    """
    if not runs:
        raise UsageProblem(f"{where} no run is remembered yet")
    if name == "last" or BEHIND.fullmatch(name):
        behind = 1 if name == "last" else int(name[1:])
        if not 1 <= behind <= len(runs):
            raise UsageProblem(f"{where} there is no run {name}: remembered are {len(runs)}")
        return runs[-behind]
    if DAY.fullmatch(name):
        try:
            day = date.fromisoformat(name)
        except ValueError:
            raise UsageProblem(f"{name} is no day: write YYYY-MM-DD") from None
        found = [one for one in runs if one.run.at.date() == day]
        missing = f"on {name} (UTC)"
    else:
        found = [one for one in runs if one.number == int(name)]
        missing = f"with the number {name}"
    if not found:
        raise UsageProblem(f"{where} no run {missing} is remembered: `zebu history` lists them")
    return found[-1]
