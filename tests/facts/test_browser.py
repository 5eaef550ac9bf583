"""What the browser saw."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Reason, Unknown
from pytest_zebu.facts.browser import Load, Page, Resource, Screen, look
from pytest_zebu.facts.fact import Gathered, Look
from pytest_zebu.settings.sections import Domains
from pytest_zebu.settings.target import Target
from tests.facts.answers import read, why


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"picture": '"><script>'}, Reason.GARBLED),
        ({"wide": "much"}, Reason.GARBLED),
    ],
)
def test_what_a_page_says_of_itself_is_not_taken_as_it_is(
    change: dict[str, object], reason: Reason, target: Target
) -> None:
    row = {"width": 360, "trouble": "", "wide": 360, "inner": 360, "viewport": "", "small": [], "picture": "", **change}
    asked = look(target)
    assert isinstance(asked, Look)
    gathered = replace(Gathered(), looks={asked.key: {"pages": [], "loads": [], "screens": [row]}})
    answer = ALL["screens"].read(gathered, target)
    assert isinstance(answer, Unknown)
    assert answer.reason is reason


def seen(target: Target, **rows: Any) -> dict[str, Any]:
    asked = look(target)
    assert asked is not None
    return {asked.key: {"pages": [], "loads": [], "screens": [], **rows}}


PAGE = {
    "url": "https://zebu.test/",
    "status": 200,
    "errors": ["x"],
    "failed": [],
    "over_http": ["http://y/"],
    "resources": [{"kind": "script", "url": "u", "status": 404, "type": "t"}],
}


def test_a_visited_route(target: Target) -> None:
    found = read("pages", {}, target, seen(target, pages=[PAGE]))
    assert found == (Page("https://zebu.test/", 200, ("x",), (), (Resource("script", "u", 404, "t"),), ("http://y/",)),)
    assert why("pages", {}, target, seen(target, pages=[{**PAGE, "status": "200"}])) is Reason.GARBLED


@pytest.mark.parametrize(
    ("value", "number"),
    [(7, 7.0), (1.5, 1.5), ("7", None), (None, None), (10**12, None), (10**400, None), (float("inf"), None)],
)
def test_a_cold_load(value: Any, number: float | None, target: Target) -> None:
    rows = [{"trouble": "", "load": value, "paint": 3}, {"trouble": "timeout"}]
    assert read("loads", {}, target, seen(target, loads=rows)) == (Load("", number, 3.0), Load("timeout", None, None))


def test_a_narrow_screen(target: Target) -> None:
    row = {
        "width": 360,
        "trouble": "",
        "wide": 400.5,
        "inner": 360,
        "viewport": "v" * 300,
        "small": ["a" * 200],
        "picture": "AAAA",
    }
    found = read("screens", {}, target, seen(target, screens=[row, {"width": 430, "trouble": "timeout"}]))
    assert found == (
        Screen(360, "", 400, 360, "v" * 200, ("a" * 100,), "AAAA"),
        Screen(430, "timeout", 0, 0, "", (), ""),
    )


@pytest.mark.parametrize("lost", ["wide", "inner"])
def test_half_a_layout_is_garbled(lost: str, target: Target) -> None:
    row = {key: value for key, value in {"width": 360, "trouble": "", "wide": 1, "inner": 1}.items() if key != lost}
    assert why("screens", {}, target, seen(target, screens=[row])) is Reason.GARBLED


def test_measuring_is_the_same_look_that_sees_more(target: Target) -> None:
    usual, measured = look(target), look(target, measured=True)
    assert usual is not None
    assert measured is not None
    assert (usual.key, usual.extent, usual.arguments["loads"]) == (measured.key, 0, 0)
    assert (measured.extent, measured.arguments["loads"]) == (1, 3)
    bare = target.model_copy(update={"settings": target.settings.model_copy(update={"domains": Domains()})})
    assert look(bare) is None
    assert why("pages", {}, bare) is Reason.NOT_CONFIGURED
