"""API keys: made, listed and removed by a signed-in person only."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field
from sqlalchemy import select

from zebu.auth import Caller, User, hash_key, new_key
from zebu.database import Database
from zebu.errors import Refused
from zebu.models import ApiKey

router = APIRouter(prefix="/api-keys", tags=["api-keys"])


class NewKey(BaseModel):
    """Body of `POST /api-keys`."""

    label: Annotated[str, Field(min_length=1, max_length=100)]
    scopes: list[Literal["read", "trade", "admin"]] = ["read"]
    expires_at: datetime | None = None


def _shape(row: ApiKey) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "label": row.label,
        "scopes": row.scopes.split(","),
        "created_at": row.created_at.isoformat(),
        "expires_at": row.expires_at and row.expires_at.isoformat(),
        "last_used_at": row.last_used_at and row.last_used_at.isoformat(),
    }


def _person(caller: Caller) -> Caller:
    if caller.by_api_key:
        raise Refused(403, "API keys cannot manage API keys")
    return caller


@router.post("", status_code=201)
def create(body: NewKey, caller: User, database: Database) -> dict[str, Any]:
    """Make a key; its value is shown this once."""
    person = _person(caller)
    raw = new_key()
    row = ApiKey(
        id=uuid.uuid4(),
        user_id=person.user_id,
        clerk_user_id=person.clerk_user_id,
        label=body.label,
        key_hash=hash_key(raw),
        scopes=",".join(body.scopes),
        expires_at=body.expires_at,
    )
    database.add(row)
    database.commit()
    return {**_shape(row), "raw_key": raw}


@router.get("")
def index(caller: User, database: Database) -> dict[str, Any]:
    """The caller's keys."""
    query = select(ApiKey).where(ApiKey.user_id == _person(caller).user_id)
    rows = database.scalars(query).all()
    return {"items": [_shape(row) for row in rows], "total": len(rows)}


@router.delete("/{key_id}", status_code=204)
def remove(key_id: uuid.UUID, caller: User, database: Database) -> Response:
    """Withdraw a key."""
    row = database.get(ApiKey, key_id)
    if row is None or row.user_id != _person(caller).user_id:
        raise Refused(404, "API key not found")
    database.delete(row)
    database.commit()
    return Response(status_code=204)
