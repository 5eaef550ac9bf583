"""What the application must show when it works."""

from __future__ import annotations

import inspect
from datetime import date

import pytest

from pytest_zebu.facts.answer import Known
from pytest_zebu.facts.source import Source
from pytest_zebu.facts.trials import Attack
from pytest_zebu.plugin.checks import Cases
from pytest_zebu.verdict.outcome import Outcome
from tests_prod.pre_deployment.test_application_functionality import trading_day
from tests_prod.pre_deployment.test_security_application import test_no_statement_is_built_from_values as judge


@pytest.mark.parametrize(
    ("today", "oldest"),
    [
        (date(2026, 11, 24), date(2026, 11, 20)),  # Tuesday: Monday's price, or Friday's where Monday was a holiday
        (date(2026, 11, 22), date(2026, 11, 19)),  # Sunday: Friday's, or Thursday's
        (date(2026, 11, 27), date(2026, 11, 25)),
    ],
)
def test_the_last_trading_day(today: date, oldest: date) -> None:
    assert trading_day(today) == oldest


@pytest.mark.parametrize(("status", "total", "outcome"), [
    (422, 3, Outcome.PASSED), (500, 3, Outcome.FAILED), (200, 3, Outcome.FAILED), (500, None, Outcome.NOT_ASSESSED), (404, None, Outcome.PASSED),
])  # fmt: skip
def test_a_string_that_breaks_what_is_broken_tells_nothing(status: int, total: int | None, outcome: Outcome) -> None:
    case = Cases()
    asked = {"path": "/portfolios", "text": "'", "status": status, "total": total}
    inspect.unwrap(judge)(source=Source(1, (), ()), attack=Known(Attack(total, (asked,), (401,), 1, 1)), case=case)
    assert [one.outcome for one in case.found if one.name.startswith("/portfolios")] == [outcome]
