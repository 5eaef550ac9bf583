"""What each scored item is on the machine with the real project's habits: written by thought, before the suite looked."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass

from lab.real.build import REAL
from pytest_zebu.verdict.outcome import Outcome

OPTIONS = ("--zebu-active=restore",)
"""What the suite is run with."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What is right of one item, where the evidence comes from, and why."""

    outcome: Outcome
    by: str
    why: str


def read() -> dict[str, Truth]:
    """The table, by item."""
    table = tomllib.loads((REAL / "truth.toml").read_text())
    return {
        f"{group}.{name}": Truth(Outcome(row["is"]), row["by"], row["why"])
        for group, rows in table.items()
        for name, row in rows.items()
    }
