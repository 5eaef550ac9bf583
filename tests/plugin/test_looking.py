"""A look at a machine of which nothing is declared: what it says decides what is looked at next, and what it is judged by."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from lab import recordings
from pytest_zebu.discovery.whole import IN_FRONT, INSIDE, OUTSIDE
from pytest_zebu.gather import snapshot as snapshots
from pytest_zebu.gather.snapshot import Discovered, Snapshot
from pytest_zebu.gather.ssh import Connection
from pytest_zebu.plugin import run as run_module
from pytest_zebu.plugin.looking import NotLetIn, declared, discovered
from pytest_zebu.plugin.run import Options, Run
from pytest_zebu.settings import Settings
from pytest_zebu.settings.errors import UsageProblem
from pytest_zebu.settings.sections import Host
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
    ],
)
def test_a_strangers_snapshot_declares_no_more_than_is_discovered(text: str, complaint: str) -> None:
    """No file of this machine is read for it, and no way into another one is taken."""
    with pytest.raises(UsageProblem, match=complaint):
        declared(STRANGER, text)


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
    run = Run({"vm": STRANGER}, Options(), watch=told.append)
    try:
        assert run.snapshot("vm").discovered is not None
        assert len(asked) == 3
        assert [one.domains.site for one in seen_with] == ["zebu.test"]
        assert run.targets["vm"].settings.domains.site == "zebu.test"
        assert "there is no zebu.toml" in told[0]
        other = Run({"vm": STRANGER}, Options(), run.folder, owns_folder=False)
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
