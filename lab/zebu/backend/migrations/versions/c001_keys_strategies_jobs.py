"""API keys, strategies and the record of scheduled jobs."""

import sqlalchemy as sa
from alembic import op

revision = "c001_keys_strategies_jobs"
down_revision = "b001_prices_and_snapshots"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("clerk_user_id", sa.String(100), nullable=False),
        sa.Column("label", sa.String(100), nullable=False),
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("scopes", sa.String(100), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Column("last_used_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
    )
    op.create_index("idx_api_key_hash", "api_keys", ["key_hash"], unique=True)
    op.create_index("idx_api_key_user_id", "api_keys", ["user_id"])
    op.create_table(
        "strategies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("api_key_id", sa.Uuid()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_strategies"),
        sa.ForeignKeyConstraint(
            ["api_key_id"], ["api_keys.id"], name="fk_strategies_api_key_id_api_keys", ondelete="SET NULL"
        ),
    )
    op.create_index("idx_strategy_user_id", "strategies", ["user_id"])
    op.create_table(
        "job_executions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("job_name", sa.String(100), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("error_message", sa.String(500)),
        sa.PrimaryKeyConstraint("id", name="pk_job_executions"),
    )
    op.create_index("idx_job_execution_name_started", "job_executions", ["job_name", "started_at"])


def downgrade() -> None:
    op.drop_table("job_executions")
    op.drop_table("strategies")
    op.drop_table("api_keys")
