"""What the hypervisor says: by its API with a token, or by `pvesh` on the node."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct, field

from pytest_zebu.facts import calendar_events, schedules
from pytest_zebu.facts.answer import Garbled, Known, Missing, Reason, Unknown, is_number, lines_of
from pytest_zebu.facts.fact import Fact, Gathered, Look, Probe, parse_json
from pytest_zebu.settings.target import Target

UPDATES, REFRESHES, VERSION, PERMISSIONS = "updates", "refreshes", "version", "permissions"
BACKUP_JOBS, BACKUP_RUNS, ALL_RUNS, SNAPSHOTS = "backup_jobs", "backup_runs", "all_runs", "snapshots"
GUESTS, CONFIG = "guests", "config"
ELSEWHERE = frozenset({"nfs", "cifs", "pbs", "cephfs", "rbd", "glusterfs"})
"""Kinds of storage that are not the node's own disks."""
FOLDERS = frozenset({"dir", "btrfs"})
"""Kinds of storage that are folders of the node, on whatever is mounted there."""
OWN_FOLDER = "/var/lib/vz"
"""The folder on the node's own disk that Proxmox comes with."""
LOOPBACK = re.compile(r"localhost|127\.[0-9]+\.[0-9]+\.[0-9]+|\[?::1\]?", re.IGNORECASE)
RUNS = 50
"""So many of the newest tasks are asked for."""
SMALLEST = 2**20
"""A backup of a machine that is smaller is none: a backup server tells one byte of those that were not completed."""
PROBE = Probe(
    "pvesh",
    file="pvesh.pl",
    uses=("json.pl",),
    root=True,
    timeout=25,
    limit=2_097_152,
    host="proxmox",
)


class Update(Struct, frozen=True):
    """A package that waits to be updated."""

    package: str
    installed: str
    candidate: str
    origin: str


class Node(Struct, frozen=True):
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


def _questions(target: Target) -> dict[str, str]:
    """What is asked of the API, by name; what stands in braces comes of what is answered."""
    node, vmid = target.settings.proxmox.node, target.settings.proxmox.vmid
    found = {
        VERSION: "version",
        PERMISSIONS: "access/permissions",
        UPDATES: f"nodes/{node}/apt/update",
        REFRESHES: f"nodes/{node}/tasks?typefilter=aptupdate&limit=20",
        BACKUP_JOBS: "cluster/backup",
    }
    if not vmid:
        return found
    return found | {
        GUESTS: "cluster/resources?type=vm",
        SNAPSHOTS: "nodes/{node}/{type}/{vmid}/snapshot",
        CONFIG: "nodes/{node}/{type}/{vmid}/config",
        BACKUP_RUNS: f"nodes/{{node}}/tasks?typefilter=vzdump&vmid={{vmid}}&limit={RUNS}",
        ALL_RUNS: f"nodes/{{node}}/tasks?typefilter=vzdump&limit={RUNS}",
        "pool/{pool}": "pools/{pool}",
        "storage/{storage}": "storage/{storage}",
        "status/{storage}": "nodes/{node}/storage/{storage}/status",
        "content/{storage}": "nodes/{node}/storage/{storage}/content?content=backup&vmid={vmid}",
        "log/{upid}": "nodes/{node}/tasks/{upid}/log?limit=5000",
    }


def _look(target: Target) -> Look:
    return Look("proxmox", "node", {"paths": [*_questions(target).values()]})


def looks(target: Target) -> tuple[Look, ...]:
    """All questions, one after the other; none where only `pvesh` is declared."""
    return (_look(target),) if target.settings.proxmox.ssh is None else ()


def _pattern(path: str) -> re.Pattern[str]:
    """Which paths a question became when it was asked."""
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/?&]+)", re.escape(path)))


def _answers(gathered: Gathered, target: Target) -> dict[str, Any]:
    """The data of each question, or why it has none: from the API, else from the node itself."""
    if target.settings.proxmox.ssh is None:
        seen = gathered.saw(_look(target))
        if isinstance(seen, Unknown):
            raise Missing(seen)
        if not isinstance(seen.value, dict):
            raise Garbled("what was asked of Proxmox")
        questions = [(name, _pattern(path)) for name, path in _questions(target).items()]
        return {
            name.format_map(asked.groupdict()): answer
            for path, answer in seen.value.items()
            for name, pattern in questions
            if (asked := pattern.fullmatch(str(path)))
        }
    found: dict[str, Any] = {}
    for line in lines_of(gathered.said("pvesh").out):
        name, _, text = line.removeprefix("@").partition(" ")
        found[name] = (
            parse_json(text, f"pvesh {name}") if text else Unknown(Reason.UNDECIDABLE, f"pvesh: {name} failed")
        )
    return found


_NOTHING = Unknown(Reason.NOT_GATHERED, "Proxmox")


class _Rights:
    """What the token may do: Proxmox leaves out, without a word, what it may not see."""

    def __init__(self, answers: Mapping[str, Any], target: Target) -> None:
        self._sees_all = target.settings.proxmox.ssh is not None  # root on the node
        told = answers.get(PERMISSIONS)
        self._told = told if isinstance(told, dict) else None

    def may(self, path: str, *privileges: str) -> bool | None:
        """Whether it has one of the privileges at a path; nothing where Proxmox does not tell."""
        if self._sees_all:
            return True
        if self._told is None:
            return None
        at = path
        while True:
            granted = self._told.get(at)
            if isinstance(granted, dict):
                # What was granted further up counts here if it is handed down.
                return any(one in granted and (at == path or is_on(granted[one])) for one in privileges)
            if at in ("", "/"):
                return False
            at = at.rpartition("/")[0] or "/"


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
    version = answers.get(VERSION, _NOTHING)
    release: Known[str] | Unknown
    if isinstance(version, Unknown):
        release = version
    elif isinstance(version, dict) and isinstance(version.get("release"), str):
        release = Known(version["release"])
    else:
        raise Garbled("Proxmox's version has another shape than known")
    rows = _listed(answers.get(UPDATES, _NOTHING), "updates")
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
    tasks = _listed(answers.get(REFRESHES, _NOTHING), "tasks")
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


class BackupJob(Struct, frozen=True):
    """A job of the hypervisor that backs the machine up.

    Attributes:
        keeps: what is kept, as `keep-daily=7`; empty where the job itself does not say.
        is_of_many: it saves other machines, too.
        coming: its coming runs, of a year; none where its schedule is not understood.
    """

    id: str
    is_enabled: bool
    schedule: str
    storage: str
    keeps: tuple[str, ...]
    is_of_many: bool = False
    coming: tuple[datetime, ...] = ()


class Stored(Struct, frozen=True):
    """A storage of backups, and when those of the machine were made that lie there, newest first.

    Attributes:
        is_elsewhere: it is not the node's own disks; None where that is not told.
        sizes: of each of those that were made, where they are told.
        spoilt: those that do not count as backups, each with why, newest first.
        protected: so many of those that were made are never deleted.
        keeps: what the storage itself has kept; None where that is not told.
        prunes_itself: it is a backup server, which may delete by rules of its own.
    """

    name: str
    is_elsewhere: bool | None
    made: tuple[datetime, ...]
    sizes: tuple[int, ...] = ()
    spoilt: tuple[str, ...] = ()
    protected: int = 0
    keeps: tuple[str, ...] | None = ()
    prunes_itself: bool = False


class VmBackups(Struct, frozen=True):
    """The hypervisor's backups of the machine.

    Attributes:
        stored: by storage that a job writes to.
        runs: when those that succeeded ended, newest first.
        unclear: jobs of which it is not known whether they save the machine, since they save a pool.
        apart: jobs of which it is not known either, since they run on one node.
        left_out: disks of the machine, and folders of a container, that no backup has.
        is_empty: no disk of the machine is backed up.
    """

    jobs: tuple[BackupJob, ...]
    runs: Known[tuple[datetime, ...]] | Unknown
    now: datetime
    stored: Mapping[str, Known[Stored] | Unknown] = field(default_factory=dict)
    unclear: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    is_empty: bool = False

    @property
    def newest(self) -> datetime | None:
        """When the newest backup of the machine was made that is known to be stored."""
        known = [one.value.made[0] for one in self.stored.values() if isinstance(one, Known) and one.value.made]
        return max(known, default=None)

    @property
    def live(self) -> tuple[BackupJob, ...]:
        """The jobs that are switched on."""
        return tuple(job for job in self.jobs if job.is_enabled)

    @property
    def gap(self) -> timedelta | None:
        """The longest time between two runs of the jobs that are switched on; nothing where one is not understood."""
        if not all(job.coming for job in self.live):
            return None
        return schedules.together(job.coming for job in self.live)

    @property
    def is_seen(self) -> bool:
        """Whether all is seen that the jobs that are switched on have stored."""
        return all(isinstance(self.stored.get(job.storage), Known) for job in self.live)


def is_on(value: Any) -> bool:
    """Whether a value is a true one, in every way that Proxmox reads and writes it."""
    return value is True or str(value).strip().lower() in ("1", "on", "yes", "true")


class _Guest(Struct, frozen=True):
    """The machine as the cluster lists it."""

    node: str
    pool: str


def _guest(answers: Mapping[str, Any], rights: _Rights, vmid: int) -> _Guest | None:
    """The machine; nothing where the token may not see it.

    Raises:
        Missing: there is none of this number, or it is only a template.
    """
    rows = answers.get(GUESTS)
    if not isinstance(rows, list):
        return None
    own = [row for row in rows if isinstance(row, Mapping) and str(row.get("vmid")) == str(vmid)]
    if not own:
        if rights.may(f"/vms/{vmid}", "VM.Audit"):
            raise Missing(Unknown(Reason.MISSING, f"Proxmox has no machine {vmid} (proxmox.vmid)"))
        return None
    if is_on(own[0].get("template")):
        raise Missing(Unknown(Reason.UNDECIDABLE, f"machine {vmid} of Proxmox is a template (proxmox.vmid)"))
    return _Guest(str(own[0].get("node", "")), str(own[0].get("pool") or ""))


def _numbers(value: Any) -> set[str]:
    """A list of machines as Proxmox reads it."""
    return set(re.split(r"[\s,;\0]+", str(value or "")))


def _is_member(pool: str, vmid: int, guest: _Guest | None, answers: Mapping[str, Any]) -> bool | None:
    """Whether a pool has the machine; nothing where that is not told, or only a pool within it has."""
    if guest is not None:
        return True if guest.pool == pool else None if guest.pool.startswith(f"{pool}/") else False
    members = answers.get(f"pool/{pool}")
    if not isinstance(members, list):
        return None
    return any(isinstance(row, Mapping) and str(row.get("vmid")) == str(vmid) for row in members)


def _covers(row: Mapping[str, Any], vmid: int, guest: _Guest | None, answers: Mapping[str, Any]) -> bool | None:
    """Whether a job saves a machine, wherever that runs; nothing where that is not told."""
    is_excluded = str(vmid) in _numbers(row.get("exclude"))
    if str(vmid) in _numbers(row.get("vmid")):
        return True
    if pool := row.get("pool"):
        found = _is_member(str(pool), vmid, guest, answers)
        return None if found and is_excluded else found
    # What names exceptions means all others.
    return (is_on(row.get("all")) or bool(row.get("exclude"))) and not is_excluded


def _runs_there(row: Mapping[str, Any], guest: _Guest | None, target: Target) -> bool | None:
    """Whether a job runs where the machine is; nothing where that is not known."""
    if not row.get("node"):
        return True
    node = str(row["node"])
    if guest is not None and guest.node:
        return node == guest.node
    return True if node == target.settings.proxmox.node else None


def _keeps(row: Mapping[str, Any]) -> tuple[str, ...]:
    """What a job or a storage keeps, in the ways of old and new releases."""
    found = row.get("prune-backups")
    if isinstance(found, Mapping):
        return tuple(f"{key}={value}" for key, value in sorted(found.items()))
    if not found and is_number(str(row.get("maxfiles", ""))):
        return (f"keep-last={row['maxfiles']}",) if int(row["maxfiles"]) else ("keep-all=1",)
    return tuple(part for part in str(found or "").split(",") if part.startswith("keep-"))


def _schedule(row: Mapping[str, Any]) -> str:
    """A calendar event; older releases have days of the week and a time of the day."""
    return str(row.get("schedule") or " ".join(str(row[key]) for key in ("dow", "starttime") if row.get(key)))


def _job(row: Mapping[str, Any], vmid: int) -> BackupJob:
    schedule = _schedule(row)
    return BackupJob(
        id=str(row.get("id", "")),
        is_enabled=is_on(row.get("enabled", 1)),
        schedule=schedule,
        storage=str(row.get("storage", "")),
        keeps=_keeps(row),
        is_of_many=_numbers(row.get("vmid")) != {str(vmid)},
        coming=calendar_events.coming(schedule),
    )


def parse_backups(gathered: Gathered, target: Target) -> VmBackups:
    """From the cluster's jobs, the node's tasks, and what is stored."""
    vmid = target.settings.proxmox.vmid
    if vmid is None:
        raise Missing(Unknown(Reason.NOT_CONFIGURED, "proxmox.vmid is not set: which machine it is for the hypervisor"))
    answers = _answers(gathered, target)
    rows = _listed(answers.get(BACKUP_JOBS, _NOTHING), "backup jobs")
    if isinstance(rows, Unknown):
        raise Missing(rows)
    rights = _Rights(answers, target)
    guest = _guest(answers, rights, vmid)
    jobs: list[BackupJob] = []
    unclear: list[str] = []
    apart: list[str] = []
    for row in rows:
        covers, there = _covers(row, vmid, guest, answers), _runs_there(row, guest, target)
        if covers and there:
            jobs.append(_job(row, vmid))
        elif covers is not False and there is not False:
            (unclear if covers is None else apart).append(str(row.get("id", "")))
    now = datetime.fromtimestamp(gathered.time, UTC)
    runs = _runs(answers, rights, guest.node if guest else target.settings.proxmox.node, vmid)
    stored = {name: _storage(name, answers, rights, vmid) for name in {job.storage for job in jobs}}
    config = answers.get(CONFIG)
    left_out, is_empty = _left_out(config)
    covering = [row for row in rows if str(row.get("id", "")) in {job.id for job in jobs if job.is_enabled}]
    if isinstance(config, Mapping) and "rootfs" in config and covering:
        left_out += tuple(sorted(set.intersection(*map(_paths_left_out, covering))))
    return VmBackups(tuple(jobs), runs, now, stored, tuple(unclear), tuple(apart), left_out, is_empty)


_DISK = re.compile(r"(?:ide|sata|scsi|virtio)[0-9]+|rootfs|mp[0-9]+")


def _left_out(config: Any) -> tuple[tuple[str, ...], bool]:
    """Disks of the machine that its backups leave out, and whether they leave out all. Of containers, mounts are left out unless asked for."""
    if not isinstance(config, Mapping):
        return (), False
    disks: dict[str, bool] = {}
    for name, text in config.items():
        volume, *options = str(text).split(",")
        if not _DISK.fullmatch(str(name)) or "media=cdrom" in options or "cloudinit" in volume or volume == "none":
            continue
        said = next((one.partition("=")[2] for one in options if one.startswith("backup=")), "")
        disks[str(name)] = is_on(said) if said or str(name).startswith("mp") else True
    left_out = tuple(sorted(name for name, is_saved in disks.items() if not is_saved))
    return left_out, bool(disks) and len(left_out) == len(disks)


_PASSING = re.compile(r"/(?:tmp|run|var/(?:tmp|run|cache|lock))(?:/|\Z)")
"""Folders of containers in which nothing lies that must be kept."""


def _paths_left_out(row: Mapping[str, Any]) -> set[str]:
    """The folders that a job leaves out of containers' backups, but for those that are left out as a rule."""
    said = row.get("exclude-path")
    paths = map(str, said) if isinstance(said, list) else re.split(r"[\s,;\0]+", str(said or ""))
    return {path.rstrip("/*?") or "/" for path in paths if path.strip() and not _PASSING.match(path)}


_VOLUME = re.compile(r"(?:vzdump-(?:qemu|lxc|openvz)-|backup/(?:vm|ct)/)([0-9]+)[-/]")


def _of_machine(rows: list[Mapping[str, Any]] | Unknown, vmid: int) -> list[Mapping[str, Any]] | Unknown:
    """The backups of one machine, by their own number or their name: not every release knows the question's."""
    if isinstance(rows, Unknown):
        return rows

    def number(row: Mapping[str, Any]) -> str:
        named = _VOLUME.search(str(row.get("volid", "")))
        return str(row["vmid"]) if "vmid" in row else named[1] if named else str(vmid)

    return [row for row in rows if number(row) == str(vmid) and row.get("content", "backup") == "backup"]


def _storage(name: str, answers: Mapping[str, Any], rights: _Rights, vmid: int) -> Known[Stored] | Unknown:
    if not name:
        return Unknown(Reason.UNDECIDABLE, "Proxmox's job names no storage: what it has stored is not seen")
    try:
        content = _of_machine(_listed(answers.get(f"content/{name}", _NOTHING), "backups"), vmid)
        sees_all = rights.may(f"/storage/{name}", "Datastore.Allocate") or (
            rights.may(f"/storage/{name}", "Datastore.AllocateSpace") and rights.may(f"/vms/{vmid}", "VM.Backup")
        )
        return _stored(name, answers, content, sees_all=bool(sees_all))
    except Garbled as error:
        return Unknown(Reason.GARBLED, str(error))


def _stored(
    name: str, answers: Mapping[str, Any], content: list[Mapping[str, Any]] | Unknown, *, sees_all: bool
) -> Known[Stored] | Unknown:
    if isinstance(content, Unknown):
        return content
    if not content and not sees_all:
        # Proxmox leaves out, without a word, what the token may not see.
        why = f"Proxmox shows no backups on {name}: there are none, or the token lacks Datastore.Allocate there"
        return Unknown(Reason.NO_PERMISSION, why)
    config = answers.get(f"storage/{name}", {})
    status = answers.get(f"status/{name}", _NOTHING)
    good: list[tuple[datetime, int]] = []
    spoilt: list[tuple[datetime, str]] = []
    protected = 0
    try:
        for row in content:
            made, size = datetime.fromtimestamp(int(row["ctime"]), UTC), row.get("size")
            if why := _why_none(row):
                spoilt.append((made, f"that of {made:%Y-%m-%d %H:%M} UTC {why}"))
                continue
            good.append((made, int(size) if size is not None else 0))
            protected += is_on(row.get("protected"))
        if not isinstance(status, Mapping | Unknown):
            raise TypeError
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError):
        raise Garbled("Proxmox's storage has another shape than known") from None
    good.sort(reverse=True)
    kind, is_elsewhere = _place(status, config)
    return Known(
        Stored(
            name,
            is_elsewhere,
            tuple(made for made, _ in good),
            tuple(size for _, size in good) if all(size for _, size in good) else (),
            tuple(text for _, text in sorted(spoilt, reverse=True)),
            protected,
            _keeps(config) if isinstance(config, Mapping) else None,
            kind == "pbs",
        )
    )


def _why_none(row: Mapping[str, Any]) -> str:
    """Why something stored is no backup; empty if it is one."""
    verified = row.get("verification")
    if isinstance(verified, Mapping) and verified.get("state") not in (None, "ok", "none"):
        return f"was verified: {verified['state']}"
    size = row.get("size")
    return "" if size is None or int(size) >= SMALLEST else f"has {int(size)} bytes"


def _place(status: Any, config: Any) -> tuple[str, bool | None]:
    """The kind of a storage, and whether it is somewhere else than the node's own disks; nothing where that is not told."""
    told = {
        key: value for part in (status, config) if isinstance(part, Mapping) for key, value in part.items() if value
    }
    kind, path = str(told.get("type", "")), str(told.get("path", ""))
    if LOOPBACK.fullmatch(str(told.get("server", ""))):
        return kind, False
    if is_on(told.get("shared")) or kind in ELSEWHERE:
        return kind, True
    if not kind:
        return kind, None
    # Of a folder with a place of its own, what is mounted there is not told.
    is_mount = str(told.get("is_mountpoint", "no")).lower() not in ("0", "no", "off", "false")
    is_own = not path and isinstance(config, Mapping)
    is_own = is_own or (not is_mount and f"{path}/".startswith(f"{OWN_FOLDER}/"))
    return kind, None if kind in FOLDERS and not is_own else False


_SUCCESS = re.compile(r"OK|WARNINGS: [0-9]+")


def _ended_well(task: Mapping[str, Any]) -> bool:
    return bool(_SUCCESS.fullmatch(str(task.get("status")))) and "endtime" in task


def _runs(answers: Mapping[str, Any], rights: _Rights, node: str, vmid: int) -> Known[tuple[datetime, ...]] | Unknown:
    """When runs ended that saved the machine: those of its own, and those of many by what their logs say of it."""
    tasks = _listed(answers.get(BACKUP_RUNS, _NOTHING), "tasks")
    if isinstance(tasks, Unknown):
        return tasks
    many = answers.get(ALL_RUNS)
    by_id = (
        {str(task.get("upid")): task for task in many if isinstance(task, Mapping)} if isinstance(many, list) else {}
    )
    try:
        ended = [
            float(task["endtime"]) for task in tasks if _ended_well(task) and str(task.get("id", vmid)) == str(vmid)
        ]
        unread = False
        for name, log in answers.items():
            task = by_id.get(name.partition("/")[2])
            if not name.startswith("log/") or task is None or "endtime" not in task:
                continue
            saved = _saved(log, vmid)
            unread = unread or saved is None
            ended += [float(task["endtime"])] if saved else []
        found = tuple(datetime.fromtimestamp(moment, UTC) for moment in sorted(ended, reverse=True))
    except (TypeError, ValueError, OverflowError, OSError):
        raise Garbled("Proxmox's tasks have another shape than known") from None
    if found:
        return Known(found)
    if len(tasks) >= RUNS:
        return Unknown(Reason.UNDECIDABLE, f"none of the last {RUNS} runs succeeded, and there may be more before")
    if unread:
        return Unknown(Reason.UNDECIDABLE, "the log of a run for several machines could not be read whole")
    if not tasks and rights.may(f"/nodes/{node}", "Sys.Audit") is False:
        why = f"Proxmox shows no runs: there are none, or the token lacks Sys.Audit on /nodes/{node}"
        return Unknown(Reason.NO_PERMISSION, why)
    return Known(())


def _saved(log: Any, vmid: int) -> bool | None:
    """Whether a run's log says that the machine was saved; nothing where it could not be read whole."""
    if not isinstance(log, Mapping) or not isinstance(log.get("lines"), list):
        return None
    if any(re.search(rf"Finished Backup of VM {vmid}\b", str(line)) for line in log["lines"]):
        return True
    return None if log.get("is_cut") and not log["lines"] else False


class MachineSnapshot(Struct, frozen=True):
    """A state of the machine that the hypervisor keeps, and when it was taken, where that is told."""

    name: str
    taken: datetime | None


def parse_snapshots(gathered: Gathered, target: Target) -> tuple[MachineSnapshot, ...]:
    """From the hypervisor's list, oldest first.

    `current` is the running state, and no snapshot, nor is one that is still being made or deleted.
    """
    vmid = target.settings.proxmox.vmid
    if vmid is None:
        raise Missing(Unknown(Reason.NOT_CONFIGURED, "proxmox.vmid is not set: which machine it is for the hypervisor"))
    answers = _answers(gathered, target)
    _guest(answers, _Rights(answers, target), vmid)
    rows = _listed(answers.get(SNAPSHOTS, _NOTHING), "snapshots")
    if isinstance(rows, Unknown):
        raise Missing(rows)
    found = [
        MachineSnapshot(str(row.get("name", "")), _taken(row))
        for row in rows
        if row.get("name") != "current" and not row.get("snapstate")
    ]
    return tuple(sorted(found, key=lambda one: one.taken or datetime.min.replace(tzinfo=UTC)))


def _taken(row: Mapping[str, Any]) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(row["snaptime"]), UTC)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return None


SNAPSHOTS_FACT = Fact("snapshots", parse_snapshots, (PROBE,), looks=looks)
BACKUPS = Fact("vm_backups", parse_backups, (PROBE,), looks=looks)
FACT = Fact("proxmox_node", parse, (PROBE,), looks=looks)
