"""Alembic's entry."""

from alembic import context

from papertrade.database import engine
from papertrade.models import Base

with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()
