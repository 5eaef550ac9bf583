"""What the hypervisor says."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from pytest_zebu.facts import ALL, proxmox
from pytest_zebu.facts.answer import Known, Reason, Said, Unknown, need
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.settings.sections import Host
from pytest_zebu.settings.target import Target
from tests.facts.answers import AT, NOON


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
