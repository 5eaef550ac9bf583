"""The engine, with the library's own pool, and one session per request."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from papertrade.models import Base
from papertrade.settings import settings

engine = create_engine(settings.database_url, echo=True)


def create_tables() -> None:
    """Make the tables that are missing."""
    Base.metadata.create_all(engine)


def _session() -> Iterator[Session]:
    with Session(engine, expire_on_commit=False) as session:
        yield session


Database = Annotated[Session, Depends(_session)]
