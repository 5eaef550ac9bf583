"""What the project's containers and the file systems use: samples of the kernel's counters, and df."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from pytest_zebu.facts.answer import Missing, Reason, Unknown, is_number
from pytest_zebu.facts.fact import Fact, Gathered, Need, Probe
from pytest_zebu.facts.lines import records
from pytest_zebu.settings.target import Target

PROBE = Probe(
    "usage",
    file="usage.pl",
    uses=("json.pl", "quiet.pl", "docker.pl"),
    root=True,
    needs=(Need.PROJECT,),
    timeout=12,
    spans=True,
)
DISK_PROBE = Probe(
    "disk",
    file="disk.sh",
    uses=("quiet.sh", "json.pl", "quiet.pl", "docker.pl", "info.pl"),
    kills=True,
    root=True,
    needs=(Need.APP_DIR,),
)


_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,9})?")
_WHOLE = re.compile(r"-?[0-9]{1,18}")


class Sample(Struct, frozen=True):
    """One reading.

    Attributes:
        memory: bytes that the container uses, without cache that can be dropped, and without what was brought in by
            `docker exec`.
        held: bytes of it that one process holds for itself: of those that were there in every sample, the one that gained
            most. What a leak is made of.
        cpu: seconds of processor time since the container began.
        at: seconds since the machine booted.
    """

    memory: int
    held: int
    cpu: float
    at: float


class FileSystem(Struct, frozen=True):
    """Sizes in bytes and counts of inodes; no inodes are counted where the file system makes them as it needs them.

    Attributes:
        trouble: why its figures are not known; empty where they are.
    """

    place: str
    size: int
    available: int
    inodes: int
    free_inodes: int
    trouble: str = ""

    @property
    def free(self) -> float:
        """The share that is free to users."""
        return self.available / self.size if self.size else 0.0


def spread(samples: tuple[Sample, ...], count: int = 4) -> tuple[Sample, ...]:
    """A few of them, evenly, the first and the last among them: how many there are depends on how long the others took."""
    if len(samples) <= count:
        return samples
    return tuple(samples[round(at * (len(samples) - 1) / (count - 1))] for at in range(count))


def parse(gathered: Gathered, target: Target) -> Mapping[str, tuple[Sample, ...]]:
    """By service, in the order of time."""
    found: dict[str, list[Sample]] = {}
    for one in records(gathered.said("usage").out, "the counters", ("sample",)):
        match one.rest.split(" "):
            case [service, memory, held, cpu, at] if _NUMBER.fullmatch(at) and all(
                _WHOLE.fullmatch(text) for text in (memory, held, cpu)
            ):
                found.setdefault(service, []).append(Sample(int(memory), int(held), int(cpu) / 1e9, float(at)))
            case _:
                continue  # of a container that ended meanwhile, or began: the item misses its samples, and says so
    if not found:
        raise Missing(Unknown(Reason.MISSING, "the kernel's counters of the containers were not found"))
    return {service: tuple(samples) for service, samples in found.items()}


def parse_disk(gathered: Gathered, target: Target) -> tuple[FileSystem, ...]:
    """From df, place by place: what is odd about one is told with it."""
    found = []
    for one in records(gathered.said("disk").out, "df", ("place", "silent")):
        if one.word == "silent":
            found.append(FileSystem(one.rest, 0, 0, 0, 0, "does not answer: its server may be gone"))
            continue
        place, *numbers = one.rest.rsplit(None, 4) or [""]
        counts = [int(text) if is_number(text) else 0 if text == "-" else None for text in numbers]
        if len(counts) != 4 or None in counts or not counts[0]:
            found.append(FileSystem(place, 0, 0, 0, 0, f"df said: {one.rest[:120]}"))
            continue
        size, available, inodes, free = (count or 0 for count in counts)
        found.append(FileSystem(place, size, available, inodes, free))
    if not found:
        raise Missing(Unknown(Reason.MISSING, "df named no file system"))
    return tuple(found)


FACT = Fact("usage", parse, (PROBE,))
DISK = Fact("disk", parse_disk, (DISK_PROBE,))
