"""A portfolio's arithmetic: pure, on its transactions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from zebu.models import Transaction

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Holding:
    """Shares of one company, and what they cost."""

    ticker: str
    quantity: Decimal
    cost_basis: Decimal

    @property
    def average_cost(self) -> Decimal:
        """Cost per share."""
        return self.cost_basis / self.quantity


def cash(transactions: Iterable[Transaction]) -> Decimal:
    """The cash balance."""
    return sum((entry.cash_change for entry in transactions), Decimal(0))


def holdings(transactions: Iterable[Transaction]) -> list[Holding]:
    """What is held, by ticker; a sale takes its share of the cost with it."""
    held: dict[str, Holding] = {}
    for entry in transactions:
        if entry.ticker is None or entry.quantity is None:
            continue
        old = held.get(entry.ticker, Holding(entry.ticker, Decimal(0), Decimal(0)))
        if entry.transaction_type == "BUY":
            new = Holding(old.ticker, old.quantity + entry.quantity, old.cost_basis - entry.cash_change)
        else:
            left = old.quantity - entry.quantity
            new = Holding(old.ticker, left, old.cost_basis * left / old.quantity)
        held[entry.ticker] = new
    return sorted((item for item in held.values() if item.quantity > 0), key=lambda item: item.ticker)
