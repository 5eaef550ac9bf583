"""YAML as texts."""

from __future__ import annotations

import pytest

from pytest_zebu.facts.plainyaml import BROKEN, documents


def test_every_word_stays_a_text() -> None:
    assert documents("on: push\nversion: 1.10\nsure: no\nnone: ~\n") == [
        {"on": "push", "version": "1.10", "sure": "no", "none": "~"}
    ]
    assert documents("---\n---\na: 1\n---\n- {b: 2,}\n") == [{"a": "1"}, [{"b": "2"}]]


@pytest.mark.parametrize("text", ["a: [", "\t- :", "[" * 20_000, "\0", "!!python/object:os.system x: ["])
def test_what_is_no_yaml(text: str) -> None:
    with pytest.raises(BROKEN):
        documents(text)


BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))


@pytest.mark.parametrize("text", [BOMB, "&a [*a]", "a: &a {b: *a}"])
def test_what_grows_beyond_all_bounds(text: str) -> None:
    with pytest.raises(BROKEN):
        documents(text)


def test_aliases_are_what_they_stand_for() -> None:
    assert documents("a: &a {run: x}\nb: [*a, *a]\n") == [{"a": {"run": "x"}, "b": [{"run": "x"}, {"run": "x"}]}]


def test_nothing_is_made_but_texts() -> None:
    assert documents("!!python/object/apply:os.getcwd []\n") == []
    assert documents("a: !!int '7'\n") == [{"a": "7"}]
