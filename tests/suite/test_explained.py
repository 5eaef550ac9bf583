"""Every check says why it matters, how to mend what it finds, and where that is written."""

from __future__ import annotations

import pytest

from pytest_zebu.plugin.checks import prose, suite


@pytest.mark.parametrize("item_id", sorted(suite()))
def test_every_check_explains_itself(item_id: str) -> None:
    text = prose(suite()[item_id])
    assert text.why
    assert text.fix
    assert text.see
