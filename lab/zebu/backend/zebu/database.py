"""One engine per process, one session per request."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated

from fastapi import Depends
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from zebu.config import settings


@lru_cache(maxsize=1)
def engine() -> Engine:
    """The engine; an in-memory SQLite keeps its one connection, so that tests see one database."""
    config = settings()
    if config.database_url == "sqlite://":
        return create_engine(
            config.database_url, poolclass=StaticPool, connect_args={"check_same_thread": False}
        )
    return create_engine(
        config.database_url,
        pool_size=config.pool_size,
        max_overflow=config.max_overflow,
        pool_recycle=1800,
        pool_pre_ping=True,
    )


def _session() -> Iterator[Session]:
    with Session(engine(), expire_on_commit=False) as session:
        yield session


Database = Annotated[Session, Depends(_session)]
