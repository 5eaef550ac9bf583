"""A snapshot file: what is written is what is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_zebu.facts.answer import Reason, Said, Unknown
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.gather.snapshot import TRIALS_AMONG_LOOKS, Snapshot, dump, read, write
from pytest_zebu.settings.errors import UsageProblem
from tests import recorded

WHY = Unknown(Reason.NOT_CONFIGURED, "domains.staging is not set")


def test_what_is_written_is_read(tmp_path: Path) -> None:
    gathered = Gathered(
        {"one": Said(0, "a"), "two": WHY},
        {"tcp@here ports": {"open": {"22": True}, "inner": WHY}},
        12.5,
        {"use": {"left": 0, "deep": [WHY]}, "staged_use": WHY},
    )
    snapshot = Snapshot("vm", gathered, reachable=True, logins=1, round_trips=2, seconds=1.5)
    write(tmp_path / "a.json", {"vm": snapshot})
    assert read(tmp_path / "a.json") == {"vm": snapshot}
    assert (tmp_path / "a.json").stat().st_mode & 0o777 == 0o600
    written = json.loads((tmp_path / "a.json").read_text())["hosts"]["vm"]["gathered"]
    assert sorted(written["trials"]) == ["staged_use", "use"]


def test_trials_of_an_older_snapshot_are_found(tmp_path: Path) -> None:
    """They stood among the looks."""
    said = json.loads(recorded.SNAPSHOT.read_text())
    gathered = said["hosts"]["lab"]["gathered"]
    gathered["looks"] |= {key: {"of": name} for key, name in TRIALS_AMONG_LOOKS.items()}
    gathered.pop("trials", None)
    (tmp_path / "old.json").write_text(json.dumps(said))
    found = read(tmp_path / "old.json")["lab"].gathered
    assert found.trials == {name: {"of": name} for name in ("use", "staged_use", "drill", "attack")}
    assert not TRIALS_AMONG_LOOKS.keys() & found.looks.keys()


SNAPSHOT = Snapshot("vm", Gathered({"a": Said(1, "out\n", "err"), "b": WHY}), reachable=True)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="no such snapshot"):
        read(tmp_path / "gone.json")


@pytest.mark.parametrize(
    ("change", "why"),
    [({"zebu_snapshot": 0}, "version 0"), ({"hosts": []}, "damaged"), ({"hosts": {"vm": {}}}, "damaged")],
)
def test_a_file_that_is_none_of_ours(change: dict[str, Any], why: str, tmp_path: Path) -> None:
    path = tmp_path / "snapshot.json"
    path.write_text(json.dumps({**json.loads(dump({"vm": SNAPSHOT})), **change}))
    with pytest.raises(UsageProblem, match=why):
        read(path)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_file_that_was_cut_short(share: float, tmp_path: Path) -> None:
    path, text = tmp_path / "snapshot.json", dump({"vm": SNAPSHOT})
    path.write_text(text[: int(len(text) * share)])
    with pytest.raises(UsageProblem, match="cut short"):
        read(path)
