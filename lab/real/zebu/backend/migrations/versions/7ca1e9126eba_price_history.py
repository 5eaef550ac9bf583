"""Price history.

Revision ID: 7ca1e9126eba
Revises: e46ccf3fcc35
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "7ca1e9126eba"
down_revision: str | Sequence[str] | None = "e46ccf3fcc35"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "price_history",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("ticker", sa.String(5), nullable=False),
        sa.Column("price", sa.Numeric(20, 4), nullable=False),
        sa.Column("timestamp", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index(
        "idx_price_history_ticker_timestamp", "price_history", ["ticker", "timestamp"]
    )


def downgrade() -> None:
    op.drop_table("price_history")
