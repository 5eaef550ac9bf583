"""Which of several compose projects is judged, and where it is deployed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pytest_zebu.discovery.found import Found, Seen, Unseen
from pytest_zebu.facts.containers import Container, Containers
from pytest_zebu.facts.host import Machine

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
BACKEND = "backend"
MOST = 5


def projects(containers: Containers, machine: Machine | None) -> Iterator[Seen]:
    """`hosts.NAME.project` and `.app_directory`, where they are not plain. Of several that may be it, none is taken.

    Args:
        containers: all of the machine.
        machine: what the batch found by itself.
    """
    names = sorted({one.project for one in containers.everything if _NAME.fullmatch(one.project)})
    chosen = containers.project
    if len(names) > 1 and chosen in names:
        others = ", ".join(_told(name, containers.everything) for name in names if name != chosen)
        yield Found("host.project", chosen, f"the one with a {BACKEND}, beside {others}")
    elif len(names) > 1:
        with_backend = [name for name in names if _has_backend(name, containers.everything)] or names
        told = ", ".join(_told(name, containers.everything) for name in with_backend[:MOST])
        yield Unseen(
            "host.project",
            f'"{with_backend[0]}"',
            f"it may be any of {told}: nothing else is judged before that is said",
        )
    if chosen and machine is not None and not machine.app_directory:
        yield Unseen(
            "host.app_directory",
            '"/opt/zebu"',
            "the containers' labels name no folder, or several: the deployed checkout",
        )


def _has_backend(name: str, everything: Sequence[Container]) -> bool:
    return any(one.project == name and one.service == BACKEND for one in everything)


def _told(name: str, everything: Sequence[Container]) -> str:
    """A project with the ports by which others reach it."""
    of_it = (port for one in everything if one.project == name for port in one.published if not port.is_loopback)
    ports = sorted({port.host_port for port in of_it if port.host_port})
    return f"{name} ({'ports ' if ports[1:] else 'port '}{', '.join(map(str, ports[:4]))})" if ports else name
