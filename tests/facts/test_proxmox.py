"""What the hypervisor says."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pytest_zebu.facts import ALL, proxmox
from pytest_zebu.facts.answer import Known, Reason, Said, Unknown, need
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.settings.sections import Host
from pytest_zebu.settings.target import Target
from tests.facts.answers import AT, NOON, read, why


def by_pvesh(target: Target, out: str) -> tuple[Gathered, Target]:
    declared = target.settings.proxmox.model_copy(update={"ssh": "node", "api": None})
    hosts = {**target.settings.hosts, "node": Host(address="192.0.2.1")}
    settings = target.settings.model_copy(update={"proxmox": declared, "hosts": hosts})
    now = datetime(2026, 11, 24, tzinfo=UTC).timestamp()
    return Gathered({"pvesh": Said(0, out)}, {}, now), target.model_copy(update={"settings": settings})


def test_the_hypervisor_by_pvesh(target: Target) -> None:
    ended = int((datetime(2026, 11, 24, tzinfo=UTC) - timedelta(days=2)).timestamp())
    update = {"Package": "openssl", "OldVersion": "1", "Version": "2", "Origin": "Debian"}
    out = f'@version {{"release": "9.1"}}\n@updates [{json.dumps(update)}]\n@refreshes [{{"status": "OK", "endtime": {ended}}}]\n'
    node = need(ALL["proxmox_node"].read(*by_pvesh(target, out)))
    assert (node.release, node.age_of_lists) == (Known("9.1"), timedelta(days=2))
    assert need(node.updates) == (proxmox.Update("openssl", "1", "2", "Debian"),)
    partial = need(
        ALL["proxmox_node"].read(*by_pvesh(target, '@version {"release": "9.1"}\n@updates \n@refreshes []\n'))
    )
    assert isinstance(partial.updates, Unknown)
    assert isinstance(partial.refreshed, Unknown)


def test_the_hypervisors_backups_by_pvesh(target: Target) -> None:
    """root on the node sees all there is: an empty list is no lack of privilege."""
    job = {"id": "backup-200", "vmid": str(target.settings.proxmox.vmid), "storage": "nas", "enabled": 1}
    both = [job, {**job, "id": "backup-201", "storage": "local"}]
    made = int((datetime(2026, 11, 24, tzinfo=UTC) - timedelta(hours=6)).timestamp())
    out = (
        f'@backup_jobs {json.dumps(both)}\n@backup_runs [{{"status": "OK", "endtime": {made}}}]\n'
        f'@status/nas {{"type": "nfs", "shared": 1}}\n@content/nas [{{"ctime": {made}}}]\n'
        '@status/local {"type": "dir", "shared": 0}\n@content/local []\n'
    )
    found = need(ALL["vm_backups"].read(*by_pvesh(target, out)))
    assert need(found.stored["nas"]) == proxmox.Stored("nas", True, (datetime.fromtimestamp(made, UTC),))
    assert need(found.stored["local"]) == proxmox.Stored("local", False, ())
    failed = need(ALL["vm_backups"].read(*by_pvesh(target, out.partition("@status/nas")[0] + "@status/nas \n")))
    assert isinstance(failed.stored["nas"], Unknown)


@pytest.mark.parametrize(
    "out",
    [
        "@version [",
        "@version []\n@updates []\n@refreshes []\n",
        '@version {"release": "9"}\n@updates {}\n@refreshes []\n',
    ],
)
def test_a_hypervisor_that_talks_otherwise_is_garbled(out: str, target: Target) -> None:
    answer = ALL["proxmox_node"].read(*by_pvesh(target, out))
    assert isinstance(answer, Unknown)
    assert answer.reason is Reason.GARBLED


def test_snapshots_by_time_without_the_present(target: Target) -> None:
    rows = [{"name": "b", "snaptime": AT}, {"name": "a", "snaptime": AT - 60}, {"name": "current"}]
    rows += [{"name": "half", "snaptime": AT, "snapstate": "prepare"}, {"name": "odd", "snaptime": "x"}]
    found = read("snapshots", {}, vm(target), by_api(vm(target), snapshots=rows))
    assert [(one.name, one.taken is None) for one in found] == [("odd", True), ("a", False), ("b", False)]


def by_api(target: Target, **answers: Any) -> dict[str, Any]:
    """What the API answered, by the name of what was asked; `status`, `content` and `storage` are of the storage `nas`."""
    values = {"node": "pve", "type": "qemu", "vmid": "200", "storage": "nas", "pool": "prod", "upid": "UPID:pve:1"}
    paths = {name.partition("/")[0]: path.format_map(values) for name, path in proxmox._questions(target).items()}
    return {proxmox.looks(target)[0].key: {paths[name.partition("/")[0]]: answer for name, answer in answers.items()}}


NO = Unknown(Reason.NO_PERMISSION, "403")


@pytest.mark.parametrize(("tasks", "moment"), [
    ([{"status": "OK", "endtime": AT - 5}, {"status": "OK", "endtime": AT}, {"status": "OK", "endtime": AT - 9}], NOON),
    ([{"status": "OK", "endtime": AT}, {"status": "unable to", "endtime": AT + 5}], NOON), ([{"status": "OK"}], None), ([], None),
])  # fmt: skip
def test_when_the_lists_were_refreshed(tasks: list[Any], moment: datetime | None, target: Target) -> None:
    """No task may be one that the token may not see."""
    found = read("proxmox_node", {}, target, by_api(target, version={"release": "9.1"}, updates=[], refreshes=tasks))
    assert (found.refreshed == Known(moment)) is (moment is not None)
    assert found.age_of_lists == (timedelta(0) if moment else None)


JOB = {
    "id": "b",
    "vmid": "200",
    "storage": "nas",
    "enabled": 1,
    "schedule": "02:00",
    "prune-backups": {"keep-daily": 7},
}


@pytest.mark.parametrize(("change", "jobs"), [
    ({}, 1), ({"vmid": "100, 200"}, 1), ({"vmid": "2001"}, 0), ({"vmid": "", "all": 1}, 1), ({"vmid": "", "all": 0}, 0),
    ({"vmid": "", "all": 1, "exclude": "200"}, 0), ({"vmid": "", "all": 1, "exclude": "201,300"}, 1), ({"pool": "x", "vmid": ""}, 0), ({"vmid": "", "all": "yes"}, 1), ({"vmid": "", "all": "off"}, 0),
])  # fmt: skip
def test_which_jobs_back_the_machine_up(change: dict[str, Any], jobs: int, target: Target) -> None:
    found = read("vm_backups", {}, vm(target), by_api(vm(target), backup_jobs=[{**JOB, **change}]))
    assert len(found.jobs) == jobs
    assert (found.unclear, found.apart) == ((("b",) if "pool" in change else ()), ())
    assert all(job.is_of_many is (change.get("vmid", "200") != "200") for job in found.jobs)


@pytest.mark.parametrize(("value", "on"), [
    (1, True), ("1", True), (True, True), ("on", True), ("Yes", True), (" true ", True), (0, False), ("0", False), (False, False), ("off", False), ("no", False), (None, False), (2, False), ("", False),
])  # fmt: skip
def test_every_spelling_of_a_boolean(value: Any, on: bool) -> None:
    assert proxmox.is_on(value) is on


def test_a_storage_with_an_odd_row_takes_nothing_with_it(target: Target) -> None:
    answers = {"backup_jobs": [JOB], "backup_runs": [{"status": "OK", "endtime": AT}], "status": {"type": "nfs"}}
    found = read("vm_backups", {}, vm(target), by_api(vm(target), **answers, content=[{"ctime": AT}, {"size": 1}]))
    assert found.stored["nas"].reason is Reason.GARBLED
    assert (found.runs, found.newest) == (Known((NOON,)), None)
    found = read(
        "vm_backups", {}, vm(target), by_api(vm(target), **answers, content=[{"ctime": AT - 9}, {"ctime": AT}])
    )
    assert found.newest == NOON


@pytest.mark.parametrize(("row", "counts"), [
    ({}, True), ({"vmid": 200}, True), ({"vmid": "200"}, True), ({"vmid": 2000}, False), ({"content": "iso"}, False), ({"volid": "nas:backup/vzdump-qemu-200-2026.vma.zst"}, True),
    ({"volid": "nas:backup/vzdump-qemu-100-2026.vma.zst"}, False), ({"volid": "nas:backup/vzdump-lxc-2001-x.tar"}, False), ({"volid": "pbs:backup/vm/200/2026-11-25T02:00:00Z"}, True),
    ({"volid": "pbs:backup/vm/300/2026-11-25T02:00:00Z"}, False),
])  # fmt: skip
def test_backups_of_other_machines_are_none_of_this_one(row: dict[str, Any], counts: bool, target: Target) -> None:
    answers = {
        "backup_jobs": [JOB],
        "backup_runs": [{"id": "2000", "status": "OK", "endtime": AT}],
        "status": {"type": "nfs"},
    }
    content = [{"ctime": AT - 9, "vmid": 200}, {"ctime": AT, **row}]
    found = read("vm_backups", {}, vm(target), by_api(vm(target), **answers, content=content))
    assert (found.newest == NOON) is counts
    assert found.runs == Known(())


@pytest.mark.parametrize(("count", "known"), [(proxmox.RUNS - 1, True), (proxmox.RUNS, False)])
def test_runs_that_all_failed_are_none_unless_the_list_was_cut(count: int, known: bool, target: Target) -> None:
    failed = [{"status": "job errors", "endtime": AT}] * count
    found = read("vm_backups", {}, vm(target), by_api(vm(target), backup_jobs=[JOB], backup_runs=failed))
    assert isinstance(found.runs, Known) is known


def vm(target: Target) -> Target:
    """The machine is number 200, and the API is asked."""
    declared = target.settings.proxmox.model_copy(update={"vmid": 200})
    return target.model_copy(update={"settings": target.settings.model_copy(update={"proxmox": declared})})


@pytest.mark.parametrize(
    ("change", "live"), [({}, 1), ({"enabled": "1"}, 1), ({"enabled": 0}, 0), ({"enabled": "0"}, 0)]
)
def test_a_job_that_is_switched_off_is_not_live(change: dict[str, Any], live: int, target: Target) -> None:
    found = read("vm_backups", {}, vm(target), by_api(vm(target), backup_jobs=[{**JOB, **change}]))
    assert len(found.live) == live


def test_a_job_is_switched_on_unless_it_says_otherwise(target: Target) -> None:
    row = {key: value for key, value in JOB.items() if key != "enabled"}
    assert len(read("vm_backups", {}, vm(target), by_api(vm(target), backup_jobs=[row])).live) == 1


@pytest.mark.parametrize(("prune", "keeps"), [
    ({"keep-weekly": 4, "keep-daily": 7}, ("keep-daily=7", "keep-weekly=4")), ("keep-daily=7,keep-weekly=4", ("keep-daily=7", "keep-weekly=4")), (None, ()), ("x=1", ()),
])  # fmt: skip
def test_what_a_job_keeps(prune: Any, keeps: tuple[str, ...], target: Target) -> None:
    found = read("vm_backups", {}, vm(target), by_api(vm(target), backup_jobs=[{**JOB, "prune-backups": prune}]))
    assert found.jobs[0].keeps == keeps


@pytest.mark.parametrize(("status", "elsewhere"), [
    ({"type": "nfs"}, True), ({"type": "pbs", "shared": 0}, True), ({"type": "dir", "shared": 1}, True), ({"type": "dir", "shared": 0}, False), ({"type": "zfspool"}, False),
])  # fmt: skip
def test_which_storage_is_elsewhere(status: dict[str, Any], elsewhere: bool, target: Target) -> None:
    looked = by_api(vm(target), backup_jobs=[JOB], status=status, content=[{"ctime": AT - 9}, {"ctime": AT}])
    stored = need(read("vm_backups", {}, vm(target), looked).stored["nas"])
    assert (stored.is_elsewhere, stored.made) == (elsewhere, (NOON, NOON - timedelta(seconds=9)))


@pytest.mark.parametrize(("status", "content"), [(NO, []), ({"type": "nfs"}, NO), ({"type": "nfs"}, [])])
def test_a_storage_that_the_token_may_not_see_is_unknown(status: Any, content: Any, target: Target) -> None:
    """Proxmox leaves out without a word what a token may not see: no backups may be that."""
    found = read("vm_backups", {}, vm(target), by_api(vm(target), backup_jobs=[JOB], status=status, content=content))
    assert isinstance(found.stored["nas"], Unknown)
    assert found.stored["nas"].reason is Reason.NO_PERMISSION


def test_runs_that_failed_are_none(target: Target) -> None:
    tasks = [
        {"status": "OK", "endtime": AT - 9},
        {"status": "job errors", "endtime": AT},
        {"status": "OK", "endtime": AT},
        {"status": "OK"},
    ]
    found = read("vm_backups", {}, vm(target), by_api(vm(target), backup_jobs=[], backup_runs=tasks))
    assert found.runs == Known((NOON, NOON - timedelta(seconds=9)))
    assert isinstance(read("vm_backups", {}, vm(target), by_api(vm(target), backup_jobs=[])).runs, Unknown)


def test_without_a_number_the_machine_is_not_known_to_the_hypervisor(target: Target) -> None:
    declared = target.settings.proxmox.model_copy(update={"vmid": None})
    nameless = target.model_copy(update={"settings": target.settings.model_copy(update={"proxmox": declared})})
    for name in ("vm_backups", "snapshots"):
        assert why(name, {}, nameless, by_api(nameless, backup_jobs=[])) is Reason.NOT_CONFIGURED


@pytest.mark.parametrize(
    ("change", "schedule"),
    [
        ({}, "02:00"),
        ({"schedule": "", "starttime": "03:00"}, "03:00"),
        ({"schedule": "", "dow": "mon,tue", "starttime": "03:00"}, "mon,tue 03:00"),
        ({"schedule": None}, ""),
    ],
)
def test_when_a_job_runs(change: dict[str, Any], schedule: str, target: Target) -> None:
    found = read("vm_backups", {}, vm(target), by_api(vm(target), backup_jobs=[{**JOB, **change}]))
    assert (found.jobs[0].schedule, found.jobs[0].id, found.jobs[0].storage) == (schedule, "b", "nas")


MACHINE = {"vmid": 200, "node": "pve", "type": "qemu"}
POOL = {**JOB, "vmid": "", "pool": "prod"}
TOLD = Unknown(Reason.NO_PERMISSION, "403")


@pytest.mark.parametrize(("job", "answers", "saves"), [
    (POOL, {"guests": [{**MACHINE, "pool": "prod"}]}, True), (POOL, {"guests": [{**MACHINE, "pool": "production"}]}, False), (POOL, {"guests": [MACHINE]}, False),
    (POOL, {"guests": [{**MACHINE, "pool": "prod/web"}]}, None), (POOL, {"guests": []}, None), (POOL, {"guests": TOLD}, None),
    (POOL, {"guests": TOLD, "pool/prod": [{"vmid": 200}]}, True), (POOL, {"guests": [], "pool/prod": [{"vmid": 2000}]}, False), (POOL, {"pool/prod": TOLD}, None),
    ({**POOL, "exclude": "200"}, {"guests": [{**MACHINE, "pool": "prod"}]}, None), ({**JOB, "vmid": "100;200 300"}, {}, True),
    ({**JOB, "vmid": "", "exclude": "201"}, {}, True), ({**JOB, "vmid": "", "exclude": "201 200"}, {}, False),
])  # fmt: skip
def test_whether_a_pool_or_a_list_has_the_machine(
    job: dict[str, Any], answers: dict[str, Any], saves: bool | None, target: Target
) -> None:
    found = read("vm_backups", {}, vm(target), by_api(vm(target), backup_jobs=[job], **answers))
    assert (len(found.jobs), found.unclear) == (int(saves is True), ("b",) if saves is None else ())


@pytest.mark.parametrize(("node", "guests", "jobs", "apart"), [
    ("pve", [MACHINE], 1, ()), ("pve2", [MACHINE], 0, ()), ("pve2", [{**MACHINE, "node": "pve2"}], 1, ()), ("pve", None, 1, ()), ("pve2", None, 0, ("b",)),
])  # fmt: skip
def test_a_job_of_one_node_saves_what_is_there(
    node: str, guests: Any, jobs: int, apart: tuple[str, ...], target: Target
) -> None:
    found = read("vm_backups", {}, vm(target), by_api(vm(target), backup_jobs=[{**JOB, "node": node}], guests=guests))
    assert (len(found.jobs), found.apart) == (jobs, apart)


def test_a_number_of_nobody_and_a_template_are_no_machine(target: Target) -> None:
    for name in ("vm_backups", "snapshots"):
        asked = {"backup_jobs": [JOB], "snapshots": []}
        template = by_api(vm(target), **asked, guests=[{**MACHINE, "template": 1}])
        assert why(name, {}, vm(target), template) is Reason.UNDECIDABLE
        nobody = by_api(vm(target), **asked, guests=[], permissions={"/": {"VM.Audit": 1}})
        assert why(name, {}, vm(target), nobody) is Reason.MISSING


@pytest.mark.parametrize(("permissions", "known"), [
    ({"/storage/nas": {"Datastore.Allocate": 0}}, True), ({"/": {"Datastore.Allocate": 1}}, True), ({"/": {"Datastore.Allocate": 0}}, False),
    ({"/": {"Datastore.Allocate": 1}, "/storage/nas": {"Datastore.Audit": 1}}, False), ({"/storage": {"Datastore.AllocateSpace": 1}, "/vms/200": {"VM.Backup": 1}}, True),
    ({"/storage": {"Datastore.AllocateSpace": 1}}, False), ({"/": {"Datastore.Audit": 1}}, False), (TOLD, False), (None, False),
])  # fmt: skip
def test_an_empty_list_is_none_where_the_token_would_see_some(permissions: Any, known: bool, target: Target) -> None:
    answers = {"backup_jobs": [JOB], "status": {"type": "nfs"}, "content": [], "permissions": permissions}
    found = read("vm_backups", {}, vm(target), by_api(vm(target), **answers))
    assert isinstance(found.stored["nas"], Known) is known


def test_runs_that_the_token_may_not_see_are_not_none(target: Target) -> None:
    answers = {"backup_jobs": [JOB], "backup_runs": [], "permissions": {"/": {"VM.Audit": 1}}}
    assert read("vm_backups", {}, vm(target), by_api(vm(target), **answers)).runs.reason is Reason.NO_PERMISSION
    answers["permissions"] = {"/nodes": {"Sys.Audit": 1}}
    assert read("vm_backups", {}, vm(target), by_api(vm(target), **answers)).runs == Known(())


FINISHED = "INFO: Finished Backup of VM 200 (00:01:02)"


@pytest.mark.parametrize(("status", "log", "runs"), [
    ("OK", {"lines": [FINISHED], "is_cut": False}, Known((NOON,))), ("job errors", {"lines": [FINISHED], "is_cut": False}, Known((NOON,))),
    ("job errors", {"lines": ["ERROR: Backup of VM 200 failed - no space"], "is_cut": False}, Known(())), ("OK", {"lines": [], "is_cut": False}, Known(())),
    ("OK", {"lines": [FINISHED.replace("200", "2000")], "is_cut": False}, Known(())), ("WARNINGS: 2", {"lines": [FINISHED], "is_cut": True}, Known((NOON,))),
    ("OK", {"lines": [], "is_cut": True}, None), ("OK", TOLD, None), ("OK", [], None),
])  # fmt: skip
def test_a_run_for_several_machines_is_told_by_its_log(status: str, log: Any, runs: Any, target: Target) -> None:
    task = {"upid": "UPID:pve:1", "id": "", "status": status, "endtime": AT}
    answers = {"backup_jobs": [JOB], "backup_runs": [], "all_runs": [task], "log/UPID:pve:1": log}
    found = read("vm_backups", {}, vm(target), by_api(vm(target), **answers)).runs
    assert found == runs if runs else isinstance(found, Unknown)


@pytest.mark.parametrize(
    ("status", "is_run"), [("OK", True), ("WARNINGS: 2", True), ("job errors", False), ("WARNINGS", False)]
)
def test_a_run_with_warnings_has_stored_a_backup(status: str, is_run: bool, target: Target) -> None:
    task = {"id": "200", "status": status, "endtime": AT}
    found = read("vm_backups", {}, vm(target), by_api(vm(target), backup_jobs=[JOB], backup_runs=[task]))
    assert found.runs == Known((NOON,) if is_run else ())


@pytest.mark.parametrize(("row", "why_none"), [
    ({}, ""), ({"verification": {"state": "ok"}}, ""), ({"verification": {"state": "failed"}}, "was verified: failed"), ({"size": 2**30}, ""), ({"size": 0}, "has 0 bytes"),
    ({"size": 1}, "has 1 bytes"), ({"verification": None}, ""), ({"encrypted": "1", "protected": 1, "notes": "by hand"}, ""),
])  # fmt: skip
def test_what_is_stored_and_is_no_backup(row: dict[str, Any], why_none: str, target: Target) -> None:
    answers = {"backup_jobs": [JOB], "status": {"type": "pbs"}, "content": [{"ctime": AT, **row}]}
    found = read("vm_backups", {}, vm(target), by_api(vm(target), **answers)).stored["nas"].value
    assert (len(found.made), len(found.spoilt)) == ((0, 1) if why_none else (1, 0))
    assert not why_none or found.spoilt[0].endswith(why_none)
    assert (found.protected, found.prunes_itself) == (row.get("protected", 0), True)


def test_sizes_are_known_where_each_is(target: Target) -> None:
    rows = [{"ctime": AT - 9, "size": 2**30}, {"ctime": AT, "size": 2**21}]
    answers = {"backup_jobs": [JOB], "status": {"type": "nfs"}}
    found = read("vm_backups", {}, vm(target), by_api(vm(target), **answers, content=rows)).stored["nas"].value
    assert found.sizes == (2**21, 2**30)
    found = read("vm_backups", {}, vm(target), by_api(vm(target), **answers, content=[*rows, {"ctime": AT}]))
    assert found.stored["nas"].value.sizes == ()


@pytest.mark.parametrize(("status", "config", "elsewhere"), [
    ({"type": "dir"}, {"path": "/var/lib/vz"}, False), ({"type": "dir"}, {"path": "/mnt/backup"}, None), ({"type": "dir"}, {"path": "/var/lib/vz", "is_mountpoint": 1}, None),
    ({"type": "dir"}, {"path": "/var/lib/vz2"}, None), ({"type": "dir"}, {"path": "/mnt/backup", "shared": 1}, True), ({"type": "dir", "shared": 0}, NO, None),
    ({"type": "pbs"}, {"server": "localhost"}, False), ({"type": "pbs"}, {"server": "127.0.0.1"}, False), ({"type": "pbs"}, {"server": "192.0.2.9"}, True),
    ({"type": "nfs"}, {"server": "::1"}, False), ({"type": "nfs", "shared": 1}, NO, True), (NO, {"type": "cifs", "server": "nas"}, True), ({"type": "lvmthin"}, NO, False),
    ({}, NO, None),
])  # fmt: skip
def test_where_a_storage_is(status: Any, config: Any, elsewhere: bool | None, target: Target) -> None:
    answers = {"backup_jobs": [JOB], "status": status, "storage": config, "content": [{"ctime": AT}]}
    found = read("vm_backups", {}, vm(target), by_api(vm(target), **answers)).stored["nas"].value
    assert found.is_elsewhere is elsewhere


@pytest.mark.parametrize(("config", "keeps"), [
    ({"type": "nfs", "prune-backups": "keep-last=3"}, ("keep-last=3",)), ({"type": "nfs", "maxfiles": 2}, ("keep-last=2",)), ({"type": "nfs", "maxfiles": 0}, ("keep-all=1",)),
    ({"type": "nfs"}, ()), (NO, None),
])  # fmt: skip
def test_what_a_storage_keeps(config: Any, keeps: Any, target: Target) -> None:
    answers = {"backup_jobs": [JOB], "status": {"type": "nfs"}, "storage": config, "content": [{"ctime": AT}]}
    assert read("vm_backups", {}, vm(target), by_api(vm(target), **answers)).stored["nas"].value.keeps == keeps


@pytest.mark.parametrize(("config", "left_out", "is_empty"), [
    ({"scsi0": "local:vm-200-disk-0,size=50G", "ide2": "none,media=cdrom", "name": "zebu"}, (), False), ({"scsi0": "a,backup=0", "scsi1": "b,backup=1"}, ("scsi0",), False),
    ({"virtio0": "a,size=9G,backup=0"}, ("virtio0",), True), ({"rootfs": "a,size=9G", "mp0": "b,mp=/srv"}, ("mp0",), False), ({"rootfs": "a", "mp0": "b,backup=1"}, (), False),
    ({"scsi0": "a,backup=no", "ide0": "local:vm-200-cloudinit,media=cdrom"}, ("scsi0",), True), (NO, (), False), ({}, (), False),
])  # fmt: skip
def test_disks_that_backups_leave_out(config: Any, left_out: tuple[str, ...], is_empty: bool, target: Target) -> None:
    found = read("vm_backups", {}, vm(target), by_api(vm(target), backup_jobs=[JOB], config=config))
    assert (found.left_out, found.is_empty) == (left_out, is_empty)


@pytest.mark.parametrize(("config", "paths", "left_out"), [
    ({"rootfs": "a"}, [["/var/lib/docker/*", "/tmp/?*"]], ("/var/lib/docker",)), ({"rootfs": "a"}, ["/srv,/var/tmp /opt/*"], ("/opt", "/srv")), ({"rootfs": "a"}, ["/"], ("/",)),
    ({"rootfs": "a"}, ["/tmp/?*", "/srv"], ()), ({"rootfs": "a"}, ["/srv /opt", "/srv"], ("/srv",)), ({"rootfs": "a"}, [None], ()), ({"scsi0": "a"}, ["/srv"], ()), ({"rootfs": "a"}, ["/temporary"], ("/temporary",)),
])  # fmt: skip
def test_folders_that_backups_of_a_container_leave_out(
    config: Any, paths: list[Any], left_out: tuple[str, ...], target: Target
) -> None:
    """What one job leaves out, another may have; a machine's jobs leave out no folders, whatever they say."""
    jobs = [{**JOB, "id": f"job-{number}", "exclude-path": path} for number, path in enumerate(paths)]
    jobs.append({**JOB, "id": "off", "enabled": 0})
    found = read("vm_backups", {}, vm(target), by_api(vm(target), backup_jobs=jobs, config=config))
    assert found.left_out == left_out


@pytest.mark.parametrize(("schedules", "gap"), [
    (("02:00",), timedelta(days=1)), (("sat 02:00",), timedelta(days=7)), (("mon,wed,fri,sun 02:00", "tue,thu,sat 02:00"), timedelta(days=1)), (("02:00", "every day"), None), (("",), None),
])  # fmt: skip
def test_the_longest_gap_of_all_jobs(schedules: tuple[str, ...], gap: timedelta | None, target: Target) -> None:
    jobs = [{**JOB, "id": str(number), "schedule": text} for number, text in enumerate(schedules)]
    off = {**JOB, "schedule": "yearly", "enabled": 0}
    assert read("vm_backups", {}, vm(target), by_api(vm(target), backup_jobs=[*jobs, off])).gap == gap


def test_a_job_without_a_storage_leaves_open_what_it_stored(target: Target) -> None:
    row = {key: value for key, value in JOB.items() if key != "storage"}
    found = read("vm_backups", {}, vm(target), by_api(vm(target), backup_jobs=[row]))
    assert found.stored[""].reason is Reason.UNDECIDABLE
    assert not found.is_seen
