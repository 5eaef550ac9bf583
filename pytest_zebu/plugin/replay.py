"""Judging what was gathered before, without its host; also without pytest."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from pytest_zebu.gather.snapshot import Snapshot
from pytest_zebu.gather.targets import LAB, targets
from pytest_zebu.plugin.reporting import report_of
from pytest_zebu.plugin.run import Options, Run
from pytest_zebu.reports.report import Report
from pytest_zebu.settings import find
from pytest_zebu.settings.errors import UsageProblem
from pytest_zebu.settings.model import HostName
from pytest_zebu.settings.sections import Host
from pytest_zebu.settings.target import Target

NAME: TypeAdapter[str] = TypeAdapter(HostName)


def host_names(found: Iterable[str], path: Path) -> tuple[str, ...]:
    """The names of the hosts in a snapshot, each one that settings can have.

    Raises:
        UsageProblem: one is none.
    """
    names = tuple(found)
    for name in names:
        try:
            NAME.validate_python(name)
        except ValidationError:
            raise UsageProblem(f"{path}: {name[:80]!r} is no name of a host") from None
    return names


def replayed_targets(
    names: str, config: str | None, timeout: float | None = None, deadline: float | None = None
) -> tuple[Target, ...]:
    """The hosts of a snapshot, with the settings that are named or found.

    Raises:
        UsageProblem: a name or the settings are wrong.
    """
    if LAB in names.split(","):
        # A snapshot of the lab is judged with the settings that are named; the lab need not be up.
        settings = find(config)
        return tuple(
            Target(name=name, host=settings.hosts.get(name, Host()), settings=settings.for_host(name))
            for name in names.split(",")
        )
    return targets(names, config, timeout, deadline)


def judged(
    found: Mapping[str, Snapshot], path: Path, names: str | None = None, config: str | None = None
) -> tuple[Report, tuple[str, ...]]:
    """The report of a snapshot: of every item of the checklist, as a replay by pytest makes it.

    Args:
        found: what was gathered, by host.
        path: the snapshot's, as it is called in complaints.
        names: the hosts that are judged; without them, all.
        config: the settings that are named.

    Returns:
        The report, and what did not succeed beside it, a line each.

    Raises:
        UsageProblem: the snapshot, the settings or a file that they name is wrong.
    """
    started = time.time()
    chosen = replayed_targets(names or ",".join(host_names(found, path)), config)
    if missing := [target.name for target in chosen if target.name not in found]:
        raise UsageProblem(f"{path}: has no host {missing[0]!r}; it has: {', '.join(sorted(found))}")
    options = Options(replay=path, config=Path(config) if config else None)
    run = Run({target.name: target for target in chosen}, options, owns_folder=False, _snapshots=dict(found))
    for name in run.targets:
        for item in run.catalogue:
            run.selected[name].add(item.id)
            run.record(name, run.evidence(name).judge(item.id))
    return report_of(run, time.time() - started), tuple(run.troubles)
