"""What names resolve to."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_zebu.facts.answer import Known, Reason, Unknown
from pytest_zebu.facts.dns import Name, Resolution, looks
from pytest_zebu.settings.target import Target
from tests.facts.answers import read, why

SILENT = Unknown(Reason.TIMED_OUT, "no answer")


def seen(target: Target, row: Any) -> dict[str, Any]:
    return {look.key: {"servers": [row]} for look in looks(target)}


def test_each_server_answers_for_itself(target: Target) -> None:
    first, *others = looks(target)
    rows = [
        {"server": "10.99.0.52", "authoritative": True, "addresses": ["10.99.0.80"], "unknown": None},
        {"server": "1.1.1.1", "authoritative": False, "addresses": [], "unknown": SILENT},
    ]
    found = read("names", {}, target, {first.key: {"servers": rows}})
    resolutions = (Resolution("10.99.0.52", True, Known(("10.99.0.80",))), Resolution("1.1.1.1", False, SILENT))
    assert found.pop("zebu.test") == Known(Name("zebu.test", resolutions))
    assert len(found) == len(others) == 2
    assert all(one.reason is Reason.NOT_GATHERED for one in found.values())


def test_addresses_are_compared_as_such_and_a_server_beyond_us_is_known_as_one(target: Target) -> None:
    rows = [
        {"server": "a", "authoritative": True, "addresses": ["2001:DB8:0::80"], "unknown": None},
        {"server": "2001:db8::53", "authoritative": True, "addresses": [], "unknown": SILENT, "beyond": True},
    ]
    found = read("names", {}, target, {looks(target)[0].key: {"servers": rows}})["zebu.test"].value
    assert found.resolutions == (
        Resolution("a", True, Known(("2001:db8::80",))),
        Resolution("2001:db8::53", True, SILENT, is_beyond=True),
    )


def test_a_refusal_and_an_answer_in_anothers_place_are_known_as_such(target: Target) -> None:
    rows = [
        {"server": "a", "authoritative": True, "addresses": [], "unknown": SILENT, "refuses": "REFUSED"},
        {"server": "b", "authoritative": True, "addresses": ["192.0.2.80"], "unknown": None, "aside": True},
    ]
    found = read("names", {}, target, {looks(target)[0].key: {"servers": rows}})["zebu.test"].value
    assert found.resolutions == (
        Resolution("a", True, SILENT, refusal="REFUSED"),
        Resolution("b", True, Known(("192.0.2.80",)), is_aside=True),
    )


@pytest.mark.parametrize(
    "row",
    [
        None,
        {},
        {"server": "x", "authoritative": 1, "addresses": []},
        {"server": "x", "authoritative": True, "addresses": [None]},
        {"server": "x", "authoritative": True, "addresses": ["x"]},
        {"server": "x", "authoritative": True, "addresses": [], "unknown": SILENT, "refuses": 1},
    ],
)
def test_another_shape_is_garbled(row: Any, target: Target) -> None:
    assert why("names", {}, target, seen(target, row)) is Reason.GARBLED
