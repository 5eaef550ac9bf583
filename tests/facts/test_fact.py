"""What a fact is read from: an answer that ended otherwise is unknown, with the reason that it gives."""

from __future__ import annotations

from typing import NoReturn

import pytest

from pytest_zebu.facts.answer import (
    Garbled,
    Known,
    Missing,
    Reason,
    Said,
    Unknown,
    integer,
    is_number,
    lines_of,
    moment_of,
    part,
    seconds,
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


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize(
    "error", [TypeError, KeyError, ValueError, OverflowError, RecursionError, MemoryError, UnicodeError, AssertionError]
)
def test_a_reader_that_breaks_loses_this_fact_alone(error: type[Exception], target: Target) -> None:
    """And it is said whose fault that is."""

    def broken(*given: object) -> NoReturn:
        raise error

    fact = Fact("broken", broken, looks=broken, then=broken, alone=broken, trial=broken)
    answer = fact.read(Gathered(), target)
    assert isinstance(answer, Unknown)
    assert answer.reason is Reason.GARBLED
    assert "a fault of pytest-zebu's" in answer.detail
    assert (fact.looks(target), fact.then(Gathered(), target), fact.alone(Gathered(), target)) == ((), (), ())
    assert fact.trial is not None
    assert fact.trial(target) == answer


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_who_ends_the_run_ends_it(error: type[BaseException], target: Target) -> None:
    def ended(*given: object) -> NoReturn:
        raise error

    fact = Fact("ended", ended, then=ended)
    with pytest.raises(error):
        fact.read(Gathered(), target)
    with pytest.raises(error):
        fact.then(Gathered(), target)


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


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize(
    ("value", "number"),
    [
        (0, 0), (-3, -3), ("47", 47), ("-1", -1), (2**63, 2**63), (True, None), (False, None), (1.0, None), (1.5, None), ("1.5", None),
        ("²", None), ("٣", None), ("1_0", None), (" 1", None), ("0x1f", None), ("9" * 5000, None), (10**30, None), (None, None), ([1], None),
        (float("nan"), None), (float("inf"), None), ("", None), ("--1", None), (Unknown(Reason.GARBLED, "x"), None),
    ],
    ids=repr,
)  # fmt: skip
def test_what_is_a_number_of_plain_data(value: object, number: int | None) -> None:
    if number is not None:
        assert integer(value, "x") == number
    else:
        with pytest.raises(Garbled):
            integer(value, "x")


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize(
    "value",
    [True, None, "soon", "nan", "inf", float("nan"), float("inf"), 1e300, -1e300, 10**400, 2**60, "9" * 5000, [0], {"x": 0}],
    ids=str,
)  # fmt: skip
def test_what_is_no_moment_of_plain_data(value: object) -> None:
    assert seconds(AT, "x") == seconds(str(AT), "x") == seconds(float(AT), "x") == NOON
    with pytest.raises(Garbled):
        seconds(value, "x")


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize("end", ["\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\r"], ids=ascii)
def test_only_our_own_end_of_a_line_ends_one(end: str) -> None:
    assert lines_of(f"one{end}two\nthree\n") == [f"one{end}two", "three"]
    assert (lines_of(""), lines_of("\n"), lines_of("a")) == ([], [""], ["a"])


@pytest.mark.parametrize("data", [None, [], {}, {"a": "1"}, {"a": None}, {"a": True}])
def test_a_value_of_another_kind_is_garbled(data: object) -> None:
    assert part({"a": 1}, "a", int) == 1
    with pytest.raises(Garbled):
        part(data, "a", int)


@pytest.mark.parametrize("text", ["", "{", "NaN"])
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
