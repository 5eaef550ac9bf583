"""The visitors of the application."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from benchmarks.visitors import Visit, during, ranked


def test_only_visits_that_were_due_meanwhile_count() -> None:
    visits = [Visit(at, 0.01, 200) for at in (0.9, 1.0, 1.5, 2.0, 2.1, 3.5)]
    assert [visit.at for visit in during(visits, [(1.0, 2.0), (3.0, 4.0)])] == [1.0, 1.5, 2.0, 3.5]
    assert during(visits, []) == []


def test_what_gives_way_does_so_to_other_sessions_too() -> None:
    """Where the kernel shares out processors by session, nice alone counts for nothing there."""
    own = Path("/proc/self/autogroup")
    told = ["sh", "-c", f"nice; [ ! -e {own} ] || cat {own}; ps -o sid= $$"]
    done = subprocess.run([*ranked(7), *told], capture_output=True, text=True, check=True)
    nice, *group, session = done.stdout.split("\n")[:-1]
    assert int(nice) == min(19, os.nice(0) + 7)
    assert [line.split(" ", 1)[1] for line in group] == ["nice 7"] * own.exists()
    assert int(session) != os.getsid(0)
