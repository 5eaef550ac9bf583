"""Backtests: a strategy's share bought on the first day and held to the last."""

from __future__ import annotations

import time
import uuid
from collections import deque
from datetime import date
from decimal import ROUND_DOWN, Decimal
from threading import Lock
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field
from sqlalchemy import select

from zebu import history, ledger
from zebu.auth import User
from zebu.database import Database
from zebu.errors import Refused
from zebu.models import BacktestRun, Portfolio, Strategy, Transaction
from zebu.owners import owned
from zebu.paging import Limit, Offset, page

router = APIRouter(prefix="/backtests", tags=["backtests"])
LIMITS = ((60.0, 5), (86_400.0, 100))


class _Limiter:
    """Starts per API key in the windows of `LIMITS`; in memory, so a restart forgets."""

    def __init__(self) -> None:
        self._starts: dict[uuid.UUID, deque[float]] = {}
        self._lock = Lock()

    def take(self, key: uuid.UUID) -> None:
        present = time.monotonic()
        with self._lock:
            starts = self._starts.setdefault(key, deque(maxlen=LIMITS[-1][1]))
            for seconds, count in LIMITS:
                recent = [start for start in starts if present - start < seconds]
                if len(recent) >= count:
                    wait = str(int(seconds - (present - recent[0])) + 1)
                    raise Refused(
                        429,
                        "Too many backtests",
                        "rate_limit_exceeded",
                        {"retry_after_seconds": wait},
                        {"Retry-After": wait},
                    )
            starts.append(present)


limiter = _Limiter()


class NewBacktest(BaseModel):
    """Body of `POST /backtests`."""

    strategy_id: uuid.UUID
    start_date: date
    end_date: date
    initial_cash: Annotated[Decimal, Field(gt=0, decimal_places=2, max_digits=18)]


def _shape(row: BacktestRun) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "portfolio_id": str(row.portfolio_id),
        "strategy_id": row.strategy_id and str(row.strategy_id),
        "start_date": row.start_date.isoformat(),
        "end_date": row.end_date.isoformat(),
        "status": row.status,
        "initial_cash": str(row.initial_cash),
        "final_value": None if row.final_value is None else str(row.final_value),
        "created_at": row.created_at.isoformat(),
    }


@router.post("", status_code=201)
def create(body: NewBacktest, caller: User, database: Database) -> dict[str, Any]:
    """Try a strategy on stored prices."""
    if caller.api_key_id is not None:
        limiter.take(caller.api_key_id)
    strategy = owned(database, caller, Strategy, body.strategy_id)
    if body.end_date <= body.start_date:
        raise Refused(400, "The end is not after the start", "invalid_date_range")
    prices = history.between(database, strategy.ticker, body.start_date, body.end_date)
    if not prices:
        raise Refused(503, "Market data is unavailable", "market_data_unavailable", {"reason": "no_history"})
    first, last = prices[0], prices[-1]
    quantity = (body.initial_cash / first.price).quantize(Decimal("0.0001"), ROUND_DOWN)
    spent = (quantity * first.price).quantize(ledger.CENT)
    portfolio = Portfolio(
        id=uuid.uuid4(),
        user_id=caller.user_id,
        name=f"Backtest of {strategy.name}"[:100],
        currency="USD",
        portfolio_type="BACKTEST",
    )
    database.add(portfolio)
    database.flush()
    for kind, change, bought in (("DEPOSIT", body.initial_cash, False), ("BUY", -spent, True)):
        database.add(
            Transaction(
                portfolio_id=portfolio.id,
                transaction_type=kind,
                timestamp=first.timestamp,
                cash_change=change,
                ticker=strategy.ticker if bought else None,
                quantity=quantity if bought else None,
                price_per_share=first.price if bought else None,
            )
        )
    row = BacktestRun(
        id=uuid.uuid4(),
        user_id=caller.user_id,
        portfolio_id=portfolio.id,
        strategy_id=strategy.id,
        api_key_id=caller.api_key_id,
        start_date=body.start_date,
        end_date=body.end_date,
        status="COMPLETED",
        initial_cash=body.initial_cash,
        final_value=(body.initial_cash - spent + quantity * last.price).quantize(ledger.CENT),
    )
    database.add(row)
    database.commit()
    return _shape(row)


@router.get("")
def index(caller: User, database: Database, limit: Limit = 20, offset: Offset = 0) -> dict[str, Any]:
    """The caller's backtests."""
    query = select(BacktestRun).where(BacktestRun.user_id == caller.user_id)
    return page(database, query.order_by(BacktestRun.created_at), _shape, limit, offset)


@router.get("/{backtest_id}")
def read(backtest_id: uuid.UUID, caller: User, database: Database) -> dict[str, Any]:
    """One backtest."""
    return _shape(owned(database, caller, BacktestRun, backtest_id))


@router.delete("/{backtest_id}", status_code=204)
def remove(backtest_id: uuid.UUID, caller: User, database: Database) -> Response:
    """Forget a backtest with its portfolio."""
    row = owned(database, caller, BacktestRun, backtest_id)
    portfolio_id = row.portfolio_id
    database.delete(row)
    database.flush()
    for entry in database.scalars(select(Transaction).where(Transaction.portfolio_id == portfolio_id)):
        database.delete(entry)
    database.flush()
    database.delete(owned(database, caller, Portfolio, portfolio_id))
    database.commit()
    return Response(status_code=204)
