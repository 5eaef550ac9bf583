"""What checks of backups have in common."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from pytest_zebu.facts.answer import Known, NotAssessed, Unknown, need
from pytest_zebu.facts.backups import Backups, Repository
from pytest_zebu.facts.containers import Containers
from pytest_zebu.facts.dumping import DAILY, Making, making_of
from pytest_zebu.facts.dumps import is_about_the_dump
from pytest_zebu.facts.environment import Environment
from pytest_zebu.facts.jobs import Job
from pytest_zebu.facts.proxmox import Stored, VmBackups
from pytest_zebu.facts.trials import Drill
from pytest_zebu.plugin.checks import Cases

from .words import span


def expect_saved(repositories: tuple[Repository, ...], backups: Backups, longest: timedelta) -> None:
    """Of what a tool keeps its own way: it has a backup of this database's server that is young enough.

    Raises:
        NotAssessed: what it has, its files do not tell.
    """
    saved = [one for repository in repositories for one in repository.saved]
    mine = [one for one in saved if one.cluster and one.cluster == backups.cluster]
    if not mine:
        others = bool(saved and backups.cluster) and all(one.cluster for one in saved)
        assert not others, "has backups of another server only"
        tools = ", ".join(sorted({repository.tool for repository in repositories}))
        raise NotAssessed(f"a repository of {tools}: that this database is in it is not seen from its files")
    done = [one.made for one in mine if one.state == "done" and one.made is not None]
    assert done, f"no backup in it has ended well: {mine[-1].name} {mine[-1].state}"
    age = backups.now - max(done)
    assert backups.clock.is_within(max(done), longest), f"the newest backup in it is {span(age)} old"


def making_of_all(
    jobs: Known[tuple[Job, ...]] | Unknown,
    environment: Known[Environment] | Unknown,
    containers: Known[Containers] | Unknown,
) -> Making:
    """What makes dumps of the database, as far as it was seen."""
    if isinstance(jobs, Unknown):
        return Making()
    return making_of(
        jobs.value,
        environment.value if isinstance(environment, Known) else None,
        containers.value if isinstance(containers, Known) else None,
    )


LACKING = re.compile(
    r"extension \"[^\"]*\" is not available|could not open extension control file|could not access file \"|"
    r"must be (?:pre)?loaded (?:via|with|by)? ?shared_preload_libraries|must be preloaded"
)
"""What PostgreSQL says of an extension that only the running container was given."""


def need_readable(drill: Drill) -> None:
    """The database's own program can read such dumps.

    Raises:
        NotAssessed: it is too old, built otherwise, or lacks an extension.
    """
    if drill.status != 0 and drill.complaint.startswith("pg_restore:") and not is_about_the_dump(drill.complaint):
        raise NotAssessed(f"the database's pg_restore does not read such dumps: {drill.complaint}")
    if drill.status != 0 and LACKING.search(drill.complaint):
        raise NotAssessed(f"the database's image lacks what the dump needs: {drill.complaint}")


def expect_whole(found: VmBackups) -> None:
    """The hypervisor's backups have all disks of the machine.

    Raises:
        NotAssessed: they lack one, on which the database may be.
    """
    assert not found.is_empty, f"no disk of the machine is in its backups ({', '.join(found.left_out)} are left out)"
    if found.left_out:
        raise NotAssessed(f"the backups leave out {found.left_out[0]}: whether the database is on it is not known")


def expect_recent(found: VmBackups, case: Cases) -> None:
    """The newest backup of the machine is of today: by what is stored, else by what has run.

    Raises:
        NotAssessed: neither is seen well enough.
    """
    runs = found.runs.value if isinstance(found.runs, Known) else ()
    case.saw(*(f"Proxmox ended one at {moment:%Y-%m-%d %H:%M} UTC" for moment in runs[:3]))
    case.saw(*_told(found))
    newest = _newest(found, runs)
    if newest is None or found.now - newest > DAILY:
        need(found.runs)
        for job in found.live:
            # The runs of a job for several machines do not bear the number of each: what it has stored tells.
            if job.is_of_many:
                need(found.stored[job.storage])
        spoilt = [text for one in _seen(found) for text in one.spoilt]
        why = f"; {spoilt[0]}" if spoilt else ""
        if newest is None:
            raise AssertionError(f"no run of Proxmox's job has succeeded{why}")
        age = found.now - newest
        raise AssertionError(f"the last that succeeded is {span(age)} old{why}")
    expect_whole(found)


def _seen(found: VmBackups) -> list[Stored]:
    return [one.value for one in found.stored.values() if isinstance(one, Known)]


def _told(found: VmBackups) -> list[str]:
    newest = [f"{one.name} has one of {one.made[0]:%Y-%m-%d %H:%M} UTC" for one in _seen(found) if one.made]
    return newest + [f"{one.name}: {text}" for one in _seen(found) for text in one.spoilt[:1]]


def _newest(found: VmBackups, runs: tuple[datetime, ...]) -> datetime | None:
    """What is stored counts, where there is anything; else what has run well."""
    if found.is_seen and any(one.made or one.spoilt for one in _seen(found)):
        return found.newest
    return max((moment for moment in (found.newest, *runs[:1]) if moment is not None), default=None)
