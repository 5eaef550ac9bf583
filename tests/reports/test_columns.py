"""Widths, breaks and encodings of lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_zebu.reports.columns import MORE, columns, cut, encodable, folded
from pytest_zebu.shown import clean_line

WORDS = st.lists(st.text("ab/日é", min_size=1, max_size=9), min_size=1, max_size=40)


@pytest.mark.parametrize(("text", "width"), [
    ("", 0), ("plain", 5), ("日本", 4), ("e\u0301", 1), ("é", 1), ("█░", 2), ("🙂", 2), ("ｗｉｄｅ", 8),  # noqa: RUF001
])  # fmt: skip
def test_letters_of_the_far_east_take_two_columns_and_marks_none(text: str, width: int) -> None:
    assert columns(text) == width


@given(WORDS, st.integers(22, 60))
def test_no_word_is_lost_and_no_line_is_too_long(words: list[str], width: int) -> None:
    lines = folded("  " + " ".join(words), width, hanging=4)
    assert " ".join(lines).split() == words
    assert all(columns(line) <= width for line in lines)
    assert lines[0].startswith("  ")
    assert all(line.startswith("    ") and line[4] != " " for line in lines[1:])


@given(st.text(max_size=300).map(clean_line), st.integers(12, 60), st.integers(1, 3))
def test_with_an_end_whatever_is_said_fits(text: str, width: int, most: int) -> None:
    lines = folded(text, width, 4, most)
    assert len(lines) <= most
    assert all(columns(line) <= width for line in lines)
    if columns(text) > most * width:
        assert lines[-1].endswith(MORE)


def test_a_long_word_stays_whole_where_there_is_no_end_and_is_split_where_there_is_one() -> None:
    address = "https://example.org/" + "a" * 60
    assert folded(f"see {address} now", 40) == ["see", f"    {address}", "    now"]
    assert folded(f"see {address} now", 40, most=3) == [
        "see", "    https://example.org/aaaaaaaaaaaaaaaa", "    " + "a" * 33 + MORE,
    ]  # fmt: skip


def test_blanks_that_put_one_thing_below_another_stay() -> None:
    assert folded("one      two   three", 18) == ["one      two", "    three"]
    assert folded("  a  b", 0) == ["  a  b"]


@pytest.mark.parametrize(("text", "width", "shown"), [
    ("as it is", 8, "as it is"), ("as it is", 7, "as i..."), ("a日本語日本語", 8, "a日本..."), ("a long line", 0, "a long line"),
])  # fmt: skip
def test_what_is_cut_says_so(text: str, width: int, shown: str) -> None:
    assert cut(text, width) == shown


@pytest.mark.parametrize(("text", "encoding", "shown"), [
    ("██░ → é", "utf-8", "██░ → é"), ("██░ → 日", "ascii", "##. -> ?"), ("█ é", "latin-1", "# é"), ("é", "no such", "?"),
])  # fmt: skip
def test_what_an_encoding_does_not_have_is_said_otherwise(text: str, encoding: str, shown: str) -> None:
    assert encodable(text, encoding) == shown
