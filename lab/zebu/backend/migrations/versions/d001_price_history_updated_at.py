"""When a price was last written."""

import sqlalchemy as sa
from alembic import op

revision = "d001_price_history_updated_at"
down_revision = "c002_backtests_triggers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "price_history",
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )


def downgrade() -> None:
    op.drop_column("price_history", "updated_at")
