"""What the hypervisor says: by its API with a token, or by `pvesh` on the node."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pytest_zebu.facts.answer import Garbled, Known, Missing, Reason, Unknown
from pytest_zebu.facts.fact import Fact, Gathered, Look, Probe, parse_json
from pytest_zebu.settings.target import Target

UPDATES, REFRESHES, VERSION = "updates", "refreshes", "version"
BACKUP_JOBS, BACKUP_RUNS, STORAGES, SNAPSHOTS = "backup_jobs", "backup_runs", "storages", "snapshots"
ELSEWHERE = frozenset({"nfs", "cifs", "pbs", "cephfs", "rbd", "glusterfs"})
"""Kinds of storage that are not the node's own disks."""
RUNS = 50
"""So many of the newest tasks are asked for."""
PROBE = Probe(
    "pvesh",
    file="pvesh.sh",
    root=True,
    timeout=20,
    limit=2_097_152,
    host="proxmox",
)


@dataclass(frozen=True, slots=True)
class Update:
    """A package that waits to be updated."""

    package: str
    installed: str
    candidate: str
    origin: str


@dataclass(frozen=True, slots=True)
class Node:
    """The hypervisor's node.

    Attributes:
        release: as `9.1`.
        updates: what waits, by the package lists as they are.
        refreshed: when the package lists were last fetched.
        now: the moment of looking.
    """

    release: Known[str] | Unknown
    updates: Known[tuple[Update, ...]] | Unknown
    refreshed: Known[datetime] | Unknown
    now: datetime

    @property
    def age_of_lists(self) -> timedelta | None:
        """How old the package lists are."""
        return self.now - self.refreshed.value if isinstance(self.refreshed, Known) else None


def _paths(target: Target) -> dict[str, str]:
    node, vmid = target.settings.proxmox.node, target.settings.proxmox.vmid
    return {
        VERSION: "version",
        UPDATES: f"nodes/{node}/apt/update",
        REFRESHES: f"nodes/{node}/tasks?typefilter=aptupdate&limit=20",
        BACKUP_JOBS: "cluster/backup",
        **({BACKUP_RUNS: f"nodes/{node}/tasks?typefilter=vzdump&vmid={vmid}&limit={RUNS}"} if vmid else {}),
        **({SNAPSHOTS: f"nodes/{node}/qemu/{vmid}/snapshot"} if vmid else {}),
    }


def _storage_paths(target: Target, name: str) -> tuple[str, str]:
    """Of a storage: what it is, and the machine's backups there."""
    node, vmid = target.settings.proxmox.node, target.settings.proxmox.vmid
    base = f"nodes/{node}/storage/{name}"
    return f"{base}/status", f"{base}/content?content=backup&vmid={vmid}"


def _look(target: Target) -> Look:
    more = _storage_paths(target, "{storage}") if target.settings.proxmox.vmid else ()
    return Look("proxmox", "node", {"paths": [*_paths(target).values(), *more]})


def looks(target: Target) -> tuple[Look, ...]:
    """All paths, one after the other; none where only `pvesh` is declared."""
    return (_look(target),) if target.settings.proxmox.ssh is None else ()


def _answers(gathered: Gathered, target: Target) -> dict[str, Any]:
    """The data of each path, or why it has none: from the API, else from the node itself."""
    if target.settings.proxmox.ssh is None:
        seen = gathered.saw(_look(target))
        if isinstance(seen, Unknown):
            raise Missing(seen)
        if not isinstance(seen.value, dict):
            raise Garbled("what was asked of Proxmox")
        nothing = Unknown(Reason.NOT_GATHERED, "Proxmox")
        by_name = {name: seen.value.get(path, nothing) for name, path in _paths(target).items()}
        return {**by_name, STORAGES: seen.value}
    found: dict[str, Any] = {STORAGES: {}}
    for line in gathered.said("pvesh").out.splitlines():
        name, _, text = line.removeprefix("@").partition(" ")
        answer = parse_json(text, f"pvesh {name}") if text else Unknown(Reason.UNDECIDABLE, f"pvesh: {name} failed")
        part, of, storage = name.partition("/")
        if of:
            status, content = _storage_paths(target, storage)
            found[STORAGES][status if part == "status" else content] = answer
        else:
            found[name] = answer
    return found


def _listed(answer: Any, what: str) -> list[Mapping[str, Any]] | Unknown:
    if isinstance(answer, Unknown):
        return answer
    if not isinstance(answer, list) or not all(isinstance(row, dict) for row in answer):
        raise Garbled(f"Proxmox's {what} have another shape than known")
    return answer


def parse(gathered: Gathered, target: Target) -> Node:
    """From the API's answers. An empty list of tasks may be one that the token may not see."""
    answers = _answers(gathered, target)
    now = datetime.fromtimestamp(gathered.time, UTC)
    version = answers[VERSION]
    release: Known[str] | Unknown
    if isinstance(version, Unknown):
        release = version
    elif isinstance(version, dict) and isinstance(version.get("release"), str):
        release = Known(version["release"])
    else:
        raise Garbled("Proxmox's version has another shape than known")
    rows = _listed(answers[UPDATES], "updates")
    updates: Known[tuple[Update, ...]] | Unknown = (
        rows
        if isinstance(rows, Unknown)
        else Known(
            tuple(
                Update(*(str(row.get(key, "")) for key in ("Package", "OldVersion", "Version", "Origin")))
                for row in rows
            )
        )
    )
    return Node(release, updates, _refreshed(answers), now)


def _refreshed(answers: Mapping[str, Any]) -> Known[datetime] | Unknown:
    tasks = _listed(answers[REFRESHES], "tasks")
    if isinstance(tasks, Unknown):
        return tasks
    try:
        ended = [float(task["endtime"]) for task in tasks if task.get("status") == "OK" and "endtime" in task]
        if ended:
            return Known(datetime.fromtimestamp(max(ended), UTC))
    except (TypeError, ValueError, OverflowError, OSError):
        raise Garbled("Proxmox's tasks have another shape than known") from None
    return Unknown(
        Reason.NO_PERMISSION,
        "Proxmox shows no refresh of the package lists: there was none, or the token lacks Sys.Audit on the node",
    )


@dataclass(frozen=True, slots=True)
class BackupJob:
    """A job of the hypervisor that backs the machine up.

    Attributes:
        keeps: what is kept, as `keep-daily=7`; empty where nothing is pruned.
        is_of_many: it saves other machines, too.
    """

    id: str
    is_enabled: bool
    schedule: str
    storage: str
    keeps: tuple[str, ...]
    is_of_many: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    """A storage of backups, and when those of the machine were made that lie there, newest first."""

    name: str
    is_elsewhere: bool
    made: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class VmBackups:
    """The hypervisor's backups of the machine.

    Attributes:
        stored: by storage that a job writes to.
        runs: when those that succeeded ended, newest first.
        unclear: jobs of which it is not known whether they save the machine, since they save a pool.
    """

    jobs: tuple[BackupJob, ...]
    runs: Known[tuple[datetime, ...]] | Unknown
    now: datetime
    stored: Mapping[str, Known[Stored] | Unknown] = field(default_factory=dict)
    unclear: tuple[str, ...] = ()

    @property
    def newest(self) -> datetime | None:
        """When the newest backup of the machine was made that is known to be stored."""
        known = [one.value.made[0] for one in self.stored.values() if isinstance(one, Known) and one.value.made]
        return max(known, default=None)

    @property
    def live(self) -> tuple[BackupJob, ...]:
        """The jobs that are switched on."""
        return tuple(job for job in self.jobs if job.is_enabled)


def is_on(value: Any) -> bool:
    """Whether a value is a true one, in every way that Proxmox reads and writes it."""
    return value is True or str(value).strip().lower() in ("1", "on", "yes", "true")


def _covers(row: Mapping[str, Any], vmid: int) -> bool | None:
    """Whether a job saves a machine; nothing where it saves a pool, whose members the API does not tell with it."""
    numbers = {part.strip() for part in str(row.get("vmid", "")).split(",")}
    excluded = {part.strip() for part in str(row.get("exclude", "")).split(",")}
    if row.get("pool") and str(vmid) not in numbers:
        return None
    return str(vmid) in numbers or (is_on(row.get("all")) and str(vmid) not in excluded)


def _keeps(row: Mapping[str, Any]) -> tuple[str, ...]:
    found = row.get("prune-backups")
    if isinstance(found, Mapping):
        return tuple(f"{key}={value}" for key, value in sorted(found.items()))
    return tuple(part for part in str(found or "").split(",") if part.startswith("keep-"))


def parse_backups(gathered: Gathered, target: Target) -> VmBackups:
    """From the cluster's jobs, the node's tasks, and what is stored."""
    vmid = target.settings.proxmox.vmid
    if vmid is None:
        raise Missing(Unknown(Reason.NOT_CONFIGURED, "proxmox.vmid is not set: which machine it is for the hypervisor"))
    answers = _answers(gathered, target)
    nothing = Unknown(Reason.NOT_GATHERED, "Proxmox")
    rows = _listed(answers.get(BACKUP_JOBS, nothing), "backup jobs")
    if isinstance(rows, Unknown):
        raise Missing(rows)
    jobs = tuple(
        BackupJob(
            id=str(row.get("id", "")),
            is_enabled=is_on(row.get("enabled", 1)),
            schedule=str(row.get("schedule") or row.get("starttime") or ""),
            storage=str(row.get("storage", "")),
            keeps=_keeps(row),
            is_of_many=str(row.get("vmid", "")).strip() != str(vmid),
        )
        for row in rows
        if _covers(row, vmid)
    )
    now = datetime.fromtimestamp(gathered.time, UTC)
    runs = _runs(_listed(answers.get(BACKUP_RUNS, nothing), "tasks"), vmid)
    asked = answers.get(STORAGES, {})
    stored: dict[str, Known[Stored] | Unknown] = {}
    for name in {job.storage for job in jobs}:
        status, content = (asked.get(path, nothing) for path in _storage_paths(target, name))
        sees_all = target.settings.proxmox.ssh is not None
        try:
            stored[name] = _stored(name, status, _of_machine(_listed(content, "backups"), vmid), sees_all=sees_all)
        except Garbled as error:
            stored[name] = Unknown(Reason.GARBLED, str(error))
    unclear = tuple(str(row.get("id", "")) for row in rows if _covers(row, vmid) is None)
    return VmBackups(jobs, runs, now, stored, unclear)


_VOLUME = re.compile(r"(?:vzdump-(?:qemu|lxc|openvz)-|backup/(?:vm|ct)/)(\d+)[-/]")


def _of_machine(rows: list[Mapping[str, Any]] | Unknown, vmid: int) -> list[Mapping[str, Any]] | Unknown:
    """The backups of one machine, by their own number or their name: not every release knows the question's."""
    if isinstance(rows, Unknown):
        return rows

    def number(row: Mapping[str, Any]) -> str:
        named = _VOLUME.search(str(row.get("volid", "")))
        return str(row["vmid"]) if "vmid" in row else named[1] if named else str(vmid)

    return [row for row in rows if number(row) == str(vmid) and row.get("content", "backup") == "backup"]


def _stored(
    name: str, status: Any, content: list[Mapping[str, Any]] | Unknown, *, sees_all: bool
) -> Known[Stored] | Unknown:
    for answer in (status, content):
        if isinstance(answer, Unknown):
            return answer
    assert not isinstance(content, Unknown)  # noqa: S101 (just seen)
    if not content and not sees_all:
        # Proxmox leaves out, without a word, what the token may not see.
        why = f"Proxmox shows no backups on {name}: there are none, or the token lacks Datastore.Allocate there"
        return Unknown(Reason.NO_PERMISSION, why)
    try:
        made = sorted((datetime.fromtimestamp(int(row["ctime"]), UTC) for row in content), reverse=True)
        is_elsewhere = is_on(status.get("shared")) or status.get("type") in ELSEWHERE
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError):
        raise Garbled("Proxmox's storage has another shape than known") from None
    return Known(Stored(name, is_elsewhere, tuple(made)))


def _runs(tasks: list[Mapping[str, Any]] | Unknown, vmid: int) -> Known[tuple[datetime, ...]] | Unknown:
    if isinstance(tasks, Unknown):
        return tasks
    try:
        ended = [
            float(task["endtime"])
            for task in tasks
            if task.get("status") == "OK" and "endtime" in task and str(task.get("id", vmid)) == str(vmid)
        ]
        if not ended and len(tasks) >= RUNS:
            return Unknown(Reason.UNDECIDABLE, f"none of the last {RUNS} runs succeeded, and there may be more before")
        return Known(tuple(datetime.fromtimestamp(moment, UTC) for moment in sorted(ended, reverse=True)))
    except (TypeError, ValueError, OverflowError, OSError):
        raise Garbled("Proxmox's tasks have another shape than known") from None


@dataclass(frozen=True, slots=True)
class MachineSnapshot:
    """A state of the machine that the hypervisor keeps."""

    name: str
    taken: datetime


def parse_snapshots(gathered: Gathered, target: Target) -> tuple[MachineSnapshot, ...]:
    """From the hypervisor's list, oldest first; `current` is the running state, and no snapshot."""
    if target.settings.proxmox.vmid is None:
        raise Missing(Unknown(Reason.NOT_CONFIGURED, "proxmox.vmid is not set: which machine it is for the hypervisor"))
    rows = _listed(_answers(gathered, target).get(SNAPSHOTS, Unknown(Reason.NOT_GATHERED, "Proxmox")), "snapshots")
    if isinstance(rows, Unknown):
        raise Missing(rows)
    try:
        found = [
            MachineSnapshot(str(row["name"]), datetime.fromtimestamp(int(row["snaptime"]), UTC))
            for row in rows
            if row.get("name") != "current"
        ]
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        raise Garbled("Proxmox's snapshots have another shape than known") from None
    return tuple(sorted(found, key=lambda one: one.taken))


SNAPSHOTS_FACT = Fact("snapshots", parse_snapshots, (PROBE,), looks=looks)
BACKUPS = Fact("vm_backups", parse_backups, (PROBE,), looks=looks)
FACT = Fact("proxmox_node", parse, (PROBE,), looks=looks)
