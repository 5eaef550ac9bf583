"""What a run costs, measured beside what a user would take instead. Needs a lab that is up, and root.

    python -m benchmarks [--rounds 3] [PART ...]

Each part renews its section of the results. The exit status is 1 where a wanted figure was missed.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks.measured import Section, write
from benchmarks.parts import PARTS, TITLES, Task
from benchmarks.place import bench
from lab.shell import LabError

RESULTS = Path(__file__).with_name("RESULTS.md")


def _circumstances(load: float) -> str:
    day = datetime.now(UTC).date()
    return f"{day}, {os.cpu_count()} processors, the lab beside; load of this machine before: {load:.1f}."


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
    missed: list[Section] = []
    try:
        with bench() as place:
            for name, part in PARTS.items():
                if options.parts and name not in options.parts:
                    continue
                load = os.getloadavg()[0]
                section = part(Task(place, options.rounds, partial(print, f"{name}:", flush=True)))
                section = replace(section, lines=(_circumstances(load), "", *section.lines))
                write(options.results, [section], list(TITLES.values()))
                print(section.text(), flush=True)
                if not all(wish.is_met for wish in section.wishes):
                    missed.append(section)
    except (LabError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 2
    for section in missed:
        print(f"missed: {section.title}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
