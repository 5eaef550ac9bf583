"""Portfolios and their transactions."""

import sqlalchemy as sa
from alembic import op

revision = "a001_portfolios"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "portfolios",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("portfolio_type", sa.String(20), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_portfolios"),
    )
    op.create_index("idx_portfolio_user_id", "portfolios", ["user_id"])
    op.create_table(
        "transactions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("portfolio_id", sa.Uuid(), nullable=False),
        sa.Column("transaction_type", sa.String(20), nullable=False),
        sa.Column("timestamp", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cash_change", sa.Numeric(20, 2), nullable=False),
        sa.Column("ticker", sa.String(5)),
        sa.Column("quantity", sa.Numeric(20, 4)),
        sa.Column("price_per_share", sa.Numeric(20, 4)),
        sa.Column("notes", sa.String(500)),
        sa.PrimaryKeyConstraint("id", name="pk_transactions"),
        sa.ForeignKeyConstraint(
            ["portfolio_id"],
            ["portfolios.id"],
            name="fk_transactions_portfolio_id_portfolios",
            ondelete="CASCADE",
        ),
    )
    op.create_index("idx_transaction_portfolio_id", "transactions", ["portfolio_id"])
    op.create_index("idx_transaction_portfolio_timestamp", "transactions", ["portfolio_id", "timestamp"])
    op.create_index("idx_transaction_timestamp", "transactions", ["timestamp"])


def downgrade() -> None:
    op.drop_table("transactions")
    op.drop_table("portfolios")
