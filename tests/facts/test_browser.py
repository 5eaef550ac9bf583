"""What the browser saw."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Reason, Unknown
from pytest_zebu.facts.browser import look
from pytest_zebu.facts.fact import Gathered, Look
from pytest_zebu.settings.target import Target


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"picture": '"><script>'}, Reason.GARBLED),
        ({"wide": "much"}, Reason.GARBLED),
    ],
)
def test_what_a_page_says_of_itself_is_not_taken_as_it_is(
    change: dict[str, object], reason: Reason, target: Target
) -> None:
    row = {"width": 360, "trouble": "", "wide": 360, "inner": 360, "viewport": "", "small": [], "picture": "", **change}
    asked = look(target)
    assert isinstance(asked, Look)
    gathered = replace(Gathered(), looks={asked.key: {"pages": [], "loads": [], "screens": [row]}})
    answer = ALL["screens"].read(gathered, target)
    assert isinstance(answer, Unknown)
    assert answer.reason is reason
