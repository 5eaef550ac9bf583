"""Rows that belong to a user."""

from __future__ import annotations

import uuid
from typing import TypeVar

from sqlalchemy.orm import Session

from zebu.auth import User
from zebu.errors import Refused
from zebu.models import (
    BacktestRun,
    ExplorationTask,
    Portfolio,
    Strategy,
    StrategyActivation,
    StrategyConditionTrigger,
)

Row = TypeVar(
    "Row",
    BacktestRun,
    ExplorationTask,
    Portfolio,
    Strategy,
    StrategyActivation,
    StrategyConditionTrigger,
)


def owned(database: Session, caller: User, kind: type[Row], identity: uuid.UUID) -> Row:
    """A row of the caller's.

    Raises:
        Refused: 404 where there is none, 403 where it is another's.
    """
    found = database.get(kind, identity)
    if found is None:
        raise Refused(404, f"{kind.__name__} not found", f"{kind.__name__.lower()}_not_found")
    if found.user_id != caller.user_id:
        raise Refused(403, f"Not the owner of this {kind.__name__}")
    return found
