"""What the project's containers and the file systems use: samples of the kernel's counters, and df."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_zebu.facts.answer import Garbled, Missing, Reason, Unknown
from pytest_zebu.facts.fact import Fact, Gathered, Need, Probe
from pytest_zebu.facts.lines import records
from pytest_zebu.settings.target import Target

PROBE = Probe(
    "usage",
    file="usage.sh",
    uses=("usage.pl",),
    root=True,
    needs=(Need.PROJECT,),
    timeout=12,
)
DISK_PROBE = Probe(
    "disk",
    file="disk.sh",
    root=True,
    needs=(Need.APP_DIR,),
)


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading.

    Attributes:
        memory: bytes that the container uses, without cache that can be dropped, and without what was brought in by
            `docker exec`.
        held: bytes of it that the processes which were there in every sample hold for themselves: what a leak is made of.
        cpu: seconds of processor time since the container began.
        at: seconds since the machine booted.
    """

    memory: int
    held: int
    cpu: float
    at: float


@dataclass(frozen=True, slots=True)
class FileSystem:
    """Sizes in bytes and counts of inodes; no inodes are counted where the file system makes them as it needs them."""

    place: str
    size: int
    available: int
    inodes: int
    free_inodes: int

    @property
    def free(self) -> float:
        """The share that is free to users."""
        return self.available / self.size if self.size else 0.0


def parse(gathered: Gathered, target: Target) -> Mapping[str, tuple[Sample, ...]]:
    """By service, in the order of time."""
    found: dict[str, list[Sample]] = {}
    try:
        for one in records(gathered.said("usage").out, "the counters", ("sample",)):
            service, memory, held, cpu, at = one.fields(5)
            found.setdefault(service, []).append(Sample(int(memory), int(held), int(cpu) / 1e9, float(at)))
    except ValueError:
        raise Garbled("the containers' counters") from None
    if not found:
        raise Missing(Unknown(Reason.MISSING, "the kernel's counters of the containers were not found"))
    return {service: tuple(samples) for service, samples in found.items()}


def parse_disk(gathered: Gathered, target: Target) -> tuple[FileSystem, ...]:
    """From df."""
    found = []
    for line in gathered.said("disk").out.splitlines():
        fields = line.rsplit(None, 4)
        try:
            size, available, inodes, free = (int(field) if field != "-" else 0 for field in fields[1:])
        except ValueError:
            raise Garbled(f"df said: {line[:120]}") from None
        found.append(FileSystem(fields[0], size, available, inodes, free))
    if not found:
        raise Missing(Unknown(Reason.MISSING, "df named no file system"))
    return tuple(found)


FACT = Fact("usage", parse, (PROBE,))
DISK = Fact("disk", parse_disk, (DISK_PROBE,))
