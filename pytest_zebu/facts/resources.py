"""What the machine has: processors, memory, and the disk that it stands on."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_zebu.facts.answer import Garbled
from pytest_zebu.facts.fact import Fact, Gathered, Probe, key_values
from pytest_zebu.settings.target import Target

PROBE = Probe(
    "resources",
    file="resources.sh",
)
MEMORY_SHARE = 0.93
"""What a kernel shows of the memory that a machine was given: firmware and the kernel itself take up to 7 %."""


@dataclass(frozen=True, slots=True)
class Resources:
    """Sizes in bytes."""

    cpus: int
    memory: int
    disk: int


def parse(gathered: Gathered, target: Target) -> Resources:
    """From nproc, /proc/meminfo and lsblk; where no block device is seen, the root file system's size counts."""
    said = key_values(gathered.said("resources").out)
    try:
        disk = int(said["disk"] or 0) or int(said["root"])
        return Resources(int(said["cpus"]), int(said["memory_kib"]) * 1024, disk)
    except (KeyError, ValueError):
        raise Garbled("the machine's resources") from None


FACT = Fact("resources", parse, (PROBE,))
