"""What a run costs, measured beside what a user would take instead. Needs a lab that is up, and root.

    python -m benchmarks [--rounds 3] [PART ...]

Each part renews its section of the results. The exit status is 1 where a wanted figure was missed, and 2 where one could not be measured.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks.measured import Section, write
from benchmarks.parts import PARTS, TITLES, Task
from benchmarks.place import bench
from lab.shell import LabError

TROUBLES = (LabError, RuntimeError, subprocess.SubprocessError, OSError)
RESULTS = Path(__file__).with_name("RESULTS.md")


def _circumstances(load: float) -> str:
    day = datetime.now(UTC).date()
    return f"{day}, {os.cpu_count()} processors, the lab beside; load of this machine before: {load:.1f}."


def _measured(name: str, task: Task) -> Section:
    load = os.getloadavg()[0]
    section = PARTS[name](task)
    return replace(section, lines=(_circumstances(load), "", *section.lines))


def main() -> int:
    """Measure the parts that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)} (default: all)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured (default: 3)")
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="FILE", help="whose sections are renewed")
    options = parser.parse_args()
    if unknown := set(options.parts) - PARTS.keys():
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    if options.rounds < 1:
        parser.error("--rounds: at least one")
    troubles: list[str] = []
    status = 0
    try:
        with bench() as place:
            for name in PARTS:
                if options.parts and name not in options.parts:
                    continue
                try:
                    section = _measured(name, Task(place, options.rounds, partial(print, f"{name}:", flush=True)))
                except TROUBLES as error:  # the other parts may be measured nevertheless
                    print(f"{name}: {error}", file=sys.stderr, flush=True)
                    troubles.append(f"not measured: {TITLES[name]}")
                    status = 2
                    continue
                write(options.results, [section], list(TITLES.values()))
                print(section.text(), flush=True)
                if not all(wish.is_met for wish in section.wishes):
                    troubles.append(f"missed: {section.title}")
                    status = status or 1
    except LabError as error:
        print(error, file=sys.stderr)
        return 2
    print(*troubles, sep="\n", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
