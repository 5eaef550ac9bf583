"""The rules speak of the checklist as it is, and of what causes can fill in."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

import pytest

from pytest_zebu.catalogue import load
from pytest_zebu.verdict.cause_rules import RULES, Rule

CATALOGUE = load()
IDS = [item.id for item in CATALOGUE]
FILLED_IN = {"subject", "host", "api", "unpublished"}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.key)
def test_a_rule_speaks_of_items_that_there_are(rule: Rule) -> None:
    assert rule.root in CATALOGUE
    for follow in rule.follows:
        for pattern in follow.items:
            assert any(fnmatchcase(item, pattern) for item in IDS), pattern


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.key)
def test_what_is_filled_in_is_known(rule: Rule) -> None:
    assert "subject" in re.compile(rule.says).groupindex
    for follow in rule.follows:
        names = set(re.findall(r"\{([a-z]+)\}", follow.says))
        assert names <= FILLED_IN, follow.says
        re.compile(re.sub(r"\{[a-z]+\}", "x", follow.says))
        re.compile(follow.where)


def test_a_cause_has_a_key_and_a_title_of_its_own() -> None:
    made = [(rule.key.format(subjects="x"), rule.title.format(subjects="x")) for rule in RULES]
    assert len({title for _, title in made}) == len(made)
    assert all(title[0].isupper() for _, title in made)
