"""The page envelope."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import Query
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

Row = TypeVar("Row")
Limit = Annotated[int, Query(ge=1, le=100)]
Offset = Annotated[int, Query(ge=0)]


def page(
    database: Session,
    query: Select[tuple[Row]],
    shape: Callable[[Row], dict[str, Any]],
    limit: int,
    offset: int,
) -> dict[str, Any]:
    """One page of a query's rows, in the envelope that every list answers with."""
    total = database.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    rows = database.scalars(query.limit(limit).offset(offset)).all()
    return {
        "items": [shape(row) for row in rows],
        "total": total,
        "limit": limit,
        "offset": offset,
        "has_more": offset + len(rows) < total,
    }
