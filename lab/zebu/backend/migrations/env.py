"""Alembic's entry: the database of the environment, the tables of the models."""

from alembic import context

from zebu.database import engine
from zebu.models import Base

with engine().connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()
