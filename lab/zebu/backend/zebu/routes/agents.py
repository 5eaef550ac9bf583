"""Triggers that wake a strategy, and questions put to an agent."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field
from sqlalchemy import select

from zebu.auth import User
from zebu.database import Database
from zebu.models import (
    ExplorationTask,
    Portfolio,
    StrategyActivation,
    StrategyConditionTrigger,
    TriggerFireRecord,
)
from zebu.owners import owned
from zebu.paging import Limit, Offset, page

router = APIRouter(tags=["agents"])


class NewTrigger(BaseModel):
    """Body of `POST /triggers`."""

    activation_id: uuid.UUID
    direction: Literal["ABOVE", "BELOW"]
    threshold: Annotated[Decimal, Field(gt=0, decimal_places=4, max_digits=18)]


class NewTask(BaseModel):
    """Body of `POST /exploration-tasks`."""

    prompt: Annotated[str, Field(min_length=1, max_length=2000)]
    portfolio_id: uuid.UUID | None = None


def _trigger(row: StrategyConditionTrigger) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "activation_id": str(row.activation_id),
        "direction": row.direction,
        "threshold": str(row.threshold),
        "enabled": row.enabled,
        "created_at": row.created_at.isoformat(),
    }


def _fire(row: TriggerFireRecord) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "trigger_id": str(row.trigger_id),
        "price": str(row.price),
        "fired_at": row.fired_at.isoformat(),
    }


def _task(row: ExplorationTask) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "portfolio_id": row.portfolio_id and str(row.portfolio_id),
        "prompt": row.prompt,
        "status": row.status,
        "created_at": row.created_at.isoformat(),
    }


@router.post("/triggers", status_code=201)
def watch(body: NewTrigger, caller: User, database: Database) -> dict[str, Any]:
    """Watch a price for an activation."""
    activation = owned(database, caller, StrategyActivation, body.activation_id)
    row = StrategyConditionTrigger(
        id=uuid.uuid4(),
        user_id=caller.user_id,
        activation_id=activation.id,
        direction=body.direction,
        threshold=body.threshold,
        enabled=True,
    )
    database.add(row)
    database.commit()
    return _trigger(row)


@router.get("/triggers")
def triggers(caller: User, database: Database, limit: Limit = 20, offset: Offset = 0) -> dict[str, Any]:
    """The caller's triggers."""
    query = select(StrategyConditionTrigger).where(StrategyConditionTrigger.user_id == caller.user_id)
    return page(database, query.order_by(StrategyConditionTrigger.created_at), _trigger, limit, offset)


@router.get("/triggers/{trigger_id}/fires")
def fires(
    trigger_id: uuid.UUID, caller: User, database: Database, limit: Limit = 20, offset: Offset = 0
) -> dict[str, Any]:
    """When a trigger fired."""
    row = owned(database, caller, StrategyConditionTrigger, trigger_id)
    query = select(TriggerFireRecord).where(TriggerFireRecord.trigger_id == row.id)
    return page(database, query.order_by(TriggerFireRecord.fired_at), _fire, limit, offset)


@router.delete("/triggers/{trigger_id}", status_code=204)
def unwatch(trigger_id: uuid.UUID, caller: User, database: Database) -> Response:
    """Watch no longer."""
    database.delete(owned(database, caller, StrategyConditionTrigger, trigger_id))
    database.commit()
    return Response(status_code=204)


@router.post("/exploration-tasks", status_code=201)
def ask(body: NewTask, caller: User, database: Database) -> dict[str, Any]:
    """Put a question to an agent; it stays open until one takes it."""
    if body.portfolio_id is not None:
        owned(database, caller, Portfolio, body.portfolio_id)
    row = ExplorationTask(
        id=uuid.uuid4(),
        user_id=caller.user_id,
        portfolio_id=body.portfolio_id,
        prompt=body.prompt,
        status="OPEN",
    )
    database.add(row)
    database.commit()
    return _task(row)


@router.get("/exploration-tasks")
def tasks(caller: User, database: Database, limit: Limit = 20, offset: Offset = 0) -> dict[str, Any]:
    """The caller's questions."""
    query = select(ExplorationTask).where(ExplorationTask.user_id == caller.user_id)
    return page(database, query.order_by(ExplorationTask.created_at), _task, limit, offset)


@router.get("/exploration-tasks/{task_id}")
def task(task_id: uuid.UUID, caller: User, database: Database) -> dict[str, Any]:
    """One question."""
    return _task(owned(database, caller, ExplorationTask, task_id))
