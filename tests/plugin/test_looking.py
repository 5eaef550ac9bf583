"""A look at a machine of which nothing is declared: what it says decides what is looked at next, and what it is judged by."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from lab import recordings
from pytest_zebu.discovery.found import Found
from pytest_zebu.discovery.whole import IN_FRONT, INSIDE, OUTSIDE, inside
from pytest_zebu.gather import snapshot as snapshots
from pytest_zebu.gather.snapshot import Discovered, Snapshot
from pytest_zebu.gather.ssh import Connection
from pytest_zebu.plugin import looking
from pytest_zebu.plugin import run as run_module
from pytest_zebu.plugin.looking import FILES, TABLES, Looking, NotLetIn, declared, discovered
from pytest_zebu.plugin.reporting import report_of
from pytest_zebu.plugin.run import Options, Run
from pytest_zebu.settings import Settings
from pytest_zebu.settings.errors import UsageProblem
from pytest_zebu.settings.sections import DeclaredHost, Host
from pytest_zebu.settings.target import Target, Way
from tests import looked_at

STRANGER = Target(
    name="vm", host=Host(address="vm"), settings=Settings(timeout=7.0, deadline=70.0), way=Way(address="10.77.0.10")
)
SITE = '[domains]\nsite = "zebu.example.org"\n'


def test_what_it_says_is_declared_for_the_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Names first, of those the addresses; limits are the run's own, and what nobody could see says why."""
    asked = looked_at.answer(monkeypatch, tmp_path)
    target, found = discovered(STRANGER, Connection(STRANGER))
    settings = target.settings
    assert settings.domains.site == "zebu.test"
    assert settings.domains.addresses == ("10.99.0.80",)
    assert settings.backups.folder == "/var/backups/zebu"
    assert [(one.kind, one.source) for one in settings.vantages] == [("lan", "10.77.0.9")]
    assert (settings.timeout, settings.deadline, settings.is_from_file) == (7.0, 70.0, False)
    assert asked == [frozenset(INSIDE), frozenset(OUTSIDE), frozenset(IN_FRONT)]
    assert "domains.addresses" in settings.seen
    assert declared(STRANGER, found.settings) == target
    why = {key: reason for key, _, reason in found.unseen}
    assert "mode 0600" in why["forge.token_file"]


@pytest.mark.parametrize(
    "way",
    [Way(address="10.77.0.10", through="jump.example.org"), Way(address="nobody.invalid"), Way(address="x" * 70)],
    ids=["through another machine", "a name that leads nowhere", "no name"],
)
def test_a_machine_that_is_not_next_door_has_no_vantage_beside_it(
    way: Way, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    looked_at.answer(monkeypatch, tmp_path)
    target, _ = discovered(STRANGER.model_copy(update={"way": way}), Connection(STRANGER))
    assert target.settings.vantages == ()


def test_who_lets_nobody_in_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    looked_at.answer(monkeypatch, tmp_path, "Permission denied (publickey)")
    with pytest.raises(NotLetIn, match=r"vm: ssh: Permission denied \(publickey\)"):
        discovered(STRANGER, Connection(STRANGER))


@pytest.mark.hostile("files")
@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('[probes]\napi_key_file = "/etc/shadow"', "probes"),
        ('[forge]\ntoken_file = "/root/.ssh/id"', "token_file"),
        ('[hosts.vm]\nidentity = "/root/.ssh/id"', "identity"),
        ('[proxy]\nssh = "vm"\n[hosts.vm]', "ssh"),
        ("[[vantages]]\nname = 'x'\nkind = 'lan'\ncontrol_file = 'y'", "control_file"),
        ("[domains]\nsite = 3", "domains.site"),
        ("= 3", "no TOML"),
        ("domains = {site = " + "[" * 5000, "no TOML"),
        ('[evidence]\nattestations = "/etc/passwd"', "evidence"),
        ('[[vantages]]\nname = "x"\nkind = "internet"\nlook = "/etc/passwd"', "look"),
        ('[[vantages]]\nname = "x"\nkind = "internet"\nsigner = "SHA256:"', "signer"),
        ("hosts = 3", "hosts"),
        ("[hosts]\nvm = 3", "hosts"),
        ('[hosts.vm.domains]\nsite = "a.example"', "domains"),
        ('[[hosts.vm.relaxed]]\nkey = "x"', "relaxed"),
        ("[hosts.vm]\ndeadline = 3600", "deadline"),
        ("[domains]\nsite = " + "1" * 5000, "no TOML"),
        ("a." * 80 + "b = 1", "no TOML"),
    ],
)
def test_a_strangers_snapshot_declares_no_more_than_is_discovered(text: str, complaint: str) -> None:
    """No file of this machine is read for it, and no way into another one is taken."""
    with pytest.raises(UsageProblem, match=complaint):
        declared(STRANGER, text)


def _paths(model: type[BaseModel]) -> Iterator[str]:
    """The keys of settings that name a file, however they are nested."""
    for name, info in model.model_fields.items():
        parts = [info.annotation, *get_args(info.annotation)]
        if any(one is Path or Path in get_args(one) for one in parts):
            yield info.alias or name
        for part in parts:
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield from _paths(part)
            yield from (
                name
                for one in get_args(part)
                if isinstance(one, type) and issubclass(one, BaseModel)
                for name in _paths(one)
            )


def test_no_key_that_names_a_file_is_anybody_elses() -> None:
    sections = {name: Settings.model_fields[name] for name in TABLES}
    found = {
        key
        for info in sections.values()
        for part in (info.annotation, *get_args(info.annotation))
        if isinstance(part, type) and issubclass(part, BaseModel)
        for key in _paths(Host if part is DeclaredHost else part)  # all else of a host is refused, whatever it says
    }
    assert {"identity", "known_hosts", "ssh_config", "look", "token_file"} <= found
    assert [key for key in sorted(found) if not FILES.fullmatch(key)] == []


@pytest.mark.parametrize("name", ["ssh", "look", "backup_file", "identity"])
def test_a_host_may_be_called_anything(name: str) -> None:
    target = STRANGER.model_copy(update={"name": name, "host": Host(address=name)})
    assert declared(target, f'[hosts.{name}]\nproject = "zebu"\n').host.project == "zebu"


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize(
    ("odd", "why"),
    [
        (Found("backups.retention_days", 0, "find of cron"), "find of cron has it"),
        (Found("domains.site", f"{'a' * 300}.example.org", "CORS_ORIGINS"), "CORS_ORIGINS has it"),
        (Found("domains.site", "under_score.example.org", "CORS_ORIGINS"), "CORS_ORIGINS has it"),
    ],
    ids=["none", "long", "no name of a host"],
)
def test_what_can_be_no_value_loses_nothing_else(
    odd: Found, why: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One odd word of a target's is put aside, and the rest of what it says is declared."""
    looked_at.answer(monkeypatch, tmp_path)
    monkeypatch.setattr(looking, "inside", lambda read: [*(one for one in inside(read) if one.key != odd.key), odd])
    target, found = discovered(STRANGER, Connection(STRANGER))
    assert target.settings.backups.folder == "/var/backups/zebu"
    assert odd.key not in target.settings.seen
    assert why in {key: reason for key, _, reason in found.unseen}[odd.key]


def test_a_site_that_only_the_file_names_is_looked_at(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    looked_at.answer(monkeypatch, tmp_path)
    monkeypatch.setattr(looking, "inside", lambda read: [])
    known = '[domains]\nsite = "zebu.test"\nwww = "www.zebu.test"\napi = "api.zebu.test"\n'
    settings = Settings.model_validate({**tomllib.loads(known), "is_from_file": True})
    target = STRANGER.model_copy(update={"settings": settings})
    looked = Looking(tmp_path / "zebu.toml", known, target, Connection(target), lambda text: None)
    looked.look()
    assert looked.target.settings.domains.addresses == ("10.99.0.80",)
    assert (
        looked.target.settings.seen
        == {"domains.addresses", "domains.resolvers", "vantages.lan"} & looked.target.settings.seen
    )
    assert "domains.addresses" in looked.target.settings.seen


def test_while_it_is_written_nothing_is_tried_at_what_was_only_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What is asked for knows that nobody declared it, to the last; what is judged is so as once it is in the file."""
    looked_at.answer(monkeypatch, tmp_path)
    asked_with: list[frozenset[str]] = []
    answering = vars(looking)["gather"]

    def gather(target: Target, *rest: Any) -> Snapshot:
        asked_with.append(target.settings.seen)
        found: Snapshot = answering(target, *rest)
        return found

    monkeypatch.setattr(looking, "gather", gather)
    looked = Looking(tmp_path / "zebu.toml", "", STRANGER, Connection(STRANGER), lambda text: None)
    looked.look()
    findings = {one.item: one for one in looked.judge()}
    assert "domains.addresses" in asked_with[-1]
    assert "is not declared" not in findings["pre.infrastructure.dns-records"].reason


def _run(monkeypatch: pytest.MonkeyPatch, folder: Path, target: Target, found: Discovered | None) -> Run:
    gathered = recordings.evidence(recordings.read_healthy(), folder).gathered
    path = folder / "seen.json"
    snapshots.write(path, {target.name: Snapshot(target.name, gathered, True, discovered=found)})
    return Run({target.name: target}, Options(replay=path), folder, owns_folder=False)


def test_a_replay_is_judged_by_what_was_discovered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    looked_at.answer(monkeypatch, tmp_path)
    _, found = discovered(STRANGER, Connection(STRANGER))
    run = _run(monkeypatch, tmp_path, STRANGER, found)
    assert run.evidence("vm").judge("pre.infrastructure.port-forwarding").reason.startswith("not configured")
    assert run.evidence("vm").judge("deploy.network.domain").outcome.value == "passed"


def test_a_file_says_more_than_what_was_discovered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = Settings.model_validate({**tomllib.loads(SITE), "is_from_file": True})
    target = STRANGER.model_copy(update={"settings": settings})
    run = _run(monkeypatch, tmp_path, target, Discovered('[domains]\nsite = "zebu.test"'))
    assert run.targets["vm"].settings.domains.site == "zebu.example.org"
    run.selected["vm"].add("pre.security.ssh.key-auth")
    (host,) = report_of(run, 1.0).hosts
    assert host.discovered == ()
    assert host.suggested == ()


def test_a_fault_of_discovery_leaves_the_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def breaks(*given: object) -> None:
        raise UsageProblem("odd")

    monkeypatch.setattr(run_module, "discovered", breaks)
    gathered = recordings.evidence(recordings.read_healthy(), tmp_path).gathered
    monkeypatch.setattr(run_module, "gather", lambda target, *rest: Snapshot(target.name, gathered, True))
    run = Run({"vm": STRANGER}, Options())
    try:
        assert run.snapshot("vm").reachable
        assert run.troubles == ["nothing is discovered of vm: odd"]
    finally:
        run.close()


def test_a_run_without_a_file_looks_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With the settings that it found, in one login; and where nobody is let in, the run itself tells it."""
    asked = looked_at.answer(monkeypatch, tmp_path)
    seen_with: list[Settings] = []

    def gather(target: Target, *rest: object) -> Snapshot:
        seen_with.append(target.settings)
        gathered = recordings.evidence(recordings.read_healthy(), tmp_path).gathered
        return Snapshot(target.name, gathered, True)

    monkeypatch.setattr(run_module, "gather", gather)
    told: list[str] = []
    shared = tmp_path / "run"  # as two workers share it
    shared.mkdir()
    run = Run({"vm": STRANGER}, Options(), shared, owns_folder=False, watch=told.append)
    try:
        assert run.snapshot("vm").discovered is not None
        assert len(asked) == 3
        assert [one.domains.site for one in seen_with] == ["zebu.test"]
        assert run.targets["vm"].settings.domains.site == "zebu.test"
        assert "there is no zebu.toml" in told[0]
        other = Run({"vm": STRANGER}, Options(), shared, owns_folder=False)
        assert other.known_snapshots()["vm"].discovered == run.snapshot("vm").discovered
        assert other.targets == run.targets
    finally:
        run.close()
    looked_at.answer(monkeypatch, tmp_path, "Connection refused")
    refused = Run({"vm": STRANGER}, Options())
    try:
        assert refused.snapshot("vm").discovered is None
    finally:
        refused.close()
