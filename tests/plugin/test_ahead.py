"""What is imported while the machine is asked."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from pytest_zebu.plugin import ahead, judging
from pytest_zebu.plugin import run as runs


def test_what_is_missing_breaks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "MODULES", ("pytest_zebu.no_such_module", *ahead.MODULES))
    ahead.prepare()


def test_it_is_prepared_while_the_machine_is_asked(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gathering ends once it is prepared: so the one does not wait for the other."""
    prepared, was_beside = threading.Event(), []

    def gather(*given: Any) -> Any:
        was_beside.append(prepared.wait(30))
        raise ValueError("nothing to see")

    monkeypatch.setattr(judging, "prepare", prepared.set)
    monkeypatch.setattr(runs, "gather", gather)
    project.runpytest_inprocess("--zebu-host=ssh://nowhere.invalid", "-k", "no-passwords")
    assert was_beside == [True]


def test_a_replay_asks_nobody(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []
    monkeypatch.setattr(judging, "prepare", lambda: begun.append("prepared"))
    project.runpytest_inprocess("--zebu-replay=snapshot.json", "-k", "no-passwords")
    assert begun == []
