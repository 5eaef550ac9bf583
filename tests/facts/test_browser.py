"""What the browser saw."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from msgspec.structs import replace

from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Reason, Unknown
from pytest_zebu.facts.browser import Asked, Load, Page, Resource, Screen, Shown, look
from pytest_zebu.facts.fact import Gathered, Look
from pytest_zebu.settings.sections import BrowserNeeds, Domains
from pytest_zebu.settings.target import Target
from tests.facts.answers import read, why


def picture(*parts: bytes) -> str:
    return base64.b64encode(b"".join(parts)).decode()


JPEG = picture(b"\xff\xd8\xff\xe0", b"\0" * 20, b"\xff\xd9")
ODD: dict[str, dict[str, object]] = {
    "a picture that closes its place": {"picture": '"><script>'}, "a picture of a page": {"picture": picture(b"<html><script>alert(1)</script>")},
    "a picture that can run": {"picture": picture(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")},
    "a picture of another kind": {"picture": picture(b"GIF89a", b"\0" * 20)}, "a picture that was cut": {"picture": picture(b"\xff\xd8\xff\xe0", b"\0" * 20)},
    "a picture without bounds": {"picture": picture(b"\xff\xd8\xff", b"\0" * 4_000_000, b"\xff\xd9")}, "a picture of wrong length": {"picture": JPEG + "A"},
    "a picture in lines": {"picture": JPEG[:8] + "\n" + JPEG[8:]}, "a picture as nothing": {"picture": None}, "a picture in a list": {"picture": [JPEG]},
    "a picture of an address": {"picture": "data:image/jpeg;base64," + JPEG}, "a width as text": {"wide": "much"}, "a width as truth": {"wide": True},
    "a width that is none": {"wide": float("nan")}, "a width without end": {"layout": float("inf")}, "a width of many digits": {"inner": 10**400},
    "words as number": {"shown": {"words": 3}}, "what it shows in a list": {"shown": []},
    "a count as text": {"shown": {"words": "", "empty": "", "busy": False, "controls": "many", "pictures": 0}},
    "a count as truth": {"shown": {"words": "", "empty": "", "busy": False, "controls": True, "pictures": 0}},
    "a truth as number": {"shown": {"words": "", "empty": "", "busy": 1, "controls": 1, "pictures": 0}},
}  # fmt: skip


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize("change", ODD.values(), ids=ODD)
def test_what_a_page_says_of_itself_is_not_taken_as_it_is(change: dict[str, object], target: Target) -> None:
    row = {**SCREEN, **change}
    asked = look(target)
    assert isinstance(asked, Look)
    gathered = replace(Gathered(), looks={asked.key: {"pages": [], "loads": [], "screens": [row]}})
    answer = ALL["screens"].read(gathered, target)
    assert isinstance(answer, Unknown)
    assert answer.reason is Reason.GARBLED


SEEN = {"words": "Zebu", "controls": 1, "pictures": 0, "busy": False, "empty": ""}
SCREEN = {
    "width": 360, "trouble": "", "wide": 360, "inner": 360, "layout": 360, "held": False, "cut": "", "viewport": "", "small": [],
    "picture": "", "shown": SEEN,
}  # fmt: skip
ZEBU = Shown("Zebu", 1, 0, False, "")


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
    "asked": [{"method": "GET", "url": "https://zebu.test/a", "status": 200, "type": "t", "failure": "", "page": True}],
    "shown": SEEN,
    "again": False,
}


def test_a_visited_route(target: Target) -> None:
    found = read("pages", {}, target, seen(target, pages=[PAGE]))
    script, asked = Resource("script", "u", 404, "t"), Asked("GET", "https://zebu.test/a", 200, "t", "", True)
    assert found == (Page("https://zebu.test/", 200, ("x",), (), (script,), ("http://y/",), (asked,), ZEBU, False),)
    (blind,) = read("pages", {}, target, seen(target, pages=[{**PAGE, "shown": {}, "again": True}]))
    assert (blind.shown, blind.is_again) == (None, True)
    assert why("pages", {}, target, seen(target, pages=[{**PAGE, "status": "200"}])) is Reason.GARBLED


@pytest.mark.parametrize(
    ("value", "number"),
    [(7, 7.0), (1.5, 1.5), ("7", None), (None, None), (10**12, None), (10**400, None), (float("inf"), None)],
)
def test_a_cold_load(value: Any, number: float | None, target: Target) -> None:
    rows = [{"trouble": "", "load": value, "paint": 3, "shown": SEEN}, {"trouble": "timeout", "shown": {}}]
    found = read("loads", {}, target, seen(target, loads=rows))
    assert found == (Load("", number, 3.0, ZEBU), Load("timeout", None, None))


def loaded(*milliseconds: float, trouble: str = "") -> list[dict[str, Any]]:
    return [{"trouble": trouble, "load": one, "paint": one + 1, "shown": SEEN} for one in milliseconds]


SLOW_LOADS = {
    "slow": loaded(100, 3000, 3100),
    "painted late": [{"trouble": "", "load": 90, "paint": 3001, "shown": SEEN}] * 3,
    "broken": [*loaded(90, 90), *loaded(1, trouble="Timeout")],
}


@pytest.mark.parametrize("rows", SLOW_LOADS.values(), ids=SLOW_LOADS)
def test_loads_that_are_slow_beside_other_work_are_measured_alone(rows: list[dict[str, Any]], target: Target) -> None:
    """They fail nobody; nor do they pass where they were not measured alone."""
    looks = seen(target, loads=rows, pages=[PAGE], beside=True)
    (again,) = ALL["loads"].alone(Gathered({}, looks), target)
    assert (again.arguments["loads"], again.arguments["widths"], len(again.arguments["urls"])) == (3, [], 1)
    assert not again.beside
    assert why("loads", {}, target, looks) is Reason.NOT_GATHERED
    assert why("loads", {}, target, {**looks, again.key: Unknown(Reason.TIMED_OUT, "late")}) is Reason.TIMED_OUT
    found = read("loads", {}, target, {**looks, again.key: {"pages": [PAGE], "loads": loaded(5000), "screens": []}})
    assert found == (Load("", 5000.0, 5001.0, ZEBU),)


def test_loads_that_are_fast_beside_other_work_are_fast(target: Target) -> None:
    looks = seen(target, loads=loaded(90, 2990, 5000), pages=[PAGE], beside=True)
    assert ALL["loads"].alone(Gathered({}, looks), target) == ()
    assert [one.is_beside for one in read("loads", {}, target, looks)] == [True] * 3


@pytest.mark.parametrize("otherwise", [
    {"beside": False}, {"pages": [{**PAGE, "status": 0}]}, {"pages": []}, {"loads": loaded(1, trouble="the page never yielded: 25 s")}, {"loads": [{}]},
])  # fmt: skip
def test_no_page_is_measured_again_that_is_none(otherwise: dict[str, Any], target: Target) -> None:
    """Nor what was measured alone, as by older versions."""
    looks = seen(target, **{"loads": SLOW_LOADS["slow"], "pages": [PAGE], "beside": True, **otherwise})
    assert ALL["loads"].alone(Gathered({}, looks), target) == ()


def test_a_narrow_screen(target: Target) -> None:
    row = {**SCREEN, "wide": 400.5, "viewport": "v" * 300, "small": ["a" * 200], "picture": JPEG}
    row |= {"held": True, "cut": "c" * 200}
    found = read("screens", {}, target, seen(target, screens=[row, {"width": 430, "trouble": "timeout", "shown": {}}]))
    assert found == (
        Screen(360, "", 400, 360, "v" * 200, ("a" * 100,), JPEG, 360, True, "c" * 100, ZEBU),
        Screen(430, "timeout", 0, 0, "", (), ""),
    )


@pytest.mark.parametrize("lost", ["wide", "inner", "layout"])
def test_half_a_layout_is_garbled(lost: str, target: Target) -> None:
    row = {key: value for key, value in SCREEN.items() if key != lost}
    assert why("screens", {}, target, seen(target, screens=[row])) is Reason.GARBLED


def test_measuring_is_the_same_look_that_sees_more(target: Target) -> None:
    usual, measured = look(target), look(target, measured=True)
    assert usual is not None
    assert measured is not None
    assert (usual.key, usual.extent, usual.arguments["loads"]) == (measured.key, 0, 0)
    assert (measured.extent, measured.arguments["loads"]) == (1, 3)
    assert usual.arguments["is_declared"] is measured.arguments["is_declared"] is False
    bare = target.model_copy(update={"settings": target.settings.model_copy(update={"domains": Domains()})})
    assert look(bare) is None
    assert why("pages", {}, bare) is Reason.NOT_CONFIGURED


def test_a_browser_that_is_declared_is_wanted_also_where_it_is_the_usual_one(target: Target) -> None:
    usual = BrowserNeeds().executable
    declared = target.settings.model_copy(update={"browser": BrowserNeeds(executable=usual)})
    found = look(target.model_copy(update={"settings": declared}))
    assert found is not None
    assert (found.arguments["executable"], found.arguments["is_declared"]) == (str(usual), True)


@pytest.mark.parametrize(("words", "controls", "pictures", "busy", "trouble"), [
    ("", 0, 0, False, "shows nothing"), (" … ", 0, 0, False, "shows nothing"), ("", 0, 1, False, ""), ("", 1, 0, False, ""),
    ("Loading…", 0, 0, False, "that it is loading"), ("Loading the application ...", 0, 1, False, "that it is loading"), ("Please wait", 0, 0, False, "that it is loading"),
    ("Wird geladen", 0, 0, False, "that it is loading"), ("Zebu", 0, 0, True, "that it is loading"), ("Loading…", 1, 0, False, ""), ("Loading docks of the world", 0, 0, False, ""),
    ("Something went wrong. Try again", 1, 0, False, "shows an error"), ("Configuration Error VITE_CLERK", 0, 0, False, "shows an error"), ("502 Bad Gateway nginx", 0, 0, False, "shows an error"),
    ("Welcome to nginx! If you see this page", 2, 0, False, "somebody else's"), ("Congratulations! You've successfully started the Nginx Proxy Manager.", 1, 0, False, "somebody else's"),
    ("Apache2 Debian Default Page It works!", 3, 1, False, "somebody else's"), ("Something went wrong? Call us. Home Trade News About", 4, 0, False, ""),
    ("Zebu Practise trading without risk. Sign in", 1, 0, False, ""), ("Something to trade", 0, 0, False, ""), ("Zebu", 0, 0, False, ""), ("Oops, our podcast", 9, 0, False, ""),
])  # fmt: skip
def test_what_is_no_page_for_its_users(words: str, controls: int, pictures: int, busy: bool, trouble: str) -> None:
    found = Shown(words, controls, pictures, busy, "").trouble
    assert (trouble in found) if trouble else not found


def test_a_page_may_be_in_doubt() -> None:
    assert "no word" in Shown("", 0, 1, False, "").doubt
    assert "#root" in Shown("imprint", 1, 0, False, "root").doubt
    assert ZEBU.doubt == ""
