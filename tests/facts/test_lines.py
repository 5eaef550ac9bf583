"""The grammar of the scripts' answers."""

from __future__ import annotations

import pytest

from pytest_zebu.facts.answer import Garbled
from pytest_zebu.facts.fact import key_values
from pytest_zebu.facts.lines import Record, records, single

WHAT = "the probe"


def test_records_come_in_order() -> None:
    found = records("@a 1 2\n\n@b\n@a x\n", WHAT, ("a", "b"))
    assert [(one.word, one.rest) for one in found] == [("a", "1 2"), ("b", ""), ("a", "x")]
    assert all(one.lines == () for one in found)


def test_lines_follow_where_they_may() -> None:
    found = records("@file x\none\n\n@other @word\n@end\n@file y\n", WHAT, ("end",), ("file",))
    assert [(one.word, one.rest, one.body) for one in found] == [
        ("file", "x", "one\n\n@other @word"), ("end", "", ""), ("file", "y", ""),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["what", "@c 1", "@a 1\nwhat", "@file x\nline\n@a\nline", " @a", "a 1", "@", "@@a"])
def test_a_line_that_is_not_understood_is_not_skipped(text: str) -> None:
    with pytest.raises(Garbled, match="the probe said: "):
        records(text, WHAT, ("a", "b"), ("file",))


def test_a_complaint_is_short() -> None:
    with pytest.raises(Garbled) as caught:
        records("x" * 1000, WHAT, ("a",))
    assert len(str(caught.value)) < 150


def test_fields_are_counted_and_the_last_may_have_blanks() -> None:
    record = Record("file", "10 a b.dump", (), WHAT)
    assert record.fields(2) == ("10", "a b.dump")
    assert record.fields(3) == ("10", "a", "b.dump")
    with pytest.raises(Garbled, match=r"the probe said: @file 10 a b\.dump"):
        record.fields(4)


def test_the_last_of_a_word_counts() -> None:
    found = records("@a 1\n@a 2\n", WHAT, ("a", "b"))
    assert single(found, "a") == "2"
    assert single(found, "b") == ""
    assert single(found, "b", "0") == "0"


def test_other_ends_of_lines_are_part_of_a_text() -> None:
    """Whatever Unicode takes for one: a document may be named with it, and no record begins behind it."""
    (found,) = records("@a x\u2028@b y\x85z\n", WHAT, ("a", "b"))
    assert found.rest == "x\u2028@b y\x85z"
    assert key_values("a=1\u2028b=2\n") == {"a": "1\u2028b=2"}
