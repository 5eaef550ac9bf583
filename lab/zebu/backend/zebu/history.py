"""Stored prices of past days, and what is worked out from them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from zebu import ledger
from zebu.errors import Refused
from zebu.models import Portfolio, PortfolioSnapshot, PriceHistory, TickerWatch, Transaction
from zebu.prices import daily, price_of


def start_of(day: date) -> datetime:
    """The first moment of a day, UTC."""
    return datetime.combine(day, time.min, UTC)


def between(database: Session, ticker: str, first: date, last: date) -> list[PriceHistory]:
    """The stored prices of a share from one day to another, both included, oldest first."""
    query = select(PriceHistory).where(
        PriceHistory.ticker == ticker,
        PriceHistory.timestamp >= start_of(first),
        PriceHistory.timestamp <= datetime.combine(last, time.max, UTC),
    )
    return list(database.scalars(query.order_by(PriceHistory.timestamp)))


def store(database: Session, ticker: str) -> int:
    """Fetch a share's past prices and keep those that are new; how many were.

    Raises:
        Refused: the price service has none.
    """
    query = select(PriceHistory.timestamp).where(PriceHistory.ticker == ticker)
    known = {moment.date() for moment in database.scalars(query)}
    fresh = {day: price for day, price in daily(ticker).items() if day not in known}
    database.add_all(
        PriceHistory(ticker=ticker, price=price, timestamp=start_of(day)) for day, price in fresh.items()
    )
    database.commit()
    return len(fresh)


def refresh(database: Session) -> int:
    """Ask for the price of every watched share; how many were had."""
    had = 0
    for ticker in database.scalars(select(TickerWatch.ticker)):
        try:
            price_of(ticker)
        except Refused:
            continue
        had += 1
    return had


def value_on(database: Session, portfolio: Portfolio, day: date) -> Decimal:
    """A portfolio's value at the end of a day, by the newest stored price up to it, else at cost."""
    end = datetime.combine(day, time.max, UTC)
    query = select(Transaction).where(Transaction.portfolio_id == portfolio.id, Transaction.timestamp <= end)
    entries = list(database.scalars(query.order_by(Transaction.timestamp)))
    total = ledger.cash(entries)
    for held in ledger.holdings(entries):
        prices = between(database, held.ticker, date.min, day)
        total += held.quantity * prices[-1].price if prices else held.cost_basis
    return total.quantize(ledger.CENT)


def snapshot(database: Session, portfolio: Portfolio, day: date) -> bool:
    """Record a portfolio's value of a day; false where it is recorded already."""
    moment = start_of(day)
    query = select(func.count()).where(
        PortfolioSnapshot.portfolio_id == portfolio.id, PortfolioSnapshot.snapshot_date == moment
    )
    if database.scalar(query):
        return False
    value = value_on(database, portfolio, day)
    database.add(PortfolioSnapshot(portfolio_id=portfolio.id, snapshot_date=moment, total_value=value))
    return True


def snapshots(database: Session, day: date) -> int:
    """Record every portfolio's value of a day; how many were."""
    made = sum(snapshot(database, portfolio, day) for portfolio in list(database.scalars(select(Portfolio))))
    database.commit()
    return made
