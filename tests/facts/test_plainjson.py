"""JSON of strangers: what it says twice, without end or by halves, it does not say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_zebu.facts.plainjson import MOST_DEEP, NoJson, loads, whole_text

pytestmark = pytest.mark.hostile("parsers")


def nested(depth: int, opening: str = "[", closing: str = "]") -> str:
    return opening * depth + "1" + closing * depth


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "{", "}", "nul", "'a'", "{a: 1}", "[1,]", "[1] [2]", "// a\n1", "\ufeff{}", "\x00", "{}\x00", "[01]", "[+1]", "[.5]", "[1_0]", "[٣]",
        "[²]", '["\t"]', '["a\nb"]', r'["\x41"]', r'["\u12"]', "NaN", "[Infinity]", "[-Infinity]", "[1e999]", "[-1e999]", "[" + "9" * 41 + "]",
        "[" + "9" * 5000 + "]", "[-" + "9" * 5000 + "]", '{"a": 1, "a": 2}', '{"a": 1, "a": true}', '{"a": 1, "a": 1.0}', '{"a": {"b": 1, "b": 2}}',
        '[{"a": [1], "a": [2]}]', '{"a": null, "a": 0}', r'{"\ud800": 1, "\ud801": 2}', nested(MOST_DEEP + 1), nested(100_000), nested(100_000, '{"a":', "}"),
    ],
    ids=lambda text: ascii(text[:16]) + ("…" if len(text) > 16 else ""),
)  # fmt: skip
def test_what_is_no_json(text: str) -> None:
    with pytest.raises(NoJson):
        loads(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1, "a": 1}', {"a": 1}),
        ('{"a": {"b": [1]}, "a": {"b": [1]}}', {"a": {"b": [1]}}),
        ("[-0, 1e3, 18446744073709551615]", [0, 1000.0, 2**64 - 1]),
        (r'["\ud800", "a\udfffb", "\ud83d\ude00"]', ["\ufffd", "a\ufffdb", "\U0001f600"]),
        (r'{"\ud800": {"\udc00": ["\udfff"]}}', {"\ufffd": {"\ufffd": ["\ufffd"]}}),
        (r'"\ud800"', "\ufffd"),
        ('{"__class__": {"__init__": 1}}', {"__class__": {"__init__": 1}}),
    ],
    ids=[
        "doubled alike",
        "doubled alike and nested",
        "numbers",
        "halves of characters",
        "names",
        "alone",
        "names of Python's",
    ],
)
def test_what_is_read(text: str, value: Any) -> None:
    found = loads(text)
    assert found == value
    json.dumps(found, ensure_ascii=False).encode()


def test_as_deep_as_may_be() -> None:
    assert json.dumps(loads(nested(MOST_DEEP))) == nested(MOST_DEEP)
    assert loads(nested(MOST_DEEP - 1, '[{"a": 1},', "]"))


def test_a_whole_text_can_be_written() -> None:
    assert whole_text("a\ud800\udc00b").encode() == b"a\xef\xbf\xbd\xef\xbf\xbdb"
    assert whole_text("grün \U0001f600") == "grün \U0001f600"
