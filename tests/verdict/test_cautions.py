"""What is to be heeded, and that it speaks of the checklist as it is."""

from __future__ import annotations

from pytest_zebu.catalogue import load
from pytest_zebu.verdict.cautions import GROUPS, ITEMS, KEEP_A_SESSION, OPENINGS, caution
from pytest_zebu.verdict.openings import RULES

CATALOGUE = load()


def test_it_speaks_of_items_and_groups_that_there_are() -> None:
    assert set(ITEMS) <= {item.id for item in CATALOGUE}
    assert set(GROUPS) <= {item.group for item in CATALOGUE}
    assert set(OPENINGS) <= {rule.key for rule in RULES}


def test_whatever_can_lock_out_says_so() -> None:
    for item in CATALOGUE:
        if item.id.startswith(("pre.security.ssh.", "pre.security.firewall.")) or item.id == "deploy.initial.ssh":
            assert caution(item) == KEEP_A_SESSION, item.id
    assert KEEP_A_SESSION in OPENINGS["sudo"]


def test_what_cannot_says_nothing() -> None:
    assert caution(CATALOGUE["post.documentation.contacts.dns"]) == ""
    assert "dump" in caution(CATALOGUE["deploy.database.migrations"])
