"""What the parts make of what they see."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.measured import Spread
from benchmarks.parts import DELAYS_MS, ELSEWHERE, ENTRY, PARTS, TITLES, Costs, imported_ms, lost_items, spinning
from benchmarks.place import Run, children
from benchmarks.relay import Counted
from tests.waiting import until


def test_every_part_has_its_section() -> None:
    assert PARTS.keys() == TITLES.keys()
    assert len(set(TITLES.values())) == len(TITLES)


def test_wanted_ratios_become_stricter_with_the_way() -> None:
    ratios = [ours / theirs for ours, theirs in DELAYS_MS.values()]
    assert ratios == sorted(ratios, reverse=True)
    assert ratios[0] < 1


def test_an_import_counts_with_all_that_it_imports() -> None:
    text = f"import time:       100 |        300 | pytest\nimport time:       500 |      12500 | {ENTRY}\n"
    assert imported_ms(text) == 12.5


def test_an_import_that_is_not_told_took_no_zero() -> None:
    with pytest.raises(ValueError, match="not told"):
        imported_ms("import time: self [us] | cumulative | imported package\nimport time: 1 | 2 | pytest\n")


def test_what_python_says_of_imports_is_understood() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "import json.tool"], capture_output=True, text=True, check=True
    )
    assert 0 < imported_ms(done.stderr, "json.tool") < 60_000


def test_lost_is_what_was_assessed_when_idle() -> None:
    late = ("not_assessed", "timed out: usage after 9.0 s")
    idle = {
        "a": ("passed", ""),
        "b": ("not_assessed", "not configured"),
        "c": ("failed", "it is down"),
        "d": ("passed", ""),
    }
    loaded = {"a": late, "b": late, "c": late, "d": ("failed", "slow")}
    assert lost_items(idle, loaded) == {"a": late[1], "c": late[1]}


def test_costs_are_said_as_medians() -> None:
    costs = Costs()
    for seconds in (3.0, 1.0, 2.0):
        costs.add(Run(seconds, 0.5, 1.5, 1, 0, ""), Counted(4, 30))
    assert costs.cells() == ("2.00 (1.00-3.00)", "0.5 (0.5-0.5)", "1.5 (1.5-1.5)", "4 (4-4)", "30 (30-30)")
    assert Spread.of(costs.logins).median == 4


@pytest.mark.parametrize("prefix", [(), ELSEWHERE], ids=["plain", "last of all"])
def test_loops_end_with_what_they_are_for(prefix: tuple[str, ...]) -> None:
    before = children()
    with spinning(2, prefix):
        started = children() - before
        assert len(started) == 2
        until(lambda: all(Path(f"/proc/{pid}/comm").read_text() == "sh\n" for pid in started), "the loops run")
    assert not any(Path(f"/proc/{pid}").exists() for pid in started)
