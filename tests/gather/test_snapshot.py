"""A gathering as a file: what is written is what is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_zebu.facts.answer import Reason, Said, Unknown
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.gather.snapshot import Snapshot, dump, read, write
from pytest_zebu.settings.errors import UsageProblem

NO = Unknown(Reason.TIMED_OUT, "8 s")
GATHERED = Gathered(
    {"a": Said(1, "out\n", "err"), "b": NO},
    {"dns@here x": {"servers": [{"unknown": NO, "addresses": []}]}, "tcp": NO},
    12.5,
)
SNAPSHOT = Snapshot("vm", GATHERED, reachable=True, trouble="", logins=1, round_trips=2, seconds=3.5)


def test_a_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "snapshot.json"
    unreachable = Snapshot("other", Gathered(), reachable=False, trouble="refused")
    write(path, {"vm": SNAPSHOT, "other": unreachable})
    assert read(path) == {"vm": SNAPSHOT, "other": unreachable}
    assert path.stat().st_mode & 0o777 == 0o600


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
