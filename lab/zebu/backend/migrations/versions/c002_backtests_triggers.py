"""Backtests, activations, triggers, exploration tasks, the watch list and back-filled prices."""

import sqlalchemy as sa
from alembic import op

revision = "c002_backtests_triggers"
down_revision = "c001_keys_strategies_jobs"
branch_labels = None
depends_on = None


def _id() -> sa.Column[object]:
    return sa.Column("id", sa.Uuid(), nullable=False)


def _made() -> sa.Column[object]:
    return sa.Column("created_at", sa.DateTime(timezone=True), nullable=False)


def _key(table: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint("id", name=f"pk_{table}")


def _to(table: str, column: str, target: str, ondelete: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}_{target}"
    if len(name) > 63:  # PostgreSQL's limit
        name = f"fk_{table}_{column}"
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete=ondelete)


def upgrade() -> None:
    with op.batch_alter_table("strategies") as strategies:
        strategies.add_column(sa.Column("ticker", sa.String(5), nullable=False, server_default="IBM"))
        strategies.create_index("idx_strategy_api_key_id", ["api_key_id"])
    op.create_table(
        "ticker_watchlist",
        sa.Column("ticker", sa.String(5), nullable=False),
        sa.Column("next_refresh_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("ticker", name="pk_ticker_watchlist"),
    )
    op.create_index("idx_watchlist_next_refresh", "ticker_watchlist", ["next_refresh_at"])
    op.create_table(
        "backtest_runs",
        _id(),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("portfolio_id", sa.Uuid(), nullable=False),
        sa.Column("strategy_id", sa.Uuid()),
        sa.Column("api_key_id", sa.Uuid()),
        sa.Column("start_date", sa.Date(), nullable=False),
        sa.Column("end_date", sa.Date(), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("initial_cash", sa.Numeric(20, 2), nullable=False),
        sa.Column("final_value", sa.Numeric(20, 2)),
        _made(),
        _key("backtest_runs"),
        _to("backtest_runs", "portfolio_id", "portfolios", "CASCADE"),
        _to("backtest_runs", "strategy_id", "strategies", "SET NULL"),
        _to("backtest_runs", "api_key_id", "api_keys", "SET NULL"),
    )
    for column in ("user_id", "portfolio_id", "strategy_id", "api_key_id"):
        op.create_index(f"idx_backtest_run_{column}", "backtest_runs", [column])
    op.create_table(
        "backtest_agent_invocations",
        _id(),
        sa.Column("backtest_run_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        _made(),
        _key("backtest_agent_invocations"),
        _to("backtest_agent_invocations", "backtest_run_id", "backtest_runs", "CASCADE"),
    )
    op.create_index("idx_backtest_invocation_run_id", "backtest_agent_invocations", ["backtest_run_id"])
    op.create_table(
        "strategy_activations",
        _id(),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("strategy_id", sa.Uuid(), nullable=False),
        sa.Column("portfolio_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        _made(),
        _key("strategy_activations"),
        _to("strategy_activations", "strategy_id", "strategies", "CASCADE"),
        _to("strategy_activations", "portfolio_id", "portfolios", "CASCADE"),
    )
    for column in ("strategy_id", "portfolio_id", "user_id"):
        op.create_index(f"idx_activation_{column}", "strategy_activations", [column])
    op.create_table(
        "exploration_tasks",
        _id(),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("portfolio_id", sa.Uuid()),
        sa.Column("prompt", sa.String(2000), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        _made(),
        _key("exploration_tasks"),
        _to("exploration_tasks", "portfolio_id", "portfolios", "SET NULL"),
    )
    for column in ("user_id", "portfolio_id"):
        op.create_index(f"idx_exploration_task_{column}", "exploration_tasks", [column])
    op.create_table(
        "strategy_condition_triggers",
        _id(),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("activation_id", sa.Uuid(), nullable=False),
        sa.Column("direction", sa.String(5), nullable=False),
        sa.Column("threshold", sa.Numeric(20, 4), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        _made(),
        _key("strategy_condition_triggers"),
        _to("strategy_condition_triggers", "activation_id", "strategy_activations", "CASCADE"),
    )
    for column in ("activation_id", "user_id"):
        op.create_index(f"idx_trigger_{column}", "strategy_condition_triggers", [column])
    op.create_table(
        "trigger_fire_records",
        _id(),
        sa.Column("trigger_id", sa.Uuid(), nullable=False),
        sa.Column("transaction_id", sa.Uuid()),
        sa.Column("exploration_task_id", sa.Uuid()),
        sa.Column("api_key_id", sa.Uuid()),
        sa.Column("price", sa.Numeric(20, 4), nullable=False),
        sa.Column("fired_at", sa.DateTime(timezone=True), nullable=False),
        _key("trigger_fire_records"),
        _to("trigger_fire_records", "trigger_id", "strategy_condition_triggers", "CASCADE"),
        _to("trigger_fire_records", "transaction_id", "transactions", "SET NULL"),
        _to("trigger_fire_records", "exploration_task_id", "exploration_tasks", "SET NULL"),
        _to("trigger_fire_records", "api_key_id", "api_keys", "RESTRICT"),
    )
    for column in ("trigger_id", "transaction_id", "exploration_task_id", "api_key_id"):
        op.create_index(f"idx_trigger_fire_{column}", "trigger_fire_records", [column])
    op.create_table(
        "backfill_tasks",
        _id(),
        sa.Column("ticker", sa.String(5), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("rows_written", sa.Integer(), nullable=False),
        _made(),
        _key("backfill_tasks"),
    )


def downgrade() -> None:
    for table in (
        "backfill_tasks",
        "trigger_fire_records",
        "strategy_condition_triggers",
        "exploration_tasks",
        "strategy_activations",
        "backtest_agent_invocations",
        "backtest_runs",
        "ticker_watchlist",
    ):
        op.drop_table(table)
    with op.batch_alter_table("strategies") as strategies:
        strategies.drop_index("idx_strategy_api_key_id")
        strategies.drop_column("ticker")
