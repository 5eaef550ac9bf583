"""Pre-Deployment / Database / Backup Strategy."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import pairwise

from pytest_zebu.facts.answer import Known, NotAssessed, Reason, Unknown, is_number, need
from pytest_zebu.facts.backups import Backups, Dump
from pytest_zebu.facts.clock import Clock
from pytest_zebu.facts.containers import Containers
from pytest_zebu.facts.documents import Documents
from pytest_zebu.facts.dumping import DAILY, Making, keep_appearing, making_of
from pytest_zebu.facts.dumps import family
from pytest_zebu.facts.environment import Environment
from pytest_zebu.facts.host import Machine
from pytest_zebu.facts.jobs import Job
from pytest_zebu.facts.migrations import Migrations
from pytest_zebu.facts.proxmox import BackupJob, Stored, VmBackups, is_on
from pytest_zebu.facts.schedules import together
from pytest_zebu.facts.trials import Drill
from pytest_zebu.plugin.checks import Cases, item
from pytest_zebu.settings import Settings
from tests_prod.backups import expect_recent, expect_saved, expect_whole, need_readable

GRACE_DAYS = 2
RARER = timedelta(days=5)
"""Dumps so far apart are weekly ones, or rarer."""
MOST_OF_A_GENERATION = 14
GENERATIONS = re.compile(r"(?<![a-z])(?:week|month|quarter|year|annual|woche|wöch|woech|monat|quartal|jahr|jähr|jaehr)")
"""Beginnings of words in names of dumps that are made more rarely than daily."""
MINIMUM_WORDS = 60


def _making(
    jobs: Known[tuple[Job, ...]] | Unknown,
    environment: Known[Environment] | Unknown,
    containers: Known[Containers] | Unknown,
) -> Making:
    if isinstance(jobs, Unknown):
        return Making()
    return making_of(
        jobs.value,
        environment.value if isinstance(environment, Known) else None,
        containers.value if isinstance(containers, Known) else None,
    )


def _dumps_appear(backups: Known[Backups] | Unknown, case: Cases) -> bool:
    """Whether dumps keep appearing in the declared folder, whoever makes them."""
    if not isinstance(backups, Known):
        return False
    made = [dump.made for dump in backups.value.dumps if dump.size]
    if not keep_appearing(made, backups.value.now):
        return False
    case.saw("dumps keep appearing in the declared folder every day; what makes them was not seen whole")
    return True


@item("pre.database.backups.strategy", either=("jobs", "vm_backups", "backups", "environment", "containers", "machine"))
def test_something_makes_backups(
    jobs: Known[tuple[Job, ...]] | Unknown, vm_backups: Known[VmBackups] | Unknown, backups: Known[Backups] | Unknown,
    environment: Known[Environment] | Unknown, containers: Known[Containers] | Unknown, machine: Known[Machine] | Unknown,
    case: Cases,
) -> None:  # fmt: skip
    """A script that nothing runs is no backup. A dump of the database will do, and so will a backup of the whole machine.

    Fix: a systemd timer or a cron entry that runs `pg_dump -Fc` and copies the dump to other storage; or a backup job of
    Proxmox for this machine.
    See: PostgreSQL documentation, chapter 25 (Backup and Restore); https://pve.proxmox.com/wiki/Backup_and_Restore
    """
    making = _making(jobs, environment, containers)
    saving = vm_backups.value.jobs if isinstance(vm_backups, Known) else ()
    case.saw(*(f"{job.name} runs {job.commands[0]}" for job in making.dumping))
    case.saw(*(f"Proxmox's job {job.id} saves the machine to {job.storage}" for job in saving))
    case.saw(*making.wrong, *making.broken)
    with case("a job that makes backups"):
        if saving and not making.dumping:
            expect_whole(need(vm_backups))
        if making.dumping or saving:
            return
        for holder in making.holders:
            if isinstance(machine, Known) and holder.kept and machine.value.clock.is_within(holder.kept[0], DAILY):
                case.saw(f"{holder.name} ({holder.image}) wrote one on {holder.kept[0]:%Y-%m-%d %H:%M} UTC")
                return
        if (isinstance(jobs, Unknown) or making.unknown) and _dumps_appear(backups, case):
            return
        need(jobs)
        if making.unknown:
            raise NotAssessed(making.unknown[0])
        # What the machine does not do, its hypervisor may: unknown is not none.
        _expect_clear(need(vm_backups))
        raise AssertionError(making.complaint)


def _expect_clear(found: VmBackups) -> None:
    if found.unclear:
        raise NotAssessed(
            f"whether Proxmox's job {found.unclear[0]}, which saves a pool, saves this machine is not known"
        )
    if found.apart:
        raise NotAssessed(
            f"whether Proxmox's job {found.apart[0]}, which runs on one node, saves this machine is not known"
        )


@item(
    "pre.database.backups.scheduled", either=("jobs", "vm_backups", "backups", "environment", "containers", "machine")
)
def test_backups_are_made_daily(
    jobs: Known[tuple[Job, ...]] | Unknown, vm_backups: Known[VmBackups] | Unknown, backups: Known[Backups] | Unknown,
    environment: Known[Environment] | Unknown, containers: Known[Containers] | Unknown, machine: Known[Machine] | Unknown,
    case: Cases,
) -> None:  # fmt: skip
    """What is lost is what came after the last one. A timer that is loaded and not enabled ends with the next reboot.

    Fix: `systemctl enable --now UNIT.timer` (OnCalendar=daily), or enable the cron daemon; look at `systemctl list-timers`;
    in Proxmox, enable the backup job and look at its last run.
    See: systemd.timer(5); crontab(5); https://pve.proxmox.com/wiki/Backup_and_Restore
    """
    making = _making(jobs, environment, containers)
    case.saw(
        *(f"{job.name}: every {job.longest_gap}, {job.trouble or 'fine'}" for job in making.dumping), *making.wrong
    )
    reliable = [job for job in making.dumping if not job.trouble and any(one.is_sure for one in job.commands)]
    gaps = [job.longest_gap for job in reliable] + [together(job.coming for job in reliable)]
    if any(gap is not None and gap <= DAILY for gap in gaps):
        return
    if isinstance(vm_backups, Known) and vm_backups.value.live:
        gap = vm_backups.value.gap
        with case("backups of the machine", *(f"{job.id}: {job.schedule}" for job in vm_backups.value.live)):
            expect_recent(vm_backups.value, case)
            _expect_clear_if(vm_backups.value, gap is not None and gap > DAILY)
            assert gap is None or gap <= DAILY, f"Proxmox's job runs every {gap} only"
        return
    with case("a job that makes backups"):
        if isinstance(machine, Known) and any(_is_daily(holder, machine.value.clock) for holder in making.holders):
            return
        unclear = [
            f"the schedule of {job.name} could not be worked out"
            if job.longest_gap is None
            else f"{job.name} dumps under a condition of days or hours that only a run could tell"
            for job in making.dumping
            if not job.trouble and (job.longest_gap is None or job not in reliable)
        ]
        unclear += making.unknown
        if (isinstance(jobs, Unknown) or unclear) and _dumps_appear(backups, case):
            return
        need(jobs)
        if unclear:
            raise NotAssessed(unclear[0])
        if not making.dumping:
            found = need(vm_backups)
            _expect_clear(found)
            assert not found.jobs, "Proxmox's backup job is switched off"
            raise AssertionError(making.complaint)
        job = (reliable or making.dumping)[0]
        assert not job.trouble, f"{job.name} {job.trouble}"
        raise AssertionError(f"{job.name} runs every {job.longest_gap} only")


def _expect_clear_if(found: VmBackups, matters: bool) -> None:
    """Where the jobs that are known do not do: those that are not clear may."""
    if matters:
        _expect_clear(found)


def _is_daily(holder: Job, clock: Clock) -> bool:
    """Whether a container's backups appear every day, or its schedule says so and there is one of today."""
    is_planned = holder.longest_gap is not None and holder.longest_gap <= DAILY
    return keep_appearing(holder.kept, clock.now) or (
        is_planned and bool(holder.kept) and clock.is_within(holder.kept[0], DAILY)
    )


def _vm_copies(
    backups: Known[Backups] | Unknown, vm_backups: Known[VmBackups] | Unknown, case: Cases
) -> list[tuple[BackupJob, Known[Stored] | Unknown]]:
    """Where no folder of dumps is declared: the hypervisor's live jobs, and what each has stored."""
    declared = not isinstance(backups, Unknown) or backups.reason is not Reason.NOT_CONFIGURED
    if declared or not isinstance(vm_backups, Known):
        return []
    found = vm_backups.value
    case.saw(*(f"Proxmox's job {job.id} saves the machine to {job.storage}" for job in found.live))
    return [(job, found.stored[job.storage]) for job in found.live]


@item("pre.database.backups.retention", either=("backups", "vm_backups"))
def test_old_backups_go(
    backups: Known[Backups] | Unknown, vm_backups: Known[VmBackups] | Unknown, settings: Settings, case: Cases
) -> None:
    """Backups that nobody deletes fill the disk; a policy that nothing carries out is a wish.

    Fix: delete dumps that are kept too long where they are made (`find -mtime +DAYS -delete`);
    in Proxmox, "Retention" of the backup job.
    Declare: backups.retention_days
    See: the checklist.
    """
    if copies := _vm_copies(backups, vm_backups, case):
        for job, stored in copies:
            with case(f"job {job.id}", ", ".join(job.keeps) or "keeps everything"):
                there = need(stored)
                keeps = job.keeps or there.keeps
                if keeps is None:
                    raise NotAssessed(f"the job does not say what it keeps, and whether {there.name} does is not told")
                kept = [int(part.partition("=")[2]) for part in keeps if is_number(part.partition("=")[2])]
                keeps_all = not kept or is_on(dict(part.split("=", 1) for part in keeps).get("keep-all"))
                if keeps_all and there.prunes_itself:
                    raise NotAssessed(
                        f"the job keeps everything; what the backup server {there.name} deletes is not told"
                    )
                assert not keeps_all, "keeps everything"
                count = len(there.made) - there.protected
                assert count <= sum(kept), f"{count} are there, {sum(kept)} may be: nothing deletes them"
        return
    dumps = need(backups)
    keep = settings.backups.retention_days
    if keep is None:
        raise NotAssessed("backups.retention_days is not declared")
    with case("dumps", f"{len(dumps.dumps) + dumps.left_out} in {settings.backups.folder}, {keep} days are declared"):
        if not dumps.dumps and dumps.repositories:
            raise NotAssessed(f"what is deleted from a repository of {dumps.repositories[0].tool} it decides itself")
        assert dumps.dumps, "there are none"
        oldest = dumps.dumps[0]
        age = dumps.age(oldest)
        if age > timedelta(days=keep + GRACE_DAYS) and _is_rarer(oldest, dumps):
            raise NotAssessed(f"{oldest.name} is of a rarer generation: for how long those are kept is not declared")
        longest = timedelta(days=keep + GRACE_DAYS)
        assert dumps.clock.is_within(oldest.made, longest), f"{oldest.name} is {age.days} days old: nothing deletes it"
    if not dumps.is_whole:
        raise NotAssessed(f"not all of {settings.backups.folder} could be read")


def _generation(name: str) -> str:
    """The folder of a dump, or the word in its name that says how often such are made; empty where it has neither."""
    folder, _, base = name.rpartition("/")
    return folder or "".join(GENERATIONS.findall(base.lower())[:1])


def _is_rarer(oldest: Dump, backups: Backups) -> bool:
    """Whether it is of a generation that is kept apart, is made days apart, and does not pile up."""
    generation = _generation(oldest.name)
    made = [dump.made for dump in backups.dumps if _generation(dump.name) == generation]
    if not generation or len(made) == len(backups.dumps) or len(made) > MOST_OF_A_GENERATION:
        return False
    # The running week's is renewed every day by some: when it is of today, it tells nothing of how often they are made.
    is_running = len(made) > 1 and backups.newest is not None and backups.newest.made - made[-1] <= DAILY
    ended = made[:-1] if is_running else made
    return all(later - earlier >= RARER for earlier, later in pairwise(ended))


@item("pre.database.backups.off-vm", either=("backups", "vm_backups"))
def test_a_copy_is_elsewhere(
    backups: Known[Backups] | Unknown, vm_backups: Known[VmBackups] | Unknown, case: Cases
) -> None:
    """The disk that fails takes the backups with it. A folder on the same disk is no other place.

    Fix: copy each dump to another machine or a mounted share after it is made; in Proxmox,
    let the backup job write to a share or a backup server.
    Declare: backups.copy
    See: the 3-2-1 rule (CISA, Data Backup Options).
    """
    if name := _saved_elsewhere(vm_backups):
        undeclared = isinstance(backups, Unknown) and backups.reason is Reason.NOT_CONFIGURED
        if undeclared or (isinstance(backups, Known) and _is_undeclared(backups.value.copy)):
            with case("the machine itself", f"saved by Proxmox to {name} every day"):
                expect_whole(need(vm_backups))
            return
    if copies := _vm_copies(backups, vm_backups, case):
        for job, answer in copies:
            with case(f"storage {job.storage}"):
                stored = need(answer)
                if stored.is_elsewhere is None:
                    raise NotAssessed(
                        "whether it is on another machine's disk is not told: it is a folder of the node, or not shown"
                    )
                assert stored.is_elsewhere, "is on the node's own disks"
                assert stored.made, stored.spoilt[0] if stored.spoilt else "has no backup of the machine"
                age = need(vm_backups).now - stored.made[0]
                assert age <= DAILY, f"the newest copy is {age.days} days and {age.seconds // 3600} hours old"
        return
    dumps = need(backups)
    if _is_undeclared(dumps.copy) and dumps.is_elsewhere and dumps.newest is not None:
        with case(
            "the dumps themselves, on another machine's storage", f"{dumps.newest.name}: {dumps.newest.size} bytes"
        ):
            _expect_fresh(dumps.newest, dumps)
        return
    copy = need(dumps.copy)
    with case(copy.where, *(f"{dump.name}: {dump.size} bytes" for dump in copy.dumps[-1:])):
        assert not copy.same_storage, copy.same_storage
        if not copy.dumps and copy.repositories:
            expect_saved(copy.repositories, dumps, DAILY)
        elif not copy.dumps and not copy.is_whole:
            raise NotAssessed("not all of it could be read, and what could has no copy")
        else:
            assert copy.dumps, "has no copy"
            newest = _own_copies(copy.dumps, dumps)[-1]
            if not copy.is_whole and dumps.age(newest) > DAILY:
                raise NotAssessed("not all of it could be read: whether there is a newer copy is not seen")
            _expect_fresh(newest, dumps)
            made = next((dump for dump in dumps.dumps if dump.name == newest.name), None)
            assert made is None or (made.length or made.size) == (newest.length or newest.size), (
                "the newest copy has another size than the dump"
            )
        if copy.doubt:
            raise NotAssessed(copy.doubt)


def _own_copies(copies: tuple[Dump, ...], backups: Backups) -> tuple[Dump, ...]:
    """Those that are called like the newest dump, where there are any: others may keep theirs in the same place."""
    name = backups.content.contents.name if backups.content else backups.newest.name if backups.newest else ""
    own = family(name.rpartition("/")[2])
    # What encrypts them adds to their names.
    alike = tuple(one for one in copies if family(one.name.rpartition("/")[2]).startswith(own))
    return alike if name and alike else copies


def _is_undeclared(copy: object) -> bool:
    return isinstance(copy, Unknown) and copy.reason is Reason.NOT_CONFIGURED


def _saved_elsewhere(vm_backups: Known[VmBackups] | Unknown) -> str:
    """A storage that is not the node's own disks, to which the machine was saved today; empty where there is none. One will do."""
    if not isinstance(vm_backups, Known):
        return ""
    found = vm_backups.value
    for job in found.live:
        stored = found.stored[job.storage]
        there = stored.value if isinstance(stored, Known) and stored.value.is_elsewhere else None
        if there and there.made and found.now - there.made[0] <= DAILY:
            return job.storage
    return ""


def _expect_fresh(newest: Dump, backups: Backups) -> None:
    """Of the newest copy: it has something in it, and is of today."""
    if backups.is_of_the_future(newest):
        raise NotAssessed(f"{newest.name} is dated {newest.made:%Y-%m-%d %H:%M} UTC, which is yet to come")
    age = backups.age(newest)
    assert newest.size > 0, "the newest copy is empty"
    assert backups.clock.is_within(newest.made, DAILY), (
        f"the newest copy is {age.days} days and {age.seconds // 3600} hours old"
    )


@item("pre.database.backups.rollback-documented")
def test_migrations_can_be_undone(documents: Documents, migrations: Migrations, case: Cases) -> None:
    """In the night of a failed deployment somebody has to find how to go back, and the way back has to exist.

    Fix: a document with the commands for undoing a migration (alembic's downgrade), and a `downgrade()` that does it in
    every revision.
    See: https://alembic.sqlalchemy.org/en/latest/tutorial.html#downgrading
    """
    found = [
        document
        for document in documents
        if document.words >= MINIMUM_WORDS
        and ("downgrade" in document.topics or {"rollback", "migration"} <= document.topics)
        and "rollback" in document.topics
    ]
    with case("a document", *(f"{document.path}: {document.words} words" for document in found)):
        if not found and documents.unseen:
            raise NotAssessed(f"no document that was read tells how to undo a migration; {documents.unseen}")
        assert found, "no document of the checkout tells how to undo a migration"
    if migrations.nothing_to_undo:
        case.saw(
            f"without effect on the schema, so that nothing is to be undone: {', '.join(migrations.nothing_to_undo)}"
        )
    with case("every migration has a downgrade", f"{len(migrations.revisions)} revisions"):
        empty = ", ".join(migrations.without_downgrade)
        assert not empty, f"{empty} cannot be undone"


FEW_ROWS = 1000
"""Under so many, a day's use may double them."""


@item("pre.database.backups.restore-tested")
def test_the_newest_dump_can_be_restored(drill: Drill, case: Cases) -> None:
    """A dump that was never restored is a hope. That it lists, or unpacks, says nothing of what is in it.

    Fix: `pytest --zebu-host=HOST --zebu-active=restore` holds a drill in a throwaway container; mend what it says, and keep its attestation.
    See: PostgreSQL documentation, pg_restore; NIST SP 800-34, 3.4.1.
    """
    need_readable(drill)
    with case(drill.dump, f"restored in {drill.seconds} s"):
        assert drill.status == 0, f"does not restore: {drill.complaint or f'exit status {drill.status}'}"
    with case("tables", f"{len(drill.restored)} restored, {len(drill.live)} live"):
        missing = sorted(drill.live.keys() - drill.restored.keys())
        assert not missing, f"lacks {', '.join(missing)}"
    for table, rows in drill.live.items():
        restored = drill.restored.get(table, 0)
        if not rows and not restored:
            continue
        with case(f"rows of {table}", f"{restored} restored, {rows} live"):
            if restored or table in drill.data:
                continue  # what was empty when it was dumped may have its first rows now
            if not drill.data and any(drill.restored.values()):
                raise NotAssessed("the dump does not tell whether it was empty then")
            raise AssertionError("came back empty: the dump has no data of it")
    before, now = sum(drill.restored.values()), sum(drill.live.values())
    with case("rows of all tables", f"{before} restored, {now} live"):
        assert before * 2 >= now or now < FEW_ROWS, "are fewer than half of what is there now"
    if drill.copy:
        with case("the copy of it", drill.copy):
            assert drill.copy != "other", "has other bytes than what was restored: it was cut, or is damaged"
    else:
        case.saw("the copy of it cannot be read from the machine, and was not compared")
