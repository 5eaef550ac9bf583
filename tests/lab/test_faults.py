"""Faults say what they work with: those of a round are injected side by side by what they say."""

from __future__ import annotations

import re

import pytest

from lab.proofs import FAULTS, PARTS_OF_CONTAINERS, Fault, load_faults

HELPERS = {"sql": "db", "edit_page": "frontend"}
"""The functions of `lab.changes` that run a command in a container, by its service."""


def services(source: str) -> set[str]:
    """The services in whose containers a fault runs something, or that it starts and stops."""
    named = set(re.findall(rf"\bzebu-({'|'.join(PARTS_OF_CONTAINERS)})-1\b", source))
    named |= set(re.findall(rf'\b(?:restart|recreate)\(lab, "({"|".join(PARTS_OF_CONTAINERS)})"', source))
    return named | {service for name, service in HELPERS.items() if re.search(rf"\b{name}\(", source)}


@pytest.mark.parametrize("fault", load_faults(), ids=lambda fault: fault.id)
def test_the_containers_it_works_with_are_declared(fault: Fault) -> None:
    source = (FAULTS / f"{fault.id}.py").read_text()
    declared = fault.touches | fault.uses
    silent = {name for name in services(source) if not declared & PARTS_OF_CONTAINERS[name]}
    assert not silent, (
        f"{fault.id} works with the containers of {sorted(silent)} and declares it neither touched nor used"
    )
