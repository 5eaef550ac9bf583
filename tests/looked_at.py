"""The recorded lab as a stranger meets it: nothing is declared of it, and all that is asked is answered by the recording."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from lab import recordings
from pytest_zebu.discovery.vantages import Leg
from pytest_zebu.facts.fact import Fact
from pytest_zebu.gather.snapshot import Snapshot
from pytest_zebu.gather.ssh import Connection
from pytest_zebu.plugin import looking
from pytest_zebu.settings.target import Target

LEGS = (Leg("10.77.0.9/24", "10.77.0.20:80"),)


def answer(monkeypatch: pytest.MonkeyPatch, folder: Path, trouble: str = "") -> list[frozenset[str]]:
    """Let the recording answer whoever looks; the facts of each time that it was asked.

    Args:
        monkeypatch: puts the recording in the place of gathering.
        folder: for the recording's files.
        trouble: why ssh lets nobody in, where it does not.
    """
    gathered = recordings.evidence(recordings.read_healthy(), folder).gathered
    asked: list[frozenset[str]] = []

    def gather(
        target: Target, facts: Iterable[Fact[Any]], connection: Connection, watch: Callable[[str], None]
    ) -> Snapshot:
        asked.append(frozenset(fact.name for fact in facts))
        return Snapshot(target.name, gathered, not trouble, trouble, logins=1, round_trips=1)

    monkeypatch.setattr(looking, "gather", gather)
    monkeypatch.setattr(looking, "legs", lambda beside: LEGS)
    monkeypatch.setattr(looking, "own_resolvers", lambda: ("10.99.0.54",))
    return asked
