"""Text from a target."""

from __future__ import annotations

from pytest_zebu.facts.answer import plain_text


def test_text_from_a_target_loses_its_escapes() -> None:
    assert plain_text(b"\x1b[31mred\x1b[0m \x1b]0;title\x07bell\x08 \xff") == "red bell \ufffd"
