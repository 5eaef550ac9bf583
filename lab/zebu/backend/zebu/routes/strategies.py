"""Strategies, their activations, and the caller's activity."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field
from sqlalchemy import select

from zebu.auth import User
from zebu.database import Database
from zebu.models import Portfolio, Strategy, StrategyActivation, Transaction
from zebu.owners import owned
from zebu.paging import Limit, Offset, page

router = APIRouter(tags=["strategies"])


class NewStrategy(BaseModel):
    """Body of `POST /strategies`."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    ticker: Annotated[str, Field(pattern=r"^[A-Z]{1,5}$")] = "IBM"


class NewActivation(BaseModel):
    """Body of `POST /strategies/{id}/activate`."""

    portfolio_id: uuid.UUID


def _strategy(row: Strategy) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "name": row.name,
        "ticker": row.ticker,
        "created_at": row.created_at.isoformat(),
    }


def _activation(row: StrategyActivation) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "strategy_id": str(row.strategy_id),
        "portfolio_id": str(row.portfolio_id),
        "status": row.status,
        "created_at": row.created_at.isoformat(),
    }


def _activity(row: Transaction) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "kind": row.transaction_type,
        "portfolio_id": str(row.portfolio_id),
        "timestamp": row.timestamp.isoformat(),
    }


@router.post("/strategies", status_code=201)
def create(body: NewStrategy, caller: User, database: Database) -> dict[str, Any]:
    """Name a strategy."""
    row = Strategy(id=uuid.uuid4(), user_id=caller.user_id, name=body.name, ticker=body.ticker)
    database.add(row)
    database.commit()
    return _strategy(row)


@router.get("/strategies")
def index(caller: User, database: Database, limit: Limit = 20, offset: Offset = 0) -> dict[str, Any]:
    """The caller's strategies."""
    query = select(Strategy).where(Strategy.user_id == caller.user_id).order_by(Strategy.created_at)
    return page(database, query, _strategy, limit, offset)


@router.get("/strategies/{strategy_id}")
def read(strategy_id: uuid.UUID, caller: User, database: Database) -> dict[str, Any]:
    """One strategy."""
    return _strategy(owned(database, caller, Strategy, strategy_id))


@router.delete("/strategies/{strategy_id}", status_code=204)
def remove(strategy_id: uuid.UUID, caller: User, database: Database) -> Response:
    """Give a strategy up, its activations with it."""
    row = owned(database, caller, Strategy, strategy_id)
    for activation in database.scalars(
        select(StrategyActivation).where(StrategyActivation.strategy_id == row.id)
    ):
        database.delete(activation)
    database.flush()
    database.delete(row)
    database.commit()
    return Response(status_code=204)


@router.post("/strategies/{strategy_id}/activate", status_code=201)
def activate(strategy_id: uuid.UUID, body: NewActivation, caller: User, database: Database) -> dict[str, Any]:
    """Set a strategy to work on a portfolio."""
    strategy = owned(database, caller, Strategy, strategy_id)
    portfolio = owned(database, caller, Portfolio, body.portfolio_id)
    row = StrategyActivation(
        id=uuid.uuid4(),
        user_id=caller.user_id,
        strategy_id=strategy.id,
        portfolio_id=portfolio.id,
        status="ACTIVE",
    )
    database.add(row)
    database.commit()
    return _activation(row)


@router.get("/activations")
def activations(caller: User, database: Database, limit: Limit = 20, offset: Offset = 0) -> dict[str, Any]:
    """The caller's activations."""
    query = select(StrategyActivation).where(StrategyActivation.user_id == caller.user_id)
    return page(database, query.order_by(StrategyActivation.created_at), _activation, limit, offset)


@router.post("/activations/{activation_id}/deactivate")
def deactivate(activation_id: uuid.UUID, caller: User, database: Database) -> dict[str, Any]:
    """Stop an activation."""
    row = owned(database, caller, StrategyActivation, activation_id)
    row.status = "STOPPED"
    database.commit()
    return _activation(row)


@router.get("/activity")
def activity(caller: User, database: Database, limit: Limit = 20, offset: Offset = 0) -> dict[str, Any]:
    """What happened in the caller's portfolios, newest first."""
    query = (
        select(Transaction)
        .join(Portfolio, Portfolio.id == Transaction.portfolio_id)
        .where(Portfolio.user_id == caller.user_id)
        .order_by(Transaction.timestamp.desc())
    )
    return page(database, query, _activity, limit, offset)
