"""The few numbers of a run that are worth remembering: they give restarts, growth and trend."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from pytest_zebu.facts.answer import Known, NotAssessed, Unknown

Read = Callable[[str], Known[Any] | Unknown]
"""A fact by its name."""


def restarts_of(container: str) -> str:
    """The measure of a container's restarts; a container that is made anew counts from nothing."""
    return f"restarts.{container}"


def used(place: str) -> str:
    """The measure of the bytes in use on a file system."""
    return f"disk.used.{place}"


def measured(read: Read) -> dict[str, float]:
    """All measures that this run could take, by name."""
    return dict(_all(read))


def _all(read: Read) -> Iterator[tuple[str, float]]:
    containers, usage, disk, backups = (read(name) for name in ("containers", "usage", "disk", "backups"))
    if isinstance(containers, Known):
        with suppress(NotAssessed):  # of several projects none is chosen: nothing is to be remembered of any
            for container in containers.value.services:
                yield restarts_of(container.id), float(container.restart_count)
    if isinstance(usage, Known):
        for service, samples in usage.value.items():
            if samples:
                yield f"memory.{service}", float(samples[-1].memory)
                yield f"cpu.{service}", samples[-1].cpu
    if isinstance(disk, Known):
        for system in (one for one in disk.value if not one.trouble):
            yield used(system.place), float(system.size - system.available)
            yield f"disk.size.{system.place}", float(system.size)
    if isinstance(backups, Known) and backups.value.dumps:
        yield "backup.size", float(backups.value.newest.size)
