"""What the application must show when it works."""

from __future__ import annotations

from datetime import date

import pytest

from tests_prod.pre_deployment.test_application_functionality import trading_day


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
