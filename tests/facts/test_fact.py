"""What a fact is read from: an answer that ended otherwise is unknown, with the reason that it gives."""

from __future__ import annotations

import pytest

from pytest_zebu.facts.answer import (
    Garbled,
    Known,
    Missing,
    Reason,
    Said,
    Unknown,
    is_number,
    moment_of,
    part,
    whole_number,
)
from pytest_zebu.facts.fact import Fact, Gathered, Look, Probe, key_values, parse_json
from pytest_zebu.settings.target import Target
from tests.facts.answers import AT, NOON


@pytest.mark.parametrize(("said", "reason"), [
    (Said(126, ""), Reason.NO_PERMISSION), (Said(127, ""), Reason.NO_COMMAND), (Said(1, ""), Reason.UNDECIDABLE),
    (Said(1, "", "cat: Permission denied"), Reason.NO_PERMISSION), (Said(127, "", "sh: permission denied"), Reason.NO_PERMISSION),
    (Unknown(Reason.TIMED_OUT, "8 s"), Reason.TIMED_OUT),
])  # fmt: skip
def test_why_an_answer_is_none(said: Said | Unknown, reason: Reason) -> None:
    with pytest.raises(Missing) as error:
        Gathered({"a": said}).said("a")
    assert error.value.unknown.reason is reason


def test_other_statuses_are_answers_where_they_are_accepted() -> None:
    assert Gathered({"a": Said(1, "x")}).said("a", accept=(0, 1)).out == "x"
    with pytest.raises(Missing):
        Gathered({"a": Said(0, "x")}).said("b")


@pytest.mark.parametrize(("complaint", "shown"), [("a\nlast\n", "last"), ("", "exit status 3"), ("x" * 400, "x" * 300)])
def test_the_last_line_of_a_complaint(complaint: str, shown: str) -> None:
    assert Said(3, "", complaint).complaint == shown


def test_a_mistake_of_ours_is_not_taken_for_an_answer(target: Target) -> None:
    """Missing and Garbled only are what a target can cause."""

    def broken(gathered: Gathered, target: Target) -> int:
        raise TypeError

    with pytest.raises(TypeError):
        Fact("broken", broken).read(Gathered(), target)


def test_a_look_has_a_name_by_its_vantage() -> None:
    assert Look("tcp", "ports", {}).key == "tcp@here ports"
    assert Look("tcp", "ports", {}, "lan").key == "tcp@lan ports"


@pytest.mark.parametrize(("file", "interpreter"), [("rotation.sh", "sh"), ("accounts.pl", "perl"), ("", "sh")])
def test_what_runs_a_script(file: str, interpreter: str) -> None:
    assert Probe("a", file=file).interpreter == interpreter


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", True),
        ("47", True),
        ("9" * 18, True),
        ("9" * 19, False),
        ("", False),
        ("-1", False),
        ("²", False),
        ("٣", False),
        (" 1", False),
    ],
)
def test_what_is_a_number(text: str, number: bool) -> None:
    assert is_number(text) is number
    if number:
        assert whole_number(text, "x") == int(text)
    else:
        with pytest.raises(Garbled):
            whole_number(text, "x")


def test_what_is_a_moment() -> None:
    assert moment_of(str(AT), "x") == NOON
    for text in ("9" * 18, "9" * 13, "soon"):
        with pytest.raises(Garbled):
            moment_of(text, "x")


@pytest.mark.parametrize("data", [None, [], {}, {"a": "1"}, {"a": None}])
def test_a_value_of_another_kind_is_garbled(data: object) -> None:
    assert part({"a": 1}, "a", int) == 1
    with pytest.raises(Garbled):
        part(data, "a", int)


@pytest.mark.parametrize("text", ["", "{", "NaN", "[Infinity]", "[1e999]", "[" * 100_000])
def test_what_is_no_json(text: str) -> None:
    with pytest.raises(Garbled):
        parse_json(text, "x")


def test_lines_with_a_key() -> None:
    assert key_values("a=1\nno\nb=c=d\na=2\n") == {"a": "2", "b": "c=d"}


def test_what_a_look_saw() -> None:
    look, no = Look("tcp", "ports", {}), Unknown(Reason.TIMED_OUT, "x")
    assert Gathered(looks={look.key: {"open": {}}}).saw(look) == Known({"open": {}})
    assert Gathered(looks={look.key: no}).saw(look) is no
    assert Gathered().saw(look) == Unknown(Reason.NOT_GATHERED, "tcp@here ports")
