"""`zebu diff`: each kind of change is made for real, remembered as a run remembers it, and told apart from the others."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from pytest_zebu.catalogue import load
from pytest_zebu.commands.cli import main
from pytest_zebu.facts.answer import NotAssessed
from pytest_zebu.gather.snapshot import Snapshot, write
from pytest_zebu.memory import history
from pytest_zebu.people import attestations
from pytest_zebu.plugin.checks import suite
from pytest_zebu.plugin.comparing import ADVISORIES
from pytest_zebu.plugin.judge import Evidence
from pytest_zebu.settings import read as read_settings
from tests.hostile_texts import DIRTY, forbidden
from tests.remembering import faulty, healthy, later, remember, remembering

PASSWORDS, DISK, COSTS = (
    "pre.security.ssh.no-passwords",
    "pre.infrastructure.vm-resources",
    "post.maintenance.capacity.costs",
)
VULNERABLE, LOGS, RESTARTS = (
    "pre.application.quality.vulnerabilities",
    "ops.weekly.logs",
    "post.monitoring.services.restarts",
)
FAULT = f"{PASSWORDS}/dropin_sorts_first"


def differing(folder: Path, capsys: pytest.CaptureFixture[str], *argv: str) -> dict[str, list[str]]:
    """What is told of each item; the exit status must fit."""
    capsys.readouterr()
    status = main(["diff", *argv, "--config", str(folder / "zebu.toml")])
    shown = capsys.readouterr()
    assert shown.err == ""
    found: dict[str, list[str]] = {}
    for line in shown.out.splitlines():
        name, _, rest = line.partition(": ")
        if name in load():
            found[name] = [rest]
        elif line.startswith("  ") and found:
            found[[*found][-1]].append(line.strip())
    assert status == (1 if found else 0)
    assert shown.out.splitlines()[-1].startswith(
        f"{len(found)} items came out otherwise: " if found else "no item came out otherwise"
    )
    return found


def whose(told: list[str]) -> str:
    return next(line.removeprefix("whose change: ") for line in told if line.startswith("whose change: "))


@pytest.fixture
def lab(tmp_path: Path) -> Evidence:
    """The healthy lab, remembered once."""
    seen = remembering(healthy(tmp_path))
    remember(seen, PASSWORDS, DISK, COSTS, VULNERABLE, LOGS, RESTARTS)
    return seen


ITEMS = (PASSWORDS, DISK, COSTS, VULNERABLE, LOGS, RESTARTS)


def test_nothing_is_otherwise_an_hour_later(lab: Evidence, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    remember(later(lab, 1 / 24), *ITEMS)
    assert differing(tmp_path, capsys) == {}


def test_the_host(lab: Evidence, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = replace(faulty(tmp_path, FAULT), target=lab.target, records=lab.records)
    remember(later(broken, 0.1), *ITEMS)
    found = differing(tmp_path, capsys)
    assert found.keys() == {PASSWORDS}
    assert found[PASSWORDS][0] == "passed -> failed"
    assert found[PASSWORDS][1].startswith("now: user deploy, user observer: may log in without a key")
    assert found[PASSWORDS][2:] == ["whose change: the host", "seen otherwise: sshd; ssh@here methods"]
    back = differing(tmp_path, capsys, "last", "-2")
    assert (back[PASSWORDS][0], whose(back[PASSWORDS])) == ("failed -> passed", "the host")


def test_the_rule(
    lab: Evidence, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was seen is the same, and the suite was changed: today's rule judges both runs."""
    runs = history.remembered(lab.target.settings.history_file, "lab")
    with closing(sqlite3.connect(lab.target.settings.history_file, isolation_level=None)) as database:
        database.execute("UPDATE kept SET suite = 'before', tool = '0.9.0' WHERE run = ?", (runs[-1].number,))

    def stricter(sshd: object) -> None:
        """Stricter. Fix: none. See: nothing."""
        raise AssertionError("root may log in at all")

    monkeypatch.setitem(suite(), PASSWORDS, stricter)
    remember(later(lab, 0.1), *ITEMS)
    found = differing(tmp_path, capsys)
    assert found.keys() == {PASSWORDS}
    assert (found[PASSWORDS][0], whose(found[PASSWORDS])) == ("passed -> failed", "the rule")
    assert found[PASSWORDS][-1].startswith("the suite before of pytest-zebu 0.9.0, then ")


def test_a_rule_that_cannot_judge_old_evidence_is_not_said_to_be_the_cause(
    lab: Evidence, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(lab.target.settings.history_file, isolation_level=None)) as database:
        database.execute("UPDATE kept SET suite = 'before'")
    first = lab.gathered.time

    def asks_more(machine: object) -> None:
        """Asks what was not asked before. Fix: none. See: nothing."""
        if abs(machine.time.timestamp() - first) < 1000:  # type: ignore[attr-defined]
            raise NotAssessed("not gathered: what is asked today")
        raise AssertionError("is wrong")

    monkeypatch.setitem(suite(), PASSWORDS, asks_more)
    remember(later(lab, 0.1), *ITEMS)
    found = differing(tmp_path, capsys)
    assert (
        whose(found[PASSWORDS])
        == "not known: today's rules cannot judge what is remembered of the first run (not gathered: what is asked today)"
    )


def test_the_settings(lab: Evidence, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "zebu.toml"
    path.write_text(path.read_text().replace("disk_gib = 10\n", "disk_gib = 49\n"))
    settings = read_settings(path)
    declared = replace(lab, target=lab.target.model_copy(update={"settings": settings}))
    remember(later(declared, 0.1), *ITEMS)
    found = differing(tmp_path, capsys)
    assert found.keys() == {DISK}
    assert (found[DISK][0], whose(found[DISK])) == ("passed -> failed", "the settings")
    assert found[DISK][-1] == "set otherwise: requirements.disk_gib 10.0 -> 49.0"


def test_peoples_words(lab: Evidence, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "attestations.toml"
    records = path.read_text().split("[[")
    path.write_text("[[".join(one for one in records if COSTS not in one))
    settings = lab.target.settings
    read = attestations.read(path, load(), required=True, approved=settings.evidence.approved)
    assert read.attestations.keys() == lab.records.attestations.keys() - {COSTS}
    remember(later(replace(lab, records=read), 0.1), *ITEMS)
    found = differing(tmp_path, capsys)
    assert found.keys() == {COSTS}
    assert (found[COSTS][0], whose(found[COSTS])) == ("attested -> not assessed", "people's words")
    assert found[COSTS][-1] == "declared otherwise: attestations: gone"


def test_an_advisory(lab: Evidence, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = {
        "package": "anyio",
        "version": "4.16.0",
        "id": "GHSA-xxxx",
        "aliases": [],
        "severity": "high",
        "fixed": ["5"],
    }
    told = {**lab.gathered.looks[ADVISORIES], "running image of backend": [row]}
    seen = replace(lab, gathered=replace(lab.gathered, looks={**lab.gathered.looks, ADVISORIES: told}))
    remember(later(seen, 0.1), *ITEMS)
    found = differing(tmp_path, capsys)
    assert found.keys() == {VULNERABLE}
    assert (found[VULNERABLE][0], whose(found[VULNERABLE])) == ("passed -> failed", "an advisory")
    assert found[VULNERABLE][-1] == "advised otherwise: new GHSA-xxxx (anyio 4.16.0)"


def test_the_clock(lab: Evidence, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An attestation of a week ends; nobody said anything else, and nothing was seen otherwise."""
    remember(later(lab, 8), *(set(ITEMS) - {RESTARTS}))
    found = differing(tmp_path, capsys)
    assert found.keys() == {LOGS}
    assert (found[LOGS][0], whose(found[LOGS])) == ("attested -> failed", "the clock")
    assert found[LOGS][-1] == "from 2026-11-26 13:56 to 2026-12-04 13:56 UTC"


def test_earlier_runs(lab: Evidence, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is watched needs runs a day apart: the first run is one only once a day went by."""
    remember(later(lab, 1.1), *ITEMS)
    found = differing(tmp_path, capsys)
    assert (found[RESTARTS][0], whose(found[RESTARTS])) == ("not assessed -> passed", "earlier runs and the clock")
    assert "0 runs were remembered before, then 1" in found[RESTARTS]


def test_several_changes_at_once_are_told_apart(
    lab: Evidence, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = replace(faulty(tmp_path, FAULT), target=lab.target)
    words = {item: one for item, one in lab.records.attestations.items() if item != COSTS}
    remember(later(replace(broken, records=dataclasses.replace(lab.records, attestations=words)), 8), *ITEMS)
    found = differing(tmp_path, capsys)
    assert {item: whose(told) for item, told in found.items()} == {
        PASSWORDS: "the host", COSTS: "people's words", LOGS: "the clock", RESTARTS: "earlier runs and the clock",
    }  # fmt: skip


# What cannot be told


def test_without_the_evidence_of_a_run_it_is_not_known(
    lab: Evidence, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = replace(faulty(tmp_path, FAULT), target=lab.target, records=lab.records)
    remember(later(broken, 0.1), *ITEMS, is_kept=False)
    found = differing(tmp_path, capsys)
    assert (found[PASSWORDS][0], whose(found[PASSWORDS]).partition(" of 2026")[0]) == (
        "passed -> failed",
        "not known: of run 2",
    )
    assert "its evidence is not kept" in whose(found[PASSWORDS])


def test_evidence_that_is_damaged_is_not_known(
    lab: Evidence, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = replace(faulty(tmp_path, FAULT), target=lab.target, records=lab.records)
    remember(later(broken, 0.1), *ITEMS)
    with closing(sqlite3.connect(lab.target.settings.history_file, isolation_level=None)) as database:
        database.execute("UPDATE piece SET data = zeroblob(9000) WHERE run = 1")
    found = differing(tmp_path, capsys)
    assert "the evidence of a run is damaged" in whose(found[PASSWORDS])


def test_two_runs_of_another_suite_that_judges_otherwise(
    lab: Evidence, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = replace(faulty(tmp_path, FAULT), target=lab.target, records=lab.records)
    remember(later(broken, 0.1), *ITEMS)
    with closing(sqlite3.connect(lab.target.settings.history_file, isolation_level=None)) as database:
        database.execute("UPDATE kept SET suite = 'before'")
    assert whose(differing(tmp_path, capsys)[PASSWORDS]) == "the host", "today's rules say the same of both"

    def blind(sshd: object) -> None:
        """Passes everything. Fix: none. See: nothing."""

    monkeypatch.setitem(suite(), PASSWORDS, blind)
    told = whose(differing(tmp_path, capsys)[PASSWORDS])
    assert (
        told
        == "not known: both were judged by the same other version of the suite, which judges otherwise than this one"
    )


def test_items_that_one_of_them_left_out_are_counted(
    lab: Evidence, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    remember(later(lab, 0.1), PASSWORDS)
    assert main(["diff", "--config", str(tmp_path / "zebu.toml")]) == 0
    assert "5 items were judged in one of them only\n" in capsys.readouterr().out


# Snapshots


def test_snapshots_are_judged_by_what_is_declared_today(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seen, broken = healthy(tmp_path), faulty(tmp_path, FAULT)
    write(tmp_path / "one.json", {"lab": Snapshot("lab", seen.gathered, True)})
    write(tmp_path / "two.json", {"lab": Snapshot("lab", broken.gathered, True)})
    found = differing(tmp_path, capsys, str(tmp_path / "one.json"), str(tmp_path / "two.json"))
    assert {item: whose(told) for item, told in found.items()} == {PASSWORDS: "the host"}
    assert differing(tmp_path, capsys, str(tmp_path / "one.json"), str(tmp_path / "one.json")) == {}


def test_a_snapshot_beside_a_run(lab: Evidence, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = faulty(tmp_path, FAULT)
    write(tmp_path / "two.json", {"lab": Snapshot("lab", broken.gathered, True)})
    found = differing(tmp_path, capsys, "last", str(tmp_path / "two.json"))
    assert whose(found[PASSWORDS]) == "the host"


# Wrong calls


@pytest.mark.parametrize(("argv", "words"), [
    (["-9"], "there is no run -9: remembered are 1"), (["12"], "no run with the number 12"), (["2026-01-01"], "no run on 2026-01-01 (UTC)"),
    (["2026-13-01"], "2026-13-01 is no day"), (["nowhere.json"], "nowhere.json: there is no such run, and no such file"),
    ([], "there is no run -2"), (["last", "--host", "other"], "over other no run is remembered yet"),
])  # fmt: skip
def test_what_cannot_be_compared_is_status_2_and_a_line(
    argv: list[str], words: str, lab: Evidence, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diff", *argv, "--config", str(tmp_path / "zebu.toml")]) == 2
    shown = capsys.readouterr()
    assert words in shown.err
    assert (shown.out, shown.err.count("\n")) == ("", 1)


def test_a_fault_of_its_own_is_no_difference(
    lab: Evidence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def breaks(*_: object) -> object:
        raise KeyError("x")

    monkeypatch.setattr("pytest_zebu.commands.diff.compare", breaks)
    assert main(["diff", "-1", "-1", "--config", str(tmp_path / "zebu.toml")]) == 2
    assert "a fault of pytest-zebu's own: KeyError" in capsys.readouterr().err


@pytest.mark.hostile("outputs")
@pytest.mark.parametrize(
    "name",
    [
        "newline",
        "clears the screen",
        "link",
        "right to left",
        "command of GitHub",
        "line separator",
        "nul",
        "stacked marks",
    ],
)
def test_what_a_machine_said_steers_no_terminal(
    name: str, lab: Evidence, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = {
        "package": DIRTY[name],
        "version": DIRTY[name],
        "id": DIRTY[name],
        "aliases": [],
        "severity": "high",
        "fixed": [],
    }
    told = {**lab.gathered.looks[ADVISORIES], "running image of backend": [json.loads(json.dumps(row))]}
    seen = replace(lab, gathered=replace(lab.gathered, looks={**lab.gathered.looks, ADVISORIES: told}))
    remember(later(seen, 0.1), *ITEMS)
    assert main(["diff", "--config", str(tmp_path / "zebu.toml")]) == 1
    shown = capsys.readouterr().out
    assert not forbidden(shown)
    assert [line for line in shown.splitlines() if line.startswith(("READY", "::"))] == []
    assert f"{VULNERABLE}: passed -> failed" in shown
