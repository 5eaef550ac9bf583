"""The doors: whatever was said, what leaves steers nothing, and has an end."""

from __future__ import annotations

import io
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pytest_zebu.shown import (
    MOST,
    MOST_ENTRIES,
    MOST_IN_LINE,
    clean,
    clean_data,
    clean_line,
    clean_lines,
    code,
    meant,
    nearest,
    say,
    some,
    wrapped,
)
from tests.hostile_texts import DIRTY, forbidden

ANY = (
    st.text()
    | st.sampled_from(list(DIRTY.values())[:50])
    | st.lists(
        st.sampled_from(
            ["\x1b", "[", "]", "\x9b", "m", "::", "##", "[", "\r", "\n", "`", "\u0300", "a", "\x9c", "\x90"]
        )
    ).map("".join)
)


@pytest.mark.parametrize("text", DIRTY.values(), ids=DIRTY)
def test_nothing_that_steers_leaves_and_all_has_an_end(text: str) -> None:
    kept = clean(text)
    assert not forbidden(kept, "\n\t")
    assert len(kept) <= MOST
    assert clean(kept) == kept
    line = clean_line(text)
    assert not forbidden(line, "")
    assert len(line) <= MOST_IN_LINE + 10
    assert not line.lstrip().startswith("::")
    for one in clean_lines(text).split("\n"):
        assert not one.lstrip().startswith("::")
        assert "##[" not in one
        assert "##vso[" not in one


@pytest.mark.parametrize(("text", "shown"), [
    ("\x1b[31mred\x1b[0m", "red"), ("failed\rpassed", "failed\npassed"), ("a\tb", "a\tb"), ("\x1b]0;never ended", "]0;never ended"),
    ("\x9b31mred", "red"), ("user\u202egpj", "usergpj"), ("e\u0301a\u0300", "e\u0301a\u0300"), ("\ud800", "\ufffd"), ("x\x1b[", "x["),
    ("один два 三 عربي हिन्दी", "один два 三 عربي हिन्दी"), ("Z" + "\u0300" * 9, "Z" + "\u0300" * 4),
])  # fmt: skip
def test_what_is_seen_stays(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_what_is_cut_is_counted() -> None:
    assert clean("x" * 200, 100) == f"{'x' * 60} ... (140 more characters)"
    assert clean("x" * 1000, 100) == f"{'x' * 60} ... (940 more characters)"
    assert clean("x" * 100, 100) == "x" * 100
    assert some(["x"] * (MOST_ENTRIES + 5))[-1] == "and 6 more"
    assert len(some([{}] * (MOST_ENTRIES + 5))) == MOST_ENTRIES
    assert some(["x", "y"]) == ["x", "y"]


@given(ANY)
def test_whatever_a_text_is(text: str) -> None:
    for door in (clean, clean_line, clean_lines):
        shown = door(text)
        assert not forbidden(shown, "\n\t")
        assert door(shown) == shown
    assert "\n" not in clean_line(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers(-(2**53), 2**53) | ANY,
        lambda inner: st.lists(inner) | st.dictionaries(ANY, inner),
    )
)
def test_whatever_data_is(data: Any) -> None:
    text = json.dumps(clean_data(data), ensure_ascii=False, allow_nan=False)
    assert not forbidden(text)
    text.encode()
    json.loads(text)


@pytest.mark.hostile("outputs")
@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_none_is_no_json(number: float) -> None:
    assert json.dumps(clean_data({"seconds": number, "at": [1.5]}), allow_nan=False) == '{"seconds": 0.0, "at": [1.5]}'


@given(ANY)
def test_whatever_is_said_is_one_span_of_code(text: str) -> None:
    shown = code(text)
    if shown:
        (paragraph,) = [token for token in MarkdownIt().parse(f"x {shown}") if token.type == "inline"]
        assert [child.type for child in paragraph.children or ()] == ["text", "code_inline"]


def test_a_line_is_said_clean(capsys: pytest.CaptureFixture[str]) -> None:
    say("a\x1b[2Jb\nc")
    assert capsys.readouterr().out == "ab c\n"


@pytest.mark.hostile("outputs")
def test_what_a_terminal_does_not_have_loses_nothing_else() -> None:
    out = io.TextIOWrapper(io.BytesIO(), "ascii")
    say("früh ☠ late", out)
    out.flush()
    assert out.buffer.getvalue() == b"fr?h ? late\n"


def test_what_is_for_copying_is_never_broken() -> None:
    span = "`GRANT pg_read_all_stats TO zebu_observer_of_the_database`"
    text = f"grant it: {span} and then wait for a well-known while, as long as it takes, `or so`"
    found = wrapped(text, 40, " 1  ", "    ")
    assert f"    {span}" in [line[: 4 + len(span)] for line in found]
    assert " ".join(" ".join(found).split()) == f"1 {text}"
    assert all(len(line) <= 40 or span in line for line in found)
    assert found[0].startswith(" 1  grant")
    assert not [line for line in found if line.endswith("well-")]
    assert wrapped("a `b\x00c`", 40) == ["a `b c`"]


def test_the_nearest_of_what_is_known() -> None:
    known = ("score", "strict", "off")
    assert (nearest("scor", known), nearest("zzz", known)) == ("score", "")
    assert (meant("stric", known), meant("", known)) == ("; did you mean 'strict'?", "")
