"""What plain http answers."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_zebu.facts.answer import Known, Reason, Unknown
from pytest_zebu.facts.http import DEEP_PATH, HttpAnswer, Step, looks, of_name, within_reach
from pytest_zebu.settings.target import Target
from tests.facts.answers import read, why


def test_each_name_and_path_answers_for_itself(target: Target) -> None:
    asked = looks(target)
    assert [look.arguments["url"] for look in asked[:2]] == ["http://zebu.test/", f"http://zebu.test{DEEP_PATH}"]
    assert len(asked) == 7
    assert asked[-1].arguments["url"] == "http://api.zebu.test/api/v1/portfolios"
    row = {"status": 301, "location": "https://zebu.test/"}
    found = read("plain_http", {}, target, {asked[0].key: {"at": {"10.99.0.80": row}}})
    assert found["zebu.test"]["/"] == Known(HttpAnswer("http://zebu.test/", 301, "https://zebu.test/"))
    assert isinstance(found["zebu.test"][DEEP_PATH], Unknown)
    assert found.keys() == {"zebu.test", "www.zebu.test", "api.zebu.test"}


def test_each_address_answers_for_itself_and_tells_its_way(target: Target) -> None:
    silent = Unknown(Reason.UNREACHABLE, "no way")
    row = {"status": 301, "location": "x", "way": [{"url": "https://x/", "status": 200, "trouble": ""}]}
    at = {"192.0.2.1": row, "192.0.2.2": {**row, "way": silent}, "2001:db8::1": silent}
    found = read("plain_http", {}, target, {looks(target)[1].key: {"at": at}})["zebu.test"]
    answers = {place: answer for place, answer in found.items() if place != "/"}
    assert [place.rpartition(" ")[2] for place in answers] == [*at]
    first, second, third = answers.values()
    assert isinstance(first, Known)
    assert isinstance(second, Known)
    assert (first.value.path, first.value.way) == (DEEP_PATH, Known((Step("https://x/", 200),)))
    assert (second.value.way, third) == (silent, silent)
    assert of_name({"x": 1, "x at 192.0.2.1": 2, "xy": 3}, "x") == {"x": 1, "x at 192.0.2.1": 2}


def test_what_no_route_leads_to_is_left_to_the_items_that_are_about_each_address() -> None:
    far, silent, seen = Unknown(Reason.NO_WAY, "x"), Unknown(Reason.UNREACHABLE, "x"), Known(1)
    found: dict[str, Known[int] | Unknown] = {
        "a at 192.0.2.1": seen, "a at 2001:db8::1": far, "b at 2001:db8::2": far, "c at 192.0.2.3": silent, "c at ::3": far,
    }  # fmt: skip
    assert within_reach(found).keys() == {"a at 192.0.2.1", "b at 2001:db8::2", "c at 192.0.2.3"}


@pytest.mark.parametrize(
    "row",
    [
        {"status": "301", "location": ""},
        {"status": 301, "location": "x", "way": [{"url": 1}]},
        {"status": 301, "location": "x", "way": {}},
    ],
)
def test_another_shape_is_garbled(row: dict[str, Any], target: Target) -> None:
    assert why("plain_http", {}, target, {looks(target)[0].key: {"at": {"10.99.0.80": row}}}) is Reason.GARBLED
    assert why("plain_http", {}, target, {looks(target)[0].key: row}) is Reason.GARBLED
