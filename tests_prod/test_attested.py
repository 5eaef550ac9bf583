"""Items that only people decide."""

from __future__ import annotations

from pytest_zebu.catalogue import load
from pytest_zebu.facts.answer import NotAssessed
from pytest_zebu.plugin.checks import items, suite


@items(*(item.id for item in load() if item.id not in suite()))
def test_people_attest(zebu_item: str) -> None:
    """A machine cannot see this: somebody has to look, and to sign for it.

    Fix: `zebu attest ID`, which asks for statement, signer and evidence.
    """
    raise NotAssessed("not attested")
