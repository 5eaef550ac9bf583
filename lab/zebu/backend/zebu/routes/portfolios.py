"""Portfolios, their cash, trades, holdings and history."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from zebu import history, ledger
from zebu.auth import User
from zebu.database import Database
from zebu.errors import Refused
from zebu.models import Portfolio, PortfolioSnapshot, Transaction, now
from zebu.owners import owned
from zebu.paging import Limit, Offset, page
from zebu.prices import price_of

router = APIRouter(prefix="/portfolios", tags=["portfolios"])
Amount = Annotated[Decimal, Field(gt=0, decimal_places=2, max_digits=18)]
Kind = Literal["DEPOSIT", "WITHDRAWAL", "BUY", "SELL"]


class NewPortfolio(BaseModel):
    """Body of `POST /portfolios`."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    initial_deposit: Amount
    currency: Annotated[str, Field(min_length=3, max_length=3)] = "USD"


class CashMove(BaseModel):
    """Body of deposit and withdraw."""

    amount: Amount
    currency: Annotated[str, Field(min_length=3, max_length=3)] = "USD"


class Trade(BaseModel):
    """Body of `POST /portfolios/{id}/trades`."""

    action: Literal["BUY", "SELL"]
    ticker: Annotated[str, Field(pattern=r"^[A-Z]{1,5}$")]
    quantity: Annotated[Decimal, Field(gt=0, decimal_places=4, max_digits=18)]
    as_of: datetime | None = None


def _entries(database: Session, portfolio_id: uuid.UUID) -> list[Transaction]:
    query = select(Transaction).where(Transaction.portfolio_id == portfolio_id)
    return list(database.scalars(query.order_by(Transaction.timestamp)))


def _portfolio(row: Portfolio) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "user_id": str(row.user_id),
        "name": row.name,
        "created_at": row.created_at.isoformat(),
        "portfolio_type": row.portfolio_type,
    }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def _transaction(row: Transaction) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "portfolio_id": str(row.portfolio_id),
        "transaction_type": row.transaction_type,
        "timestamp": row.timestamp.isoformat(),
        "cash_change": str(row.cash_change),
        "ticker": row.ticker,
        "quantity": _text(row.quantity),
        "price_per_share": _text(row.price_per_share),
        "notes": row.notes,
    }


def _balance(database: Session, portfolio: Portfolio) -> dict[str, Any]:
    entries = _entries(database, portfolio.id)
    money = ledger.cash(entries)
    value = Decimal(0)
    missing = []
    for held in ledger.holdings(entries):
        try:
            value += held.quantity * price_of(held.ticker).price
        except Refused:
            missing.append(held.ticker)
    return {
        "portfolio_id": str(portfolio.id),
        "cash_balance": str(money),
        "holdings_value": str(value.quantize(ledger.CENT)),
        "total_value": str((money + value).quantize(ledger.CENT)),
        "daily_change": "0.00",
        "daily_change_percent": "0.00",
        "currency": portfolio.currency,
        "as_of": now().isoformat(),
        "pricing_status": "loading" if missing else "ok",
        "missing_tickers": missing,
        "retry_after_seconds": 60 if missing else None,
    }


@router.post("", status_code=201)
def create(body: NewPortfolio, caller: User, database: Database) -> dict[str, str]:
    """Open a portfolio with a first deposit."""
    portfolio = Portfolio(id=uuid.uuid4(), user_id=caller.user_id, name=body.name, currency=body.currency)
    deposit = Transaction(
        id=uuid.uuid4(),
        portfolio_id=portfolio.id,
        transaction_type="DEPOSIT",
        cash_change=body.initial_deposit,
        notes="Initial deposit",
    )
    database.add(portfolio)
    database.flush()
    database.add(deposit)
    database.commit()
    return {"portfolio_id": str(portfolio.id), "transaction_id": str(deposit.id)}


@router.get("")
def index(
    caller: User, database: Database, limit: Limit = 20, offset: Offset = 0, include_backtest: bool = False
) -> dict[str, Any]:
    """The caller's portfolios; those of backtests where asked for."""
    query = select(Portfolio).where(Portfolio.user_id == caller.user_id)
    if not include_backtest:
        query = query.where(Portfolio.portfolio_type == "PAPER_TRADING")
    return page(database, query.order_by(Portfolio.created_at), _portfolio, limit, offset)


@router.get("/balances")
def balances(caller: User, database: Database, limit: Limit = 20, offset: Offset = 0) -> dict[str, Any]:
    """The caller's balances."""
    query = select(Portfolio).where(Portfolio.user_id == caller.user_id).order_by(Portfolio.created_at)
    return page(database, query, lambda row: _balance(database, row), limit, offset)


@router.get("/{portfolio_id}")
def read(portfolio_id: uuid.UUID, caller: User, database: Database) -> dict[str, Any]:
    """One portfolio."""
    return _portfolio(owned(database, caller, Portfolio, portfolio_id))


@router.delete("/{portfolio_id}", status_code=204)
def remove(portfolio_id: uuid.UUID, caller: User, database: Database) -> Response:
    """Close a portfolio with all that belongs to it."""
    portfolio = owned(database, caller, Portfolio, portfolio_id)
    for table in (Transaction, PortfolioSnapshot):
        database.execute(delete(table).where(table.portfolio_id == portfolio.id))
    database.delete(portfolio)
    database.commit()
    return Response(status_code=204)


def _move(database: Session, portfolio: Portfolio, kind: Kind, change: Decimal) -> dict[str, str]:
    entry = Transaction(id=uuid.uuid4(), portfolio_id=portfolio.id, transaction_type=kind, cash_change=change)
    database.add(entry)
    database.commit()
    return {"transaction_id": str(entry.id)}


def _insufficient(available: Decimal, required: Decimal) -> Refused:
    fields = {
        "available": str(available),
        "required": str(required),
        "shortfall": str(required - available),
    }
    return Refused(400, "Insufficient funds", "insufficient_funds", fields)


@router.post("/{portfolio_id}/deposit", status_code=201)
def deposit(portfolio_id: uuid.UUID, body: CashMove, caller: User, database: Database) -> dict[str, str]:
    """Pay in."""
    return _move(database, owned(database, caller, Portfolio, portfolio_id), "DEPOSIT", body.amount)


@router.post("/{portfolio_id}/withdraw", status_code=201)
def withdraw(portfolio_id: uuid.UUID, body: CashMove, caller: User, database: Database) -> dict[str, str]:
    """Pay out, as far as there is cash."""
    portfolio = owned(database, caller, Portfolio, portfolio_id)
    available = ledger.cash(_entries(database, portfolio.id))
    if available < body.amount:
        raise _insufficient(available, body.amount)
    return _move(database, portfolio, "WITHDRAWAL", -body.amount)


@router.post("/{portfolio_id}/trades", status_code=201)
def trade(portfolio_id: uuid.UUID, body: Trade, caller: User, database: Database) -> dict[str, str]:
    """Buy or sell at the price of the moment."""
    portfolio = owned(database, caller, Portfolio, portfolio_id)
    entries = _entries(database, portfolio.id)
    price = price_of(body.ticker).price
    amount = (price * body.quantity).quantize(ledger.CENT)
    if body.action == "BUY":
        available = ledger.cash(entries)
        if available < amount:
            raise _insufficient(available, amount)
        amount = -amount
    else:
        held = {item.ticker: item.quantity for item in ledger.holdings(entries)}
        if held.get(body.ticker, Decimal(0)) < body.quantity:
            raise Refused(400, "Insufficient shares", "insufficient_shares")
    entry = Transaction(
        id=uuid.uuid4(),
        portfolio_id=portfolio.id,
        transaction_type=body.action,
        cash_change=amount,
        ticker=body.ticker,
        quantity=body.quantity,
        price_per_share=price,
    )
    database.add(entry)
    database.commit()
    return {"transaction_id": str(entry.id)}


@router.get("/{portfolio_id}/balance")
def balance(portfolio_id: uuid.UUID, caller: User, database: Database) -> dict[str, Any]:
    """Cash and the value of what is held."""
    return _balance(database, owned(database, caller, Portfolio, portfolio_id))


@router.get("/{portfolio_id}/holdings")
def holdings(portfolio_id: uuid.UUID, caller: User, database: Database) -> dict[str, list[dict[str, Any]]]:
    """What is held, at cost and at the price of the moment."""
    portfolio = owned(database, caller, Portfolio, portfolio_id)
    rows = []
    for held in ledger.holdings(_entries(database, portfolio.id)):
        price = price_of(held.ticker)
        value = held.quantity * price.price
        gain = value - held.cost_basis
        rows.append(
            {
                "ticker": held.ticker,
                "quantity": str(held.quantity),
                "cost_basis": str(held.cost_basis),
                "average_cost_per_share": str(held.average_cost),
                "current_price": str(price.price),
                "market_value": str(value.quantize(ledger.CENT)),
                "unrealized_gain_loss": str(gain.quantize(ledger.CENT)),
                "unrealized_gain_loss_percent": str((gain / held.cost_basis * 100).quantize(ledger.CENT)),
                "price_timestamp": price.timestamp.isoformat(),
                "price_source": price.source,
            }
        )
    return {"holdings": rows}


@router.get("/{portfolio_id}/transactions")
def transactions(
    portfolio_id: uuid.UUID,
    caller: User,
    database: Database,
    limit: Limit = 20,
    offset: Offset = 0,
    transaction_type: Kind | None = None,
) -> dict[str, Any]:
    """The history, oldest first."""
    portfolio = owned(database, caller, Portfolio, portfolio_id)
    query = select(Transaction).where(Transaction.portfolio_id == portfolio.id)
    if transaction_type is not None:
        query = query.where(Transaction.transaction_type == transaction_type)
    return page(database, query.order_by(Transaction.timestamp), _transaction, limit, offset)


RANGES = {"1W": 7, "1M": 31, "3M": 92, "1Y": 366, "ALL": 36_500}


@router.get("/{portfolio_id}/performance")
def performance(
    portfolio_id: uuid.UUID,
    caller: User,
    database: Database,
    span: Annotated[Literal["1W", "1M", "3M", "1Y", "ALL"], Query(alias="range")] = "1M",
) -> dict[str, Any]:
    """The recorded daily values of a span, and their change."""
    portfolio = owned(database, caller, Portfolio, portfolio_id)
    since = now() - timedelta(days=RANGES[span])
    query = select(PortfolioSnapshot).where(
        PortfolioSnapshot.portfolio_id == portfolio.id, PortfolioSnapshot.snapshot_date >= since
    )
    rows = database.scalars(query.order_by(PortfolioSnapshot.snapshot_date)).all()
    change = rows[-1].total_value - rows[0].total_value if rows else Decimal(0)
    return {
        "portfolio_id": str(portfolio.id),
        "range": span,
        "data_points": [
            {"date": row.snapshot_date.date().isoformat(), "total_value": str(row.total_value)}
            for row in rows
        ],
        "absolute_change": str(change),
    }


@router.get("/{portfolio_id}/composition")
def composition(portfolio_id: uuid.UUID, caller: User, database: Database) -> dict[str, Any]:
    """What share of the cost each holding is, and cash."""
    portfolio = owned(database, caller, Portfolio, portfolio_id)
    entries = _entries(database, portfolio.id)
    parts = {"CASH": ledger.cash(entries)} | {
        held.ticker: held.cost_basis for held in ledger.holdings(entries)
    }
    total = sum(parts.values(), Decimal(0))
    return {
        "portfolio_id": str(portfolio.id),
        "total_value": str(total),
        "composition": [
            {
                "ticker": ticker,
                "value": str(value),
                "percentage": str((value / total * 100).quantize(ledger.CENT)) if total else "0.00",
            }
            for ticker, value in parts.items()
        ],
    }


@router.post("/{portfolio_id}/snapshots/backfill", status_code=201)
def backfill(portfolio_id: uuid.UUID, caller: User, database: Database) -> dict[str, int]:
    """Record the missing daily values since the portfolio was opened, a year at most."""
    portfolio = owned(database, caller, Portfolio, portfolio_id)
    days = min((now().date() - portfolio.created_at.date()).days, 366)
    made = sum(
        history.snapshot(database, portfolio, now().date() - timedelta(days=back)) for back in range(days + 1)
    )
    database.commit()
    return {"created": made}
