"""How pages are judged: only what shows something to its users can be quick, fit, or be clean."""

from __future__ import annotations

from pytest_zebu.facts.answer import NotAssessed
from pytest_zebu.facts.browser import Shown


def expect_shown(shown: Shown | None) -> None:
    """A page shows what its users come for."""
    if shown is None:
        raise NotAssessed("what it shows could not be told")
    assert not shown.trouble, shown.trouble
    if shown.doubt:
        raise NotAssessed(shown.doubt)
