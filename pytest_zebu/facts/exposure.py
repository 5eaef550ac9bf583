"""Which ports answer from each declared vantage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_zebu.facts.base import Fact, Gathered, Known, Look, Reason, Unknown
from pytest_zebu.settings import Target, Vantage

PORTS = (22, 80, 443, 5432, 6379, 8000)


@dataclass(frozen=True, slots=True)
class View:
    """What is open, seen from one vantage.

    Attributes:
        target: the address that was tried.
        open: by port; unknown where the vantage itself was cut off.
    """

    vantage: Vantage
    target: str
    open: Mapping[int, Known[bool] | Unknown]


def _target_of(target: Target, vantage: Vantage) -> str | None:
    """From the internet one can only try the public address; elsewhere the machine's own."""
    if vantage.kind == "internet" and target.host.public_address:
        return target.host.public_address
    return target.host.address or target.name


def look(target: Target, vantage: Vantage) -> Look | None:
    """Try the ports that matter, and the vantage's control address."""
    address = _target_of(target, vantage)
    if address is None:
        return None
    ports = sorted({*PORTS, *([target.host.port] if target.host.port else [])})
    return Look("tcp", "ports", {"address": address, "ports": ports, "control": vantage.control}, vantage.name)


def looks(target: Target) -> tuple[Look, ...]:
    """A look per vantage."""
    return tuple(found for vantage in target.settings.vantages if (found := look(target, vantage)))


def parse(gathered: Gathered, target: Target) -> tuple[View, ...]:
    """By vantage. A closed port says nothing where the vantage cannot reach even its control address."""
    views = []
    for vantage in target.settings.vantages:
        asked = look(target, vantage)
        if asked is None:
            continue
        seen = gathered.saw(asked)
        address = str(asked.arguments["address"])
        if isinstance(seen, Unknown):
            views.append(View(vantage, address, dict.fromkeys(PORTS, seen)))
            continue
        is_open: dict[int, Known[bool] | Unknown] = {
            int(port): Known(bool(state)) for port, state in seen.value["open"].items()
        }
        if not seen.value["control"]:
            blind = Unknown(
                Reason.UNREACHABLE, f"{vantage.control or 'every port tried'} does not answer to {vantage.name} either"
            )
            is_open = {port: state if state == Known(True) else blind for port, state in is_open.items()}
        views.append(View(vantage, address, is_open))
    return tuple(views)


FACT = Fact("exposure", parse, looks=looks)
