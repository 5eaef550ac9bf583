"""Prices, and the portfolios' daily values."""

import sqlalchemy as sa
from alembic import op

revision = "b001_prices_and_snapshots"
down_revision = "a001_portfolios"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "price_history",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticker", sa.String(5), nullable=False),
        sa.Column("price", sa.Numeric(20, 4), nullable=False),
        sa.Column("timestamp", sa.DateTime(timezone=True), nullable=False),
        sa.Column("interval", sa.String(10), nullable=False),
        sa.Column("source", sa.String(20), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_price_history"),
        sa.UniqueConstraint("ticker", "timestamp", "interval", name="uk_price_history"),
        sa.CheckConstraint("price > 0", name="price_positive"),
    )
    op.create_index("idx_price_history_ticker_timestamp", "price_history", ["ticker", "timestamp"])
    op.create_table(
        "portfolio_snapshots",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("portfolio_id", sa.Uuid(), nullable=False),
        sa.Column("snapshot_date", sa.DateTime(timezone=True), nullable=False),
        sa.Column("total_value", sa.Numeric(20, 2), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_portfolio_snapshots"),
        sa.UniqueConstraint("portfolio_id", "snapshot_date", name="uq_snapshot_portfolio_date"),
        sa.ForeignKeyConstraint(
            ["portfolio_id"],
            ["portfolios.id"],
            name="fk_portfolio_snapshots_portfolio_id_portfolios",
            ondelete="CASCADE",
        ),
    )
    op.create_index("idx_snapshot_date", "portfolio_snapshots", ["snapshot_date"])


def downgrade() -> None:
    op.drop_table("portfolio_snapshots")
    op.drop_table("price_history")
