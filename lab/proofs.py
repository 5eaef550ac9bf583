"""What is proven on the lab, as declared: the faults, the rounds in which they are injected together, each item's proofs."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lab import faults
from lab.blindings import BLINDINGS as BLINDINGS
from lab.blindings import CLOCK
from lab.blindings import MACHINE_DECIDED as MACHINE_DECIDED
from lab.fault import ADVICE_ONLY as ADVICE_ONLY
from lab.fault import Fault as Fault
from lab.fault import Probes
from pytest_zebu.facts import ALL
from pytest_zebu.plugin.checks import suite
from pytest_zebu.verdict.outcome import Outcome

ATTACK: Probes = "attack"
USED_BY_PROBES = frozenset(
    {"backend", "backend-files", "backend-restart", "domains", "dumps", "proxy-api", "proxy-certificates", "redis"}
)
"""The parts of the lab on which active probes rest."""


def load_faults() -> tuple[Fault, ...]:
    """All faults, in order of their names.

    Raises:
        ValueError: two are of one name, or one is for an item that no check decides.
    """
    found: dict[str, Fault] = {}
    for module in pkgutil.iter_modules(faults.__path__, f"{faults.__name__}."):
        for one in vars(importlib.import_module(module.name)).values():
            if not isinstance(one, Fault):
                continue
            if one.id in found:
                raise ValueError(f"two faults are called {one.id}")
            if one.item not in MACHINE_DECIDED:
                raise ValueError(f"{one.id}: no check decides this item")
            found[one.id] = one
    return tuple(found[key] for key in sorted(found, key=lambda key: key.split("/")))


def _overridden(fault: Fault) -> frozenset[tuple[str, ...]]:
    """The keys that a fault's override sets, as paths; a whole list or value is one key."""

    def paths(node: Any, at: tuple[str, ...]) -> list[tuple[str, ...]]:
        return [one for key in node for one in paths(node[key], (*at, key))] if isinstance(node, Mapping) else [at]

    return frozenset(paths(fault.override, ()))


def outcomes_of(fault: Fault) -> dict[str, Outcome]:
    """What is declared to come of a fault, by item: what it flips, and what a blinding that comes with it hides."""
    unseen = dict.fromkeys(BLINDINGS.get(fault.blinds, ()), Outcome.NOT_ASSESSED)
    unseen |= dict.fromkeys(ADVICE_ONLY & unseen.keys(), Outcome.ADVICE)  # optional: unseen it is advice
    return unseen | {item: fault.outcome(item) for item in fault.flips}


def merged(faults: Iterable[Fault]) -> dict[str, dict[str, Any]]:
    """The overrides of faults that are injected together, by service."""

    def merge(into: dict[str, Any], node: Mapping[str, Any]) -> None:
        for key, value in node.items():
            if isinstance(value, Mapping):
                merge(into.setdefault(key, {}), value)
            else:
                into[key] = value

    found: dict[str, dict[str, Any]] = {}
    for fault in faults:
        merge(found, {str(service): keys for service, keys in fault.override.items()})
    return found


def rounds(faults: tuple[Fault, ...]) -> tuple[tuple[Fault, ...], ...]:
    """Faults that do not touch each other, together: no two of an item, and none that flips the item of another.

    Items that are the own of neither may be flipped by both, to the same outcome: the union of what is declared is what
    must be seen. One that keeps the suite from seeing is alone. Only what is attacked is attacked: the burst would slow
    others down.
    """

    outcomes = {fault.id: {item: fault.outcome(item) for item in fault.flips} for fault in faults}
    overridden = {fault.id: _overridden(fault) for fault in faults}

    def meets(fault: Fault, other: Fault) -> bool:
        mine, theirs = outcomes[fault.id], outcomes[other.id]
        if fault.item in (theirs.keys() | {other.item}) or other.item in mine:
            return True
        if any(mine[item] != theirs[item] for item in mine.keys() & theirs.keys()):
            return True
        return bool(
            fault.touches & (other.touches | other.flips | {other.item})
            or other.touches & (fault.flips | {fault.item})
            or overridden[fault.id] & overridden[other.id]
            or fault.override.keys() & other.touches
            or other.override.keys() & fault.touches
        )

    def fits(fault: Fault, group: list[Fault]) -> bool:
        if fault.blinds or group[0].blinds or (ATTACK in fault.probes) is not (ATTACK in group[0].probes):
            return False
        if any(meets(fault, other) for other in group):
            return False
        probing = bool(fault.probes) or any(other.probes for other in group)
        together = (fault, *group)
        return not probing or not any(
            other.override or USED_BY_PROBES & other.touches for other in together if not other.probes
        )

    found: list[list[Fault]] = []
    for fault in faults:
        for group in found:
            if fits(fault, group):
                group.append(fault)
                break
        else:
            found.append([fault])
    return tuple(tuple(group) for group in found)


WHOLE = 8
"""The faults of a round from which on the whole suite is run over it."""


def at_stake(faults: Iterable[Fault]) -> frozenset[str]:
    """The items that a few faults could decide, rightly or wrongly; none where all are.

    Those that they are for and that they flip, and every other one whose check asks for a fact for which one of those
    asks too. What else might be said of such a fault, its recording shows: all items are judged from it (`tests/judged/`).
    """
    faults = tuple(faults)
    if len(faults) >= WHOLE or any(fault.blinds for fault in faults):
        return frozenset()
    named = frozenset().union(*({fault.item} | fault.flips | fault.right_for for fault in faults))
    asked = frozenset().union(*(_facts_of(item) for item in named & MACHINE_DECIDED))
    return named | {item for item in MACHINE_DECIDED if _facts_of(item) & asked}


def _facts_of(item: str) -> frozenset[str]:
    """The facts that an item's check asks for; the clock is asked for by many, and is evidence of nothing."""
    return frozenset(inspect.signature(suite()[item]).parameters) & ALL.keys() - {CLOCK}


def options_of(faults: tuple[Fault, ...]) -> tuple[str, ...]:
    """What the suite is run with to see all of them: the active probes that any of them needs."""
    probes = {probe for fault in faults for probe in fault.probes}
    return (f"--zebu-active={','.join(sorted(probes))}",) if probes else ()


@dataclass(frozen=True, slots=True)
class Declared:
    """The proofs that are declared for an item."""

    item: str
    faults: tuple[str, ...]
    odd_but_right: tuple[str, ...]
    blindings: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether it is shown to fail, and to be not assessed."""
        return bool(self.faults and self.blindings)


def _breaking(faults: tuple[Fault, ...], item: str) -> tuple[str, ...]:
    """The faults that are for an item and break it; where there is none, those for others that break it too."""
    # What is advice while all is well is proven by what makes it pass.
    own = tuple(fault.name for fault in faults if fault.item == item and (fault.breaks(item) or item in ADVICE_ONLY))
    return own or tuple(fault.name for fault in faults if fault.breaks(item))


def declared() -> tuple[Declared, ...]:
    """The proofs of every item that a check decides."""
    faults = load_faults()
    return tuple(
        Declared(
            item,
            _breaking(faults, item),
            tuple(
                fault.name for fault in faults if item in (fault.right_for or {fault.item}) and fault.is_odd_but_right
            ),
            tuple(name for name, items in BLINDINGS.items() if item in items),
        )
        for item in sorted(MACHINE_DECIDED)
    )
