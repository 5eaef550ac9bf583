"""The faults, one small file each, and the rounds in which they are injected together."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lab.deployment import Lab
from lab.place import SOURCE

FAULTS = SOURCE / "faults"


@dataclass(frozen=True, slots=True)
class Fault:
    """A way to break the lab, and what must come of it.

    Attributes:
        item: the item whose check it is for.
        flips: the items that it flips; none where an arrangement is odd but right.
        outcomes: of those, the ones that become something else than failed.
        options: what the suite is run with to see it.
        touches: the parts of the lab that it changes; two faults that touch the same part are not injected together.
    """

    item: str
    name: str
    flips: frozenset[str]
    outcomes: Mapping[str, str]
    touches: frozenset[str]
    options: tuple[str, ...]
    inject: Callable[[Lab], None]
    mend: Callable[[Lab], None]

    @property
    def id(self) -> str:
        """Item and name."""
        return f"{self.item}/{self.name}"


def load_faults() -> tuple[Fault, ...]:
    """All faults, in order of their names."""
    found = []
    for path in sorted(FAULTS.glob("*/*.py")):
        spec = importlib.util.spec_from_file_location(f"lab_fault_{path.stem}", path)
        if spec is None or spec.loader is None:
            raise ImportError(str(path))
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        outcomes = getattr(module, "outcomes", {})
        found.append(
            Fault(
                path.parent.name,
                path.stem,
                frozenset(module.flips),
                outcomes,
                frozenset(getattr(module, "touches", ())),
                tuple(getattr(module, "options", ())),
                module.inject,
                module.mend,
            )
        )
    return tuple(found)


def rounds(faults: tuple[Fault, ...]) -> tuple[tuple[Fault, ...], ...]:
    """Faults that do not touch each other, together: no two of an item, and none that flips another's item."""

    def touched(fault: Fault) -> frozenset[str]:
        return fault.flips | {fault.item} | fault.touches

    def fits(fault: Fault, group: list[Fault]) -> bool:
        return group[0].options == fault.options and not any(touched(fault) & touched(other) for other in group)

    found: list[list[Fault]] = []
    for fault in faults:
        for group in found:
            if fits(fault, group):
                group.append(fault)
                break
        else:
            found.append([fault])
    return tuple(tuple(group) for group in found)
