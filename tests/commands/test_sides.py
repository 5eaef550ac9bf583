"""Runs as people name them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pytest_zebu.commands.sides import Shelf, evidence_of_today
from pytest_zebu.facts.answer import Known, Unknown
from pytest_zebu.gather import targets
from pytest_zebu.gather.snapshot import Snapshot, write
from pytest_zebu.memory import history
from pytest_zebu.memory.history import Past, PastRun
from pytest_zebu.plugin.remembered import fingerprint
from pytest_zebu.settings import Settings
from pytest_zebu.settings import read as read_settings
from pytest_zebu.settings.errors import UsageProblem
from pytest_zebu.settings.target import Way
from pytest_zebu.verdict.outcome import Outcome
from tests.remembering import healthy, judged

NOW = datetime(2026, 11, 24, 22, tzinfo=UTC)
ITEM = "deploy.initial.ssh"


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """Runs at 22:00, 23:00, 00:00 and 01:00, of which the second is over another host."""
    (tmp_path / "zebu.toml").write_text("[hosts.vm]\n[hosts.other]\n")
    for hour, host in enumerate(("vm", "other", "vm", "vm")):
        run = PastRun(NOW + timedelta(hours=hour), f"v{hour}", True, {ITEM: Outcome.PASSED}, {})
        history.record(tmp_path / ".zebu/history.sqlite3", host, run)
    return Shelf(read_settings(tmp_path / "zebu.toml"))


@pytest.mark.parametrize(("name", "version"), [
    ("last", "v3"), ("-1", "v3"), ("-2", "v2"), ("-3", "v0"), ("1", "v0"), ("3", "v2"), ("4", "v3"), ("2026-11-24", "v0"), ("2026-11-25", "v3"),
])  # fmt: skip
def test_a_run_has_several_names(name: str, version: str, shelf: Shelf) -> None:
    found = shelf.side(name)
    assert (found.version, found.host, found.outcomes, found.evidence) == (version, "vm", {ITEM: Outcome.PASSED}, None)
    assert found.title.startswith("run ")


@pytest.mark.parametrize("name", ["2", "-4", "-0", "0", "2026-11-26", "2026-02-30", "99999999", "first", "", "/"])
def test_what_is_the_name_of_none(name: str, shelf: Shelf) -> None:
    """The second run is over another host: its number names none over this one."""
    with pytest.raises(UsageProblem):
        shelf.side(name)


def test_a_number_over_another_host(shelf: Shelf) -> None:
    assert Shelf(shelf.declared, "other").side("2").version == "v1"


def test_of_the_hosts_in_the_settings_the_first_is_meant_that_has_runs(tmp_path: Path) -> None:
    (tmp_path / "zebu.toml").write_text("[hosts.new]\n[hosts.vm]\n")
    declared = read_settings(tmp_path / "zebu.toml")
    assert Shelf(declared).runs() == ("new", ())
    history.record(declared.history_file, "stranger", PastRun(NOW, "", True, {}, {}))
    assert Shelf(declared).runs()[0] == "stranger"
    history.record(declared.history_file, "vm", PastRun(NOW, "", True, {}, {}))
    assert Shelf(declared).runs()[0] == "vm"
    assert Shelf(declared).hosts() == ("stranger", "vm")


def test_a_file_that_is_named_like_a_run_is_reached_by_its_path(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("1").write_text("no snapshot")
    assert shelf.side("1").version == "v0"
    with pytest.raises(UsageProblem, match="no snapshot"):
        shelf.side("./1")


def test_a_snapshot_says_what_a_replay_of_it_says(tmp_path: Path) -> None:
    seen = healthy(tmp_path)
    declared = read_settings(tmp_path / "zebu.toml")
    write(tmp_path / "one.json", {"lab": Snapshot("lab", seen.gathered, True)})
    found = Shelf(declared).side(str(tmp_path / "one.json"))
    assert (found.host, found.suite, found.is_todays, found.lost) == ("lab", fingerprint(), True, "")
    assert found.version.startswith("v1.")
    assert found.evidence is not None
    # Active probes are not asked for by a snapshot; what earlier runs saw is in the history, and there is none here.
    target = seen.target.model_copy(update={"active": frozenset()})
    seen.target, seen.past = target, Known(Past(()))
    seen._read.clear()
    assert found.outcomes == {item: one.outcome for item, one in judged(seen).items()}


def test_a_snapshot_of_several_hosts(tmp_path: Path) -> None:
    seen = healthy(tmp_path)
    path = tmp_path / "two.json"
    write(path, {name: Snapshot(name, seen.gathered, True) for name in ("other", "lab")})
    declared = read_settings(tmp_path / "zebu.toml")
    assert Shelf(declared).side(str(path)).host == "lab"
    with pytest.raises(UsageProblem, match="has no host 'third'; it has: lab, other"):
        Shelf(declared, "third").side(str(path))


def test_where_a_host_is_ssh_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = healthy(tmp_path)
    way = Way(address="192.0.2.9", port=2222)
    monkeypatch.setattr("pytest_zebu.commands.sides.way_of", lambda target: way if target.name == "alias" else None)
    assert callable(targets.way_of)
    found = evidence_of_today(Settings(folder=tmp_path), "alias", Snapshot("alias", seen.gathered, True))
    assert (found.target.address, found.target.ssh_port) == ("192.0.2.9", 2222)
    assert isinstance(found.past, Known)


def test_records_that_cannot_be_read_are_unknown(tmp_path: Path) -> None:
    seen = healthy(tmp_path)
    (tmp_path / "incidents").mkdir(exist_ok=True)
    (tmp_path / "incidents/2026.md").write_bytes(b"# Incident: \xff\n")
    declared = read_settings(tmp_path / "zebu.toml")
    declared = declared.model_copy(
        update={"evidence": declared.evidence.model_copy(update={"incidents": Path("incidents")})}
    )
    found = evidence_of_today(declared, "lab", Snapshot("lab", seen.gathered, True))
    assert isinstance(found.incidents, Unknown)
    assert "is not UTF-8" in str(found.incidents)


def test_a_history_that_cannot_be_read_is_a_line(shelf: Shelf) -> None:
    shelf.path.write_bytes(b"no database" * 200)
    for ask in (shelf.hosts, shelf.runs, lambda: shelf.side("last")):
        with pytest.raises(UsageProblem, match="is no database"):
            ask()
