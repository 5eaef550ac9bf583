"""What a process leaves behind is waited for."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.place import children, outcomes, reap


def test_children_are_those_that_were_started_here() -> None:
    before = children()
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert children() - before == {process.pid}
    process.communicate(b"\n")
    assert not children() - before


def test_what_has_ended_is_reaped_and_others_are_left() -> None:
    kept = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    before = children()
    ended = subprocess.Popen([sys.executable, "-c", ""])
    reap(before)
    assert ended.pid not in children()
    assert kept.pid in children()
    ended.wait()
    kept.communicate(b"\n")


def test_outcomes_are_by_item() -> None:
    host = {
        "items": [{"id": "a", "outcome": "passed", "reason": ""}, {"id": "b", "outcome": "failed", "reason": "down"}]
    }
    assert outcomes(host) == {"a": ("passed", ""), "b": ("failed", "down")}
