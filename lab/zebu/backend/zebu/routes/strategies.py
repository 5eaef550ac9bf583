"""Strategies, and the caller's activity."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy import select

from zebu.auth import User
from zebu.database import Database
from zebu.models import Portfolio, Strategy, Transaction
from zebu.paging import Limit, Offset, page

router = APIRouter(tags=["strategies"])


class NewStrategy(BaseModel):
    """Body of `POST /strategies`."""

    name: Annotated[str, Field(min_length=1, max_length=100)]


def _strategy(row: Strategy) -> dict[str, Any]:
    return {"id": str(row.id), "name": row.name, "created_at": row.created_at.isoformat()}


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
    row = Strategy(id=uuid.uuid4(), user_id=caller.user_id, name=body.name)
    database.add(row)
    database.commit()
    return _strategy(row)


@router.get("/strategies")
def index(caller: User, database: Database, limit: Limit = 20, offset: Offset = 0) -> dict[str, Any]:
    """The caller's strategies."""
    query = select(Strategy).where(Strategy.user_id == caller.user_id).order_by(Strategy.created_at)
    return page(database, query, _strategy, limit, offset)


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
