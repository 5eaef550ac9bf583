"""What another machine saw: where that was, and how long ago, is told wherever it counts."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_zebu.facts import ALL
from pytest_zebu.facts.elsewhere import ago, marked, source, told
from pytest_zebu.facts.exposure import looks
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.settings.target import Target

NOW = 1_795_764_600.0
"""2026-11-27 07:30 UTC."""
HOURS = 3600.0


@pytest.mark.parametrize(("seconds", "text"), [
    (-20, "less than a minute ago"), (0, "less than a minute ago"), (59.9, "less than a minute ago"), (60, "1 minute ago"),
    (3599, "59 minutes ago"), (3600, "1 hour ago"), (3 * HOURS, "3 hours ago"), (23.99 * HOURS, "23 hours ago"),
    (24 * HOURS, "1 day ago"), (7 * 24 * HOURS, "7 days ago"),
])  # fmt: skip
def test_an_age_in_words(seconds: float, text: str) -> None:
    assert ago(seconds) == text


def test_what_is_marked_says_where_it_was_seen() -> None:
    seen = marked({"open": {}}, "phone", NOW)
    assert seen["open"] == {}
    assert source(seen) == ("phone", NOW)


@pytest.mark.parametrize("seen", [
    None, {}, [], {"looked_elsewhere": {}}, {"looked_elsewhere": {"from": 1, "at": 2}}, {"looked_elsewhere": {"from": "x"}},
    {"looked_elsewhere": {"from": "x", "at": -1}}, {"looked_elsewhere": {"from": "x", "at": 1e30}},
    {"looked_elsewhere": {"from": "x", "at": "1"}}, {"looked_elsewhere": "x"},
])  # fmt: skip
def test_an_odd_mark_is_none(seen: Any) -> None:
    assert source(seen) is None


def test_what_a_fact_is_read_from_is_told_with_its_age(target: Target) -> None:
    internet, lan = looks(target)
    ports: dict[str, Any] = {"open": {}, "silent": [], "control": True, "trouble": ""}
    gathered = Gathered({}, {internet.key: marked(ports, "internet", NOW - 3 * HOURS), lan.key: ports}, NOW)
    line = "from internet, 3 hours ago: tcp ports (`zebu look`, 2026-11-27 04:30 UTC)"
    assert [*told([ALL["exposure"]], gathered, target)] == [line]
    assert [*told([ALL["machine"]], gathered, target)] == []


def test_many_looks_are_told_in_a_line(target: Target) -> None:
    asked = ALL["web"].looks(target)
    gathered = Gathered({}, {look.key: marked({}, "internet", NOW) for look in asked}, NOW)
    (line,) = told([ALL["web"]], gathered, target)
    assert f", {len(asked) - 4} more (" in line


def test_nothing_is_told_where_this_machine_looked(target: Target) -> None:
    internet, lan = looks(target)
    gathered = Gathered({}, {internet.key: {"open": {}}, lan.key: {"open": {}}}, NOW)
    assert [*told(ALL.values(), gathered, target)] == []
