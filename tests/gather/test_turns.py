"""Who looks when: what is timed waits for others to pause, and nobody waits for one that hangs."""

from __future__ import annotations

import threading

import pytest

from pytest_zebu.gather import turns as module
from pytest_zebu.gather.deadline import Deadline, aside
from pytest_zebu.gather.turns import Turns

SOON = 10.0
"""Seconds for which a test waits for what is to come at once."""


def begun(turns: Turns, kind: str, let_go: threading.Event) -> threading.Event:
    """A look that has begun, and ends when it is let go; the event that says so."""
    has_begun = threading.Event()

    def look() -> None:
        with turns.alone() if kind == "alone" else turns.beside(kind):
            has_begun.set()
            let_go.wait(SOON)

    aside(look)
    return has_begun


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever works is waited for as long as a test may take."""
    monkeypatch.setattr(module, "AT_WORK", {})
    for name in ("AT_WORK_USUALLY", "QUIET_SECONDS", "BROWSER_SECONDS"):
        monkeypatch.setattr(module, name, 60.0)


@pytest.mark.usefixtures("patient")
def test_looks_are_made_side_by_side() -> None:
    turns, let_go = Turns(), threading.Event()
    try:
        assert all(begun(turns, "http", let_go).wait(SOON) for _ in range(20))
    finally:
        let_go.set()


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize(
    ("first", "second"), [("http", "alone"), ("alone", "http"), ("alone", "alone"), ("alone", "browser")]
)
def test_what_is_timed_is_alone(first: str, second: str) -> None:
    turns, ended, let_go = Turns(), threading.Event(), threading.Event()
    try:
        assert begun(turns, first, ended).wait(SOON)
        other = begun(turns, second, let_go)
        assert not other.wait(0.2)
        ended.set()
        assert other.wait(SOON)
    finally:
        let_go.set()
        ended.set()


@pytest.mark.usefixtures("patient")
def test_few_browsers_run_at_once() -> None:
    turns, ended, let_go = Turns(), threading.Event(), threading.Event()
    try:
        assert all(begun(turns, "browser", ended).wait(SOON) for _ in range(module.BROWSERS))
        another = begun(turns, "browser", let_go)
        assert begun(turns, "http", let_go).wait(SOON), "others need no room for a browser"
        assert not another.wait(0.2)
        ended.set()
        assert another.wait(SOON)
    finally:
        let_go.set()
        ended.set()


@pytest.mark.parametrize("hangs", ["http", "alone"])
@pytest.mark.parametrize("waits", ["http", "alone"])
def test_one_that_hangs_is_not_waited_for(hangs: str, waits: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AT_WORK_USUALLY", "QUIET_SECONDS"):
        monkeypatch.setattr(module, name, 0.05)
    turns, let_go = Turns(), threading.Event()
    try:
        assert begun(turns, hangs, let_go).wait(SOON)
        assert begun(turns, waits, let_go).wait(SOON)
    finally:
        let_go.set()


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("kind", ["alone", "http"])
def test_nobody_waits_behind_the_deadline(kind: str) -> None:
    turns, let_go = Turns(), threading.Event()
    try:
        assert begun(turns, "alone", let_go).wait(SOON)
        has_begun = threading.Event()

        def look() -> None:
            soon = Deadline.after(0.05)
            with turns.alone(soon) if kind == "alone" else turns.beside(kind, soon):
                has_begun.set()

        aside(look)
        assert has_begun.wait(SOON)
    finally:
        let_go.set()


@pytest.mark.parametrize("kind", ["alone", "browser"])
def test_a_look_that_breaks_gives_its_turn_back(kind: str) -> None:
    turns = Turns()
    with pytest.raises(ValueError, match="broken"), turns.alone() if kind == "alone" else turns.beside(kind):
        raise ValueError("broken")
    assert not turns._looking and not turns._browsing and turns._quiet is None
