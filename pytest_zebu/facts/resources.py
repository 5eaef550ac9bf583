"""What the machine has: processors, memory, and the disk that it stands on."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from pytest_zebu.facts.answer import Garbled, is_number, whole_number
from pytest_zebu.facts.fact import Fact, Gathered, Probe, key_values
from pytest_zebu.settings.target import Target

PROBE = Probe(
    "resources",
    file="resources.sh",
    uses=("quiet.sh",),
)
MEMORY_SHARE = 0.93
"""What a kernel shows of the memory that a machine was given: firmware and the kernel itself take up to 7 %."""


class Resources(Struct, frozen=True):
    """Sizes in bytes."""

    cpus: int
    memory: int
    disk: int


def _number(text: str) -> int:
    return int(text) if is_number(text) else 0


def _cpus(said: Mapping[str, str]) -> int:
    """Processors that are online, as far as the machine's own control group lets it have them."""
    quota, _, period = said.get("quota", "").partition(" ")
    bounds = [_number(said.get("set", ""))]
    if is_number(quota) and _number(period):
        bounds.append(max(1, int(quota) // int(period)))
    online = _number(said.get("online", "")) or whole_number(said["cpus"], "the count of processors")
    return min([online, *(bound for bound in bounds if bound)])


def parse(gathered: Gathered, target: Target) -> Resources:
    """From the kernel's figures and lsblk; a file system over several devices may be larger than what lsblk sees of it."""
    said = key_values(gathered.said("resources").out)
    try:
        memory = whole_number(said["memory_kib"], "the memory") * 1024
        limit = _number(said.get("memory_limit", ""))
        disk = max(_number(said.get("disk", "")), _number(said.get("root", "")))
        cpus = _cpus(said)
    except KeyError:
        raise Garbled("the machine's resources") from None
    if not disk:
        raise Garbled("the machine's disk")
    return Resources(cpus, min(memory, limit or memory), disk)


FACT = Fact("resources", parse, (PROBE,))
