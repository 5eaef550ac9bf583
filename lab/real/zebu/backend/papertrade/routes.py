"""The API: portfolios for their owners, prices for everybody."""

import uuid
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Path
from pydantic import BaseModel, Field
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from papertrade.auth import User
from papertrade.database import Database
from papertrade.models import Portfolio, PortfolioSnapshot, Transaction
from papertrade.prices import Prices
from papertrade.services import prices

Ticker = Annotated[str, Path(pattern=r"^[A-Z]{1,5}$")]
PricesNeeded = Annotated[Prices, Depends(prices)]

router = APIRouter(prefix="/api/v1")


class NewPortfolio(BaseModel):
    """Body of `POST /portfolios`."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    initial_deposit: Annotated[Decimal, Field(gt=0, decimal_places=2)]


class Trade(BaseModel):
    """Body of `POST /portfolios/{id}/trades`."""

    ticker: Annotated[str, Field(pattern=r"^[A-Z]{1,5}$")]
    quantity: Annotated[Decimal, Field(gt=0, decimal_places=4)]


@router.get("/")
def greeting() -> dict[str, str]:
    """A greeting."""
    return {"message": "PaperTrade API v1"}


@router.get("/prices/{ticker}")
def price(ticker: Ticker, known: PricesNeeded) -> dict[str, Any]:
    """One price; nobody needs to sign in."""
    return known.of(ticker)


def _owned(database: Session, user: uuid.UUID, portfolio_id: uuid.UUID) -> Portfolio:
    found = database.get(Portfolio, portfolio_id)
    if found is None:
        raise HTTPException(404, {"type": "portfolio_not_found", "message": "No such portfolio"})
    if found.user_id != user:
        raise HTTPException(403, {"type": "not_owner", "message": "Not the owner"})
    return found


@router.get("/portfolios")
def portfolios(_known: PricesNeeded, user: User, database: Database) -> list[dict[str, Any]]:
    """The caller's portfolios."""
    rows = database.scalars(select(Portfolio).where(Portfolio.user_id == user))
    return [{"id": str(row.id), "name": row.name} for row in rows]


@router.post("/portfolios", status_code=201)
def create(
    body: NewPortfolio, _known: PricesNeeded, user: User, database: Database
) -> dict[str, str]:
    """Open a portfolio with a first deposit."""
    portfolio = Portfolio(id=uuid.uuid4(), user_id=user, name=body.name)
    deposit = Transaction(
        id=uuid.uuid4(),
        portfolio_id=portfolio.id,
        transaction_type="DEPOSIT",
        cash_change=body.initial_deposit,
    )
    database.add_all([portfolio, deposit])
    database.commit()
    return {"portfolio_id": str(portfolio.id), "transaction_id": str(deposit.id)}


@router.delete("/portfolios/{portfolio_id}", status_code=204)
def remove(
    portfolio_id: uuid.UUID, _known: PricesNeeded, user: User, database: Database
) -> None:
    """Close a portfolio with all that belongs to it."""
    portfolio = _owned(database, user, portfolio_id)
    for table in (Transaction, PortfolioSnapshot):
        database.execute(delete(table).where(table.portfolio_id == portfolio.id))
    database.delete(portfolio)
    database.commit()


@router.post("/portfolios/{portfolio_id}/trades", status_code=201)
def buy(
    portfolio_id: uuid.UUID, body: Trade, known: PricesNeeded, user: User, database: Database
) -> dict[str, str]:
    """Buy at the price of the moment."""
    portfolio = _owned(database, user, portfolio_id)
    cost = Decimal(known.of(body.ticker)["price"]) * body.quantity
    entry = Transaction(
        id=uuid.uuid4(),
        portfolio_id=portfolio.id,
        transaction_type="BUY",
        cash_change=-cost.quantize(Decimal("0.01")),
        ticker=body.ticker,
        quantity=body.quantity,
    )
    database.add(entry)
    database.commit()
    return {"transaction_id": str(entry.id)}


@router.get("/portfolios/{portfolio_id}/transactions")
def transactions(
    portfolio_id: uuid.UUID, _known: PricesNeeded, user: User, database: Database
) -> dict[str, Any]:
    """The history, oldest first."""
    portfolio = _owned(database, user, portfolio_id)
    query = select(Transaction).where(Transaction.portfolio_id == portfolio.id)
    rows = database.scalars(query.order_by(Transaction.timestamp)).all()
    listed = [
        {
            "id": str(row.id),
            "transaction_type": row.transaction_type,
            "cash_change": str(row.cash_change),
            "ticker": row.ticker,
        }
        for row in rows
    ]
    return {"transactions": listed, "total_count": len(listed)}
