"""Items that only people decide."""

from __future__ import annotations

from pytest_zebu.catalogue import load
from pytest_zebu.checks import items, suite
from pytest_zebu.outcome import NotAssessed


@items(*(item.id for item in load() if item.id not in suite()))
def test_people_attest(zebu_item: str) -> None:
    """A machine cannot see this: somebody has to look, and to sign for it.

    Fix: `zebu attest ID`, which asks for statement, signer and evidence.
    """
    raise NotAssessed("not attested")
