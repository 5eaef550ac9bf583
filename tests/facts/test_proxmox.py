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
    paths = proxmox._paths(target)
    look = proxmox.looks(target)[0]
    gathered = Gathered({}, {look.key: {paths["snapshots"]: rows}}, NOON.timestamp())
    assert [one.name for one in need(ALL["snapshots"].read(gathered, target))] == ["a", "b"]


def by_api(target: Target, **answers: Any) -> dict[str, Any]:
    """What the API answered, by the name of what was asked; `status` and `content` are of the storage `nas`."""
    named = dict(zip(("status", "content"), proxmox._storage_paths(target, "nas"), strict=True))
    paths = {**proxmox._paths(target), **named}
    return {proxmox.looks(target)[0].key: {paths[name]: answer for name, answer in answers.items()}}


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
    assert found.unclear == (("b",) if "pool" in change else ())
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
    ("change", "schedule"), [({}, "02:00"), ({"schedule": "", "starttime": "03:00"}, "03:00"), ({"schedule": None}, "")]
)
def test_when_a_job_runs(change: dict[str, Any], schedule: str, target: Target) -> None:
    found = read("vm_backups", {}, vm(target), by_api(vm(target), backup_jobs=[{**JOB, **change}]))
    assert (found.jobs[0].schedule, found.jobs[0].id, found.jobs[0].storage) == (schedule, "b", "nas")
