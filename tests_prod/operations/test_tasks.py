"""Ongoing Operations: each recurring task is done often enough, by people or before a machine's eyes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pytest_zebu.catalogue import Stage, load
from pytest_zebu.facts.answer import Known, NotAssessed, Unknown
from pytest_zebu.facts.backups import Backups
from pytest_zebu.facts.certificates import Certificate
from pytest_zebu.facts.clock import Clock
from pytest_zebu.facts.containers import Containers
from pytest_zebu.facts.documents import Documents
from pytest_zebu.facts.host import Machine
from pytest_zebu.facts.http import within_reach
from pytest_zebu.facts.logs import Rotation
from pytest_zebu.facts.packages import Audit
from pytest_zebu.facts.postgres import Cluster
from pytest_zebu.facts.proxmox import VmBackups
from pytest_zebu.facts.trials import Drill
from pytest_zebu.facts.updates import Updates
from pytest_zebu.facts.usage import FileSystem
from pytest_zebu.people.attestations import Records
from pytest_zebu.people.tasks import State, Task
from pytest_zebu.plugin.checks import Cases, item

ONE_COPY = timedelta(minutes=1)
"""What a copy of all documents takes at most."""
DRILLED = "pre.database.backups.restore-tested"


def _expect_current(task: Task, case: Cases, unseen: str = "") -> None:
    """By the record: a run that saw it, or somebody's word, which makes the item attested."""
    case.saw(f"on record: {task.summary}")
    if task.done is None:
        raise NotAssessed(f"{unseen + ', and ' if unseen else ''}{task.summary}")
    assert task.state is not State.OVERDUE, task.summary
    if task.by != "seen by a run":
        raise NotAssessed("people say when it was done")


def _why(*answers: Known[Any] | Unknown) -> str:
    return "; ".join(str(answer) for answer in answers if isinstance(answer, Unknown))


@item(*(one.id for one in load().stage(Stage.OPERATIONS) if one.attested_only))
def test_people_do_it(task: Task, case: Cases) -> None:
    """A task that nobody signs for is a task that nobody does.

    Fix: do it, then `zebu attest ID`; `zebu due` lists what is next.
    See: the checklist, "Ongoing Operations".
    """
    _expect_current(task, case)


@item("ops.weekly.health", either=("containers",))
def test_health_is_checked(containers: Known[Containers] | Unknown, task: Task, case: Cases) -> None:
    """Done by this run, where it sees the services.

    Fix: run this suite weekly, or `task proxmox-vm:status`, and attest it.
    See: the checklist.
    """
    if isinstance(containers, Known):
        case.saw(*(f"{one.label}: {one.status}, {one.health}" for one in containers.value.services))
    else:
        _expect_current(task, case, _why(containers))


@item("ops.weekly.disk", either=("disk",))
def test_disks_are_watched(disk: Known[tuple[FileSystem, ...]] | Unknown, task: Task, case: Cases) -> None:
    """Done by this run, where it sees the file systems.

    Fix: run this suite weekly.
    See: the checklist.
    """
    if isinstance(disk, Known) and not any(one.trouble for one in disk.value):
        case.saw(*(f"{one.place}: {100 * one.free:.0f} % free" for one in disk.value))
    else:
        silent = [f"{one.place} {one.trouble}" for one in disk.value if one.trouble] if isinstance(disk, Known) else []
        _expect_current(task, case, _why(disk) or silent[0])


@item("ops.weekly.backups", either=("backups", "vm_backups"))
def test_backups_are_looked_at(
    backups: Known[Backups] | Unknown, vm_backups: Known[VmBackups] | Unknown, task: Task, case: Cases
) -> None:
    """Done by this run, where it sees the dumps, or the hypervisor's backups.

    Fix: run this suite weekly.
    Declare: backups.folder
    See: the checklist.
    """
    if isinstance(backups, Known):
        newest = backups.value.newest
        case.saw(f"newest dump: {f'{newest.name}, {newest.size} bytes' if newest else 'none'}")
    elif isinstance(vm_backups, Known):
        case.saw(f"backups of the machine: {len(vm_backups.value.jobs)} jobs")
    else:
        _expect_current(task, case, _why(backups, vm_backups))


@item("ops.weekly.certificates", either=("certificates",))
def test_certificates_are_looked_at(
    certificates: Known[Mapping[str, Known[Certificate | None] | Unknown]] | Unknown, task: Task, case: Cases
) -> None:
    """Done by this run, where it sees them.

    Fix: run this suite weekly.
    Declare: domains.site
    See: the checklist.
    """
    found = within_reach(certificates.value) if isinstance(certificates, Known) else {}
    seen = {name: answer.value for name, answer in found.items() if isinstance(answer, Known) and answer.value}
    if found and len(seen) == len(found):
        case.saw(*(f"{name}: until {one.not_after:%Y-%m-%d}" for name, one in seen.items()))
    else:
        _expect_current(task, case, _why(certificates, *found.values()) or "no certificate was seen")


@item("ops.monthly.updates", either=("updates",))
def test_updates_are_applied(updates: Known[Updates] | Unknown, machine: Machine, task: Task, case: Cases) -> None:
    """Done where unattended upgrades ran within the month and left no security update behind.

    Fix: `apt full-upgrade`, images built anew, then attest it.
    See: the checklist.
    """
    if isinstance(updates, Known):
        found = updates.value
        ran = found.last_run is not None and machine.clock.is_surely_within(found.last_run, task.cadence)
        case.saw(f"unattended upgrades: last run {found.last_run or 'never'}, {len(found.overlooked)} overlooked")
        case.saw(*([f"apt cannot say what waits: {found.trouble}"] if found.trouble else []))
        if ran and not (found.overlooked or found.kept_back or found.errors or found.trouble or found.without_suite):
            return
        _expect_current(task, case, "unattended upgrades have not done it")
    else:
        _expect_current(task, case, _why(updates))


@item("ops.monthly.restore-test", either=("drill",))
def test_restoring_is_tried(
    drill: Known[Drill] | Unknown, records: Records, machine: Machine, task: Task, case: Cases
) -> None:
    """Done by a drill (`--zebu-active=restore`), which is remembered for a month.

    Fix: `pytest --zebu-host=HOST --zebu-active=restore`.
    See: the checklist.
    """
    if isinstance(drill, Known) and drill.value.status == 0:
        case.saw(f"restored now: {drill.value.dump}")
        return
    earlier = records.attestation(DRILLED, machine.ours.date())
    if earlier is not None and machine.ours.date() - earlier.record.on <= timedelta(days=task.cadence.days):
        case.saw(earlier.summary)
        return
    _expect_current(task, case, _why(drill))


@item("ops.monthly.vulnerabilities", either=("audit",))
def test_vulnerabilities_are_asked_about(audit: Known[Audit] | Unknown, task: Task, case: Cases) -> None:
    """Done by this run, where every place was asked about.

    Fix: run this suite monthly with the advisories reachable.
    See: the checklist.
    """
    unseen = (
        tuple(answer for answer in audit.value.found.values() if isinstance(answer, Unknown))
        if isinstance(audit, Known)
        else (audit,)
    )
    if unseen:
        _expect_current(task, case, _why(*unseen))
    elif isinstance(audit, Known) and audit.value.unread:
        _expect_current(task, case, f"{audit.value.unread[0]}: was not asked about")
    elif isinstance(audit, Known):
        case.saw(*(f"{place}: {count} packages" for place, count in audit.value.packages.items()))


@item("ops.monthly.log-rotation", either=("log_rotation",))
def test_logs_are_rotated(log_rotation: Known[Rotation] | Unknown, machine: Machine, task: Task, case: Cases) -> None:
    """Done where logrotate ran within the month.

    Fix: `systemctl enable --now logrotate.timer`.
    See: logrotate(8)
    """
    if isinstance(log_rotation, Known) and (rotated := log_rotation.value.rotated) is not None:
        case.saw(f"logrotate: last ran on {rotated:%Y-%m-%d %H:%M} UTC")
        if machine.clock.is_surely_within(rotated, task.cadence):
            return
        doubt = machine.clock.doubt(rotated, task.cadence)
        _expect_current(task, case, f"its last run {doubt}" if doubt else "logrotate has not run within the month")
    else:
        _expect_current(task, case, _why(log_rotation) or "logrotate has never run")


@item("ops.monthly.documentation", either=("documents",))
def test_documents_are_kept_up(
    documents: Known[Documents] | Unknown, machine: Machine, task: Task, case: Cases
) -> None:
    """Done where a document changed within the month; where all is right as it is, people say so.

    Fix: read them, mend them, or attest that nothing had to change.
    See: the checklist.
    """
    if isinstance(documents, Unknown):
        _expect_current(task, case, str(documents))
        return
    found = documents.value
    times = {one.changed: one for one in found if one.changed}
    newest = max(times, default=None)
    # Files that were all put there at once tell the day of a deployment, and not when somebody wrote in them.
    is_copy = found.no_history and len(tuple(found)) > 1 and newest is not None and newest - min(times) <= ONE_COPY
    if newest is not None:
        case.saw(f"{times[newest].path}: {found.changed(times[newest])}")
        # What a history tells others have dated, the machine dates its files.
        clock = machine.clock if found.no_history else Clock(machine.ours)
        if clock.is_surely_within(newest, task.cadence) and not is_copy:
            return
    copied = f"all documents were put there at once, and {found.no_history}"
    _expect_current(task, case, copied if is_copy else "no document changed within the month")


@item("ops.annually.secret-rotation", either=("cluster",))
def test_secrets_are_rotated(cluster: Known[Cluster] | Unknown, machine: Machine, task: Task, case: Cases) -> None:
    """No secret of the deployment is older than its database and its `.env`; where those are older than a year, people say.

    Fix: rotate each secret as the runbook says, then attest it.
    See: NIST SP 800-57 part 1, 5.3.
    """
    if isinstance(cluster, Known):
        age = machine.time - cluster.value.made
        doubt = machine.clock.doubt(cluster.value.made, task.cadence)
        case.saw(f"the database was made on {cluster.value.made:%Y-%m-%d}, with the passwords of that day")
        if age <= task.cadence and not doubt:
            return
        _expect_current(task, case, f"the database {doubt}" if doubt else f"the database is {age.days} days old")
    else:
        _expect_current(task, case, _why(cluster))
