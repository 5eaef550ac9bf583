"""Passwords of login users, as words."""

from __future__ import annotations

import pytest

from pytest_zebu.facts.accounts import Account
from pytest_zebu.facts.answer import Reason
from pytest_zebu.settings.target import Target
from tests.facts.answers import read, why


def test_each_word_is_kept(target: Target) -> None:
    words = ("own", "default", "empty", "locked", "unknown")
    out = "".join(f"user{n} {word}\n" for n, word in enumerate(words))
    assert read("accounts", out, target) == tuple(Account(f"user{n}", word) for n, word in enumerate(words))


@pytest.mark.parametrize("line", ["root fine", "root", "root $6$salt$hash"])
def test_another_word_is_garbled(line: str, target: Target) -> None:
    assert why("accounts", f"deploy own\n{line}\n", target) is Reason.GARBLED


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize("said", ["", "\n"], ids=["nothing", "an empty line"])
def test_that_there_are_no_users_is_not_believed(said: str, target: Target) -> None:
    assert why("accounts", said, target) is Reason.GARBLED
