"""Post-Deployment / Backup & Recovery."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from msgspec import Struct

from pytest_zebu.facts.answer import Known, NotAssessed, Reason, Unknown, need
from pytest_zebu.facts.backups import Backups, Dump
from pytest_zebu.facts.containers import Containers
from pytest_zebu.facts.documents import Documents
from pytest_zebu.facts.dumps import FARTHEST_ZONE, NOT_READ, Listing
from pytest_zebu.facts.environment import Environment
from pytest_zebu.facts.host import Machine
from pytest_zebu.facts.images import Image
from pytest_zebu.facts.jobs import Job
from pytest_zebu.facts.proxmox import MachineSnapshot, VmBackups
from pytest_zebu.facts.trials import Drill
from pytest_zebu.plugin.checks import Cases, item
from pytest_zebu.settings import Settings
from tests_prod.backups import expect_recent, expect_saved, making_of_all, need_readable
from tests_prod.documents import expect_document
from tests_prod.mending import to_look_at, to_start, word
from tests_prod.words import span

DAILY = timedelta(hours=26)
"""A day, and two hours for a job that starts late or takes long."""
SMALLEST_SHARE = 0.5
"""A dump of less than half of the ones before it is not of the same family."""
BEFORE_DEPLOYMENT = timedelta(days=7)


CALLED_A_DUMP = re.compile(r"\.(?:p?sql|dump|dmp|pgdump|backup|pgsql)\b|pg_?dump|postgres", re.IGNORECASE)


def _vm_only(backups: Known[Backups] | Unknown, vm_backups: Known[VmBackups] | Unknown) -> VmBackups | None:
    """The hypervisor's backups, where no folder of dumps is declared."""
    undeclared = isinstance(backups, Unknown) and backups.reason is Reason.NOT_CONFIGURED
    return vm_backups.value if undeclared and isinstance(vm_backups, Known) else None


@item("post.recovery.backups.daily", either=("backups", "vm_backups", "jobs", "environment", "containers"))
def test_the_newest_backup_is_of_today(
    backups: Known[Backups] | Unknown,
    vm_backups: Known[VmBackups] | Unknown,
    jobs: Known[tuple[Job, ...]] | Unknown,
    environment: Known[Environment] | Unknown,
    containers: Known[Containers] | Unknown,
    case: Cases,
) -> None:
    """The job that ran for a year stopped last week: only the newest file says so.

    Fix: look at what makes the backups, and at its log (`systemctl list-timers`, `crontab -l`); in Proxmox, the backup job's last task.
    See: the checklist.
    """
    if (machine_only := _vm_only(backups, vm_backups)) is not None:
        with case("backups of the machine"):
            expect_recent(machine_only, case)
        for answer in machine_only.stored.values():
            if isinstance(answer, Known) and len(answer.value.sizes) > 1:
                first, *others = answer.value.sizes
                with case(f"its size on {answer.value.name}", f"{first} bytes, {median(others):.0f} usually"):
                    assert first >= SMALLEST_SHARE * median(others), "is less than half of what it usually is"
        return
    found = need(backups)
    if not found.dumps and found.repositories:
        with case(f"repository of {found.repositories[0].tool}", found.repositories[0].folder):
            expect_saved(found.repositories, found, DAILY)
        return
    making = making_of_all(jobs, environment, containers)
    with case("the newest dump"):
        case.fix(*(to_start(job) if job.trouble else to_look_at(job) for job in making.dumping[:2]))
        newest = found.newest
        if newest is None and not found.is_whole:
            raise NotAssessed("not all of the folder could be read, and what could has no dump")
        assert newest is not None, "there is none"
        case.saw(f"{newest.name}: {newest.size} bytes, of {newest.made:%Y-%m-%d %H:%M} UTC")
        case.saw(*(f"{name}: kept beside it, and no dump of this database" for name in found.beside[-3:]))
        if newest.length is not None:
            case.saw(f"{newest.name}: {newest.length} bytes long, {newest.size} of them on the disk")
        assert newest.size > 0, "is empty"
        content = found.content if found.content and found.content.contents.name == newest.name else None
        if content is not None:
            assert not content.why_none, content.why_none
            dated = content.contents.dated
            is_young = dated is None or dated > found.now or found.clock.is_within(dated, DAILY + FARTHEST_ZONE)
            assert is_young, f"was made on {dated:%Y-%m-%d}, by its own word"
        if found.is_of_the_future(newest):
            raise NotAssessed(f"{newest.name} is dated {newest.made:%Y-%m-%d %H:%M} UTC, which is yet to come")
        age = found.age(newest)
        if age > DAILY and not found.is_whole:
            raise NotAssessed("not all of the folder could be read: whether there is a newer dump is not seen")
        assert found.clock.is_within(newest.made, DAILY), f"is {span(age)} old"
        if content is not None and content.contents.kind in NOT_READ and not CALLED_A_DUMP.search(newest.name):
            # What is packed beside the dumps goes on when they do not.
            called = [dump for dump in found.dumps if CALLED_A_DUMP.search(dump.name)]
            if called and found.age(called[-1]) > DAILY:
                raise NotAssessed(f"{newest.name} {content.doubts}, and {called[-1].name} is older than a day")
        if content is not None and (content.contents.kind == "binary" or content.few_rows):
            raise NotAssessed(f"{newest.name} {content.doubts}")
    earlier = [dump.size for dump in found.earlier if dump.size > 0]
    if earlier:
        with case("its size", f"{newest.size if newest else 0} bytes, {median(earlier):.0f} usually"):
            assert newest is not None and newest.size >= SMALLEST_SHARE * median(earlier), (
                "is less than half of what it usually is"
            )


@item("post.recovery.backups.verified", either=("drill",))
def test_backups_are_verified(dump_listing: Listing, drill: Known[Drill] | Unknown, case: Cases) -> None:
    """A file of the right size and date may still be cut off in the middle, or have no row in it.

    Fix: `pytest --zebu-host=HOST --zebu-active=restore` monthly; mend what it says.
    See: PostgreSQL documentation, pg_restore.
    """
    found = dump_listing.contents
    with case(found.name, f"{found.described}, {found.size} bytes"):
        assert not dump_listing.why_none, dump_listing.why_none
        assert not dump_listing.why_broken, dump_listing.why_broken
        if dump_listing.doubts:
            case.saw(f"{found.name}: {dump_listing.doubts}")
    if isinstance(drill, Known):
        with case("restored for trial"):
            need_readable(drill.value)
            case.saw(f"{drill.value.dump}: {'restored' if drill.value.status == 0 else 'not restored'} for trial")
            assert drill.value.status == 0, "does not restore"
        return
    if dump_listing.doubts:
        raise NotAssessed(f"{found.name} {dump_listing.doubts}; a restore drill decides, or people say")
    raise NotAssessed("whether a dump was restored for trial in the last month, a drill or people say")


class _Growth(Struct, frozen=True):
    """How much larger a day's dump is than the one before.

    Attributes:
        share: of the size that it has.
        adds_up: it is the same share every day, and not the same number of bytes.
    """

    share: float
    adds_up: bool


FASTEST = 0.5
STEADY = 1.25
LEAP = 2
"""What makes a dump so many times as large at once, data that were brought in, comes once."""


def _growth(dumps: Sequence[Dump]) -> _Growth:
    """Of dumps, oldest first: before and after a leap, whichever is faster; over all of them, where nothing else is told."""
    leaps = [later.size / sooner.size for sooner, later in pairwise(dumps)]
    if len(dumps) > 3 and max(leaps) > LEAP:
        at = leaps.index(max(leaps)) + 1
        parts = [part for part in (dumps[:at], dumps[at:]) if len(part) > 1 and _days(part[0], part[-1]) >= 1]
        if parts:
            return max((_steady(part) for part in parts), key=lambda one: (one.adds_up, one.share))
    return _steady(dumps)


def _steady(dumps: Sequence[Dump]) -> _Growth:
    if len(dumps) < 2 or (span := _days(dumps[0], dumps[-1])) < 1:
        return _Growth(0, adds_up=False)
    first, last = dumps[0], dumps[-1]
    share = min(FASTEST, max(0.0, (last.size / first.size) ** (1 / span) - 1))
    inner = [dump for dump in dumps[1:-1] if _days(first, dump) > 0 and _days(dump, last) > 0]
    if inner:
        middle = min(inner, key=lambda dump: abs(_days(first, dump) - span / 2))
        before = (middle.size - first.size) / _days(first, middle)
        after = (last.size - middle.size) / _days(middle, last)
        if after <= STEADY * before:  # as many bytes as before, or fewer
            return _Growth(max(0.0, after) / last.size, adds_up=False)
    return _Growth(share, adds_up=True)


def _days(sooner: Dump, later: Dump) -> float:
    return (later.made - sooner.made) / timedelta(days=1)


@item("post.recovery.backups.size")
def test_there_is_room_for_backups(backups: Backups, settings: Settings, case: Cases) -> None:
    """The day on which no dump fits is the day of the failed migration.

    Fix: a larger disk, a shorter retention, or dumps elsewhere.
    See: the checklist.
    """
    keep = settings.backups.retention_days
    if keep is None:
        raise NotAssessed("backups.retention_days is not declared")
    if not backups.dumps and backups.repositories:
        raise NotAssessed(
            f"how much a repository of {backups.repositories[0].tool} will hold is not seen from its files"
        )
    if not backups.dumps or backups.newest is None:
        raise AssertionError("there is no dump")
    newest = backups.newest
    growth = _growth([dump for dump in (*backups.earlier, newest) if dump.size])
    freed = sum(dump.size for dump in backups.dumps) + backups.bytes_left_out
    room = backups.available + freed
    # Each of the coming dumps is as much larger than the one before it as the dumps so far were.
    needed, size = 0.0, float(max(newest.size, median(dump.size for dump in backups.dumps)))
    step = size * growth.share
    for _ in range(keep):
        size = size * (1 + growth.share) if growth.adds_up else size + step
        needed += size
        if needed > room:
            break
    with case(
        settings.backups.folder or "dumps",
        f"{backups.available / 2**20:.0f} MiB free, {freed / 2**20:.1f} MiB in use, "
        f"{needed / 2**20:.1f} MiB{' and more' if needed > room else ''} for {keep} days, growing by {100 * growth.share:.1f} % a day",
    ):
        assert needed <= room, f"does not hold {keep} days of dumps as they grow"


@item("post.recovery.backups.off-site", either=("backups", "vm_backups"))
def test_a_copy_is_elsewhere(
    backups: Known[Backups] | Unknown, vm_backups: Known[VmBackups] | Unknown, case: Cases
) -> None:
    """Fire and theft take a whole site. That a copy is on another machine can be seen; where that stands, people say.

    Fix: copy dumps to another site, encrypted, and attest it.
    See: the 3-2-1 rule (CISA, Data Backup Options).
    """
    if isinstance(backups, Known) and isinstance(backups.value.copy, Known):
        case.saw(f"copied to {backups.value.copy.value.where}")
        assert not backups.value.copy.value.same_storage, backups.value.copy.value.same_storage
    if isinstance(vm_backups, Known):
        case.saw(*(f"Proxmox's job {job.id} writes to {job.storage}" for job in vm_backups.value.live))
    raise NotAssessed("whether the copy is at another site, people attest")


def _deployed(containers: Containers, images: tuple[Image, ...]) -> datetime:
    """When this version came: its containers may have been made anew since, its images were not."""
    created = [one.created for one in containers.services if one.created is not None]
    made = [one.made for one in images if one.made is not None]
    if not created or not made:
        raise NotAssessed("when the containers were made is not known")
    return min(min(created), max(made))


def _described(one: MachineSnapshot) -> str:
    return f"{one.name}: {one.taken:%Y-%m-%d %H:%M} UTC" if one.taken else f"{one.name}: when it was taken is not told"


def _expect_dated(snapshots: tuple[MachineSnapshot, ...], is_found: bool) -> None:
    """Where none is found that is asked for: each tells when it was taken."""
    odd = [one.name for one in snapshots if one.taken is None]
    if odd and not is_found:
        raise NotAssessed(f"when the snapshot {odd[0]} was taken is not told")


@item("post.recovery.snapshots.pre-deployment")
def test_a_snapshot_was_taken_before(
    snapshots: tuple[MachineSnapshot, ...],
    containers: Containers,
    images: tuple[Image, ...],
    machine: Machine,
    case: Cases,
) -> None:
    """The fastest way back is the state of before.

    Fix: `qm snapshot VMID before-VERSION` before each deployment.
    See: https://pve.proxmox.com/pve-docs/qm.1.html
    """
    deployed = _deployed(containers, images)
    case.saw(
        f"deployed on {deployed:%Y-%m-%d %H:%M} UTC",
        *map(_described, snapshots),
    )
    dated = [one.taken for one in snapshots if one.taken is not None]
    before = [taken for taken in dated if timedelta() <= deployed - taken <= BEFORE_DEPLOYMENT]
    machine.clock.need_alike()
    _expect_dated(snapshots, bool(before))
    assert before, f"no snapshot is of the {BEFORE_DEPLOYMENT.days} days before the deployment"


@item("post.recovery.snapshots.post-deployment")
def test_a_snapshot_was_taken_after(
    snapshots: tuple[MachineSnapshot, ...],
    containers: Containers,
    images: tuple[Image, ...],
    machine: Machine,
    case: Cases,
) -> None:
    """The known good state, once it is known to be good.

    Fix: `qm snapshot VMID after-VERSION` once the deployment is verified.
    See: https://pve.proxmox.com/pve-docs/qm.1.html
    """
    deployed = _deployed(containers, images)
    case.saw(
        f"deployed on {deployed:%Y-%m-%d %H:%M} UTC",
        *map(_described, snapshots),
    )
    after = [one for one in snapshots if one.taken is not None and one.taken > deployed]
    machine.clock.need_alike()
    _expect_dated(snapshots, bool(after))
    assert after, "no snapshot is younger than the deployment"


@item("post.recovery.snapshots.retention")
def test_old_snapshots_go(
    snapshots: tuple[MachineSnapshot, ...], settings: Settings, machine: Machine, case: Cases
) -> None:
    """Snapshots grow with every write, and slow the machine down.

    Fix: `qm delsnapshot VMID NAME` for what is kept too long.
    Declare: proxmox.snapshot_days
    See: https://pve.proxmox.com/wiki/Live_Snapshots
    """
    keep = settings.proxmox.snapshot_days
    if keep is None:
        raise NotAssessed("proxmox.snapshot_days is not declared: for how long snapshots are kept")
    case.saw(f"kept for {keep} days")
    for one in snapshots:
        case.saw(_described(one))
        with case(one.name):
            case.fix(f"`qm delsnapshot VMID {word(one.name, 'NAME')}`")
            if one.taken is None:
                raise NotAssessed("when it was taken is not told")
            age = machine.ours - one.taken
            assert age <= timedelta(days=keep + 1), f"is {age.days} days old"


@item("post.recovery.disaster.procedure")
def test_recovery_is_written_down(documents: Documents, case: Cases) -> None:
    """The person who knows is on holiday when the disk dies.

    Fix: a document that says how to restore onto an empty machine: what there is, commands, order, checks.
    See: NIST SP 800-34, appendix A.
    """
    expect_document(
        documents, case, "how to recover from a disaster", everywhere={"restore", "backup"}, section={"restore"}
    )


@item("post.recovery.disaster.rto-rpo")
def test_recovery_objectives_are_stated(documents: Documents, case: Cases) -> None:
    """How much may be lost, and how long it may take, decides what backups must be.

    Fix: state both with a figure: "RPO: 24 hours", "RTO: 4 hours".
    See: NIST SP 800-34, 3.2.1.
    """
    for topic, words in (("rpo", "recovery point objective"), ("rto", "recovery time objective")):
        with case(words):
            stating = [one.path for one in documents if topic in one.topics]
            case.saw(f"{words}: {', '.join(stating) or 'nowhere'}")
            if not stating and documents.unseen:
                raise NotAssessed(f"no document that was read states it with a figure; {documents.unseen}")
            assert stating, "is stated nowhere with a figure"


@item("post.recovery.disaster.contacts")
def test_emergency_contacts_are_listed(documents: Documents, case: Cases) -> None:
    """Whom to call, when the wiki is down with the rest. What is written there is not copied here.

    Fix: a document with the contacts for an emergency, for each with a way to reach it.
    See: NIST SP 800-34, appendix A.3.
    """
    expect_document(
        documents, case, "emergency contacts", everywhere={"contact"}, section={"contacts"}, words=10, apart=0
    )
