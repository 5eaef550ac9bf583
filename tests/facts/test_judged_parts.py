"""Parts of facts that decide: lock files, statements in source, skipped checks, hypervisor and sign-in answers."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from pytest_zebu.facts import ALL, packages, proxmox, signin
from pytest_zebu.facts.answer import Garbled, Known, Missing, Reason, Said, Unknown, need
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.facts.source import built_statements
from pytest_zebu.facts.trials import amount
from pytest_zebu.settings.sections import Host
from pytest_zebu.settings.target import Target
from tests_prod.pre_deployment.test_application_functionality import trading_day


@pytest.mark.parametrize(("source", "lines"), [
    ("s.execute(f\"SELECT id FROM t WHERE name = '{name}'\")", [1]),
    ("s.execute('SELECT id FROM t WHERE id = %s' % value)", [1]),
    ("s.execute('DELETE FROM t WHERE id = {}'.format(value))", [1]),
    ("q = 'SELECT a FROM t WHERE x = ' + value", [1]),
    ("q = 'SELECT a ' + 'FROM t '", []),
    ("s.execute(text('SELECT a FROM t WHERE id = :id'), {'id': value})", []),
    ("log.info(f'Update of {name} ended')", []),
    ("f'SELECTED {x} FROM {y}'", []),
    ("x = f'{a} and {b}'", []),
])  # fmt: skip
def test_statements_built_from_values(source: str, lines: list[int]) -> None:
    assert built_statements(source) == lines


@pytest.mark.parametrize(("file", "text", "expected"), [
    ("requirements.lock", "Fast_API==1.0 ; python_version > '3'\nx[y]==2.0 \\\n  --hash=sha256:0\n# no\nz>=1\n", {"fast-api": "1.0", "x": "2.0"}),
    ("uv.lock", '[[package]]\nname="zebu"\nversion="1"\nsource={virtual="."}\n[[package]]\nname="a"\nversion="2"\nsource={registry="r"}', {"a": "2"}),
    ("poetry.lock", '[[package]]\nname="a"\nversion="2"', {"a": "2"}),
    ("package-lock.json", json.dumps({"packages": {"": {"version": "1"}, "node_modules/@a/b": {"version": "2"}, "node_modules/c": {"link": True, "version": "3"}, "node_modules/d/node_modules/e": {"version": "4"}}}), {"@a/b": "2", "e": "4"}),
], ids=["requirements", "uv", "poetry", "npm"])  # fmt: skip
def test_lock_files(file: str, text: str, expected: dict[str, str]) -> None:
    assert packages.locked(file, text) == expected


def test_what_is_installed_in_running_images() -> None:
    text = (
        "@service backend 0\nFast_API 1.0\n@service backend 0\nFast_API 1.0\nextra 2\n"
        "@service db none\n@service worker 137\nhalf 1\n"
    )
    found = packages.installed(text)
    assert found.pop("running image of backend") == {"fast-api": "1.0", "extra": "2"}
    assert isinstance(found.pop("running image of worker"), Unknown)
    assert not found, "an image without Python has no distributions"
    with pytest.raises(Missing):
        packages.installed("@service db none\n")
    with pytest.raises(Garbled):
        packages.installed("@service backend 0\nTraceback (most recent call last)\n")


@pytest.mark.parametrize("file", ["uv.lock", "package-lock.json"])
def test_a_broken_lock_file_is_garbled(file: str) -> None:
    with pytest.raises(Garbled):
        packages.locked(file, "{ broken")


def test_the_publishable_key_names_its_host() -> None:
    assert signin.host_of("pk_live_Y2xlcmsuemVidS50ZXN0JA") == "clerk.zebu.test"
    for wrong in ("pk_live_", "pk_live_!!!", "pk_live_YWJj", "other"):
        with pytest.raises(Missing):
            signin.host_of(wrong)


@pytest.mark.parametrize(
    ("today", "oldest"),
    [
        (date(2026, 11, 24), date(2026, 11, 20)),  # Tuesday: Monday's price, or Friday's where Monday was a holiday
        (date(2026, 11, 22), date(2026, 11, 19)),  # Sunday: Friday's, or Thursday's
        (date(2026, 11, 27), date(2026, 11, 25)),
    ],
)
def test_the_last_trading_day(today: date, oldest: date) -> None:
    assert trading_day(today) == oldest


@pytest.mark.parametrize("value", ["1e400000000", "NaN", "Infinity", None, {}, "12,5"])
def test_what_is_no_amount(value: object) -> None:
    found = amount(value)
    assert found is None or found.is_finite()
    if value != "1e400000000":
        assert found is None


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
