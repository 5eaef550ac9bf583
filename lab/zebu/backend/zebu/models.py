"""Tables. The migrations make them; a test compares the two."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from decimal import Decimal

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Numeric,
    String,
    TypeDecorator,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


def now() -> datetime:
    """The present, with its zone."""
    return datetime.now(UTC)


class Moment(TypeDecorator[datetime]):
    """A moment with its zone, also where the database forgets it, as SQLite does."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Say that it is UTC where nothing is said."""
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


class Base(DeclarativeBase):
    """All tables."""

    metadata = MetaData(
        naming_convention={
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
            "ix": "idx_%(table_name)s_%(column_0_name)s",
        }
    )


class Portfolio(Base):
    """A user's portfolio."""

    __tablename__ = "portfolios"
    __table_args__ = (Index("idx_portfolio_user_id", "user_id"),)

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=uuid.uuid4)
    user_id: Mapped[uuid.UUID] = mapped_column(Uuid)
    name: Mapped[str] = mapped_column(String(100))
    currency: Mapped[str] = mapped_column(String(3), default="USD")
    portfolio_type: Mapped[str] = mapped_column(String(20), default="PAPER_TRADING")
    created_at: Mapped[datetime] = mapped_column(Moment, default=now)


class Transaction(Base):
    """A movement of cash, and of shares where it is a trade."""

    __tablename__ = "transactions"
    __table_args__ = (
        Index("idx_transaction_portfolio_id", "portfolio_id"),
        Index("idx_transaction_portfolio_timestamp", "portfolio_id", "timestamp"),
        Index("idx_transaction_timestamp", "timestamp"),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=uuid.uuid4)
    portfolio_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("portfolios.id", ondelete="CASCADE"))
    transaction_type: Mapped[str] = mapped_column(String(20))
    timestamp: Mapped[datetime] = mapped_column(Moment, default=now)
    cash_change: Mapped[Decimal] = mapped_column(Numeric(20, 2))
    ticker: Mapped[str | None] = mapped_column(String(5))
    quantity: Mapped[Decimal | None] = mapped_column(Numeric(20, 4))
    price_per_share: Mapped[Decimal | None] = mapped_column(Numeric(20, 4))
    notes: Mapped[str | None] = mapped_column(String(500))


class PortfolioSnapshot(Base):
    """A portfolio's value at the end of a day."""

    __tablename__ = "portfolio_snapshots"
    __table_args__ = (
        UniqueConstraint("portfolio_id", "snapshot_date", name="uq_snapshot_portfolio_date"),
        Index("idx_snapshot_date", "snapshot_date"),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=uuid.uuid4)
    portfolio_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("portfolios.id", ondelete="CASCADE"))
    snapshot_date: Mapped[datetime] = mapped_column(Moment)
    total_value: Mapped[Decimal] = mapped_column(Numeric(20, 2))


class PriceHistory(Base):
    """A price that the source gave."""

    __tablename__ = "price_history"
    __table_args__ = (
        UniqueConstraint("ticker", "timestamp", "interval", name="uk_price_history"),
        Index("idx_price_history_ticker_timestamp", "ticker", "timestamp"),
        CheckConstraint("price > 0", name="price_positive"),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=uuid.uuid4)
    ticker: Mapped[str] = mapped_column(String(5))
    price: Mapped[Decimal] = mapped_column(Numeric(20, 4))
    timestamp: Mapped[datetime] = mapped_column(Moment)
    interval: Mapped[str] = mapped_column(String(10), default="1day")
    source: Mapped[str] = mapped_column(String(20), default="alpha_vantage")
    updated_at: Mapped[datetime] = mapped_column(Moment, default=now)


class ApiKey(Base):
    """A key of a user; only its HMAC is kept."""

    __tablename__ = "api_keys"
    __table_args__ = (
        Index("idx_api_key_hash", "key_hash", unique=True),
        Index("idx_api_key_user_id", "user_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=uuid.uuid4)
    user_id: Mapped[uuid.UUID] = mapped_column(Uuid)
    clerk_user_id: Mapped[str] = mapped_column(String(100))
    label: Mapped[str] = mapped_column(String(100))
    key_hash: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[str] = mapped_column(String(100), default="read")
    created_at: Mapped[datetime] = mapped_column(Moment, default=now)
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
    last_used_at: Mapped[datetime | None] = mapped_column(Moment)


class Strategy(Base):
    """A named trading strategy."""

    __tablename__ = "strategies"
    __table_args__ = (
        Index("idx_strategy_user_id", "user_id"),
        Index("idx_strategy_api_key_id", "api_key_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=uuid.uuid4)
    user_id: Mapped[uuid.UUID] = mapped_column(Uuid)
    name: Mapped[str] = mapped_column(String(100))
    ticker: Mapped[str] = mapped_column(String(5), default="IBM")
    api_key_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("api_keys.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(Moment, default=now)


class JobExecution(Base):
    """A run of a scheduled job."""

    __tablename__ = "job_executions"
    __table_args__ = (Index("idx_job_execution_name_started", "job_name", "started_at"),)

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=uuid.uuid4)
    job_name: Mapped[str] = mapped_column(String(100))
    status: Mapped[str] = mapped_column(String(20))
    started_at: Mapped[datetime] = mapped_column(Moment, default=now)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)
    error_message: Mapped[str | None] = mapped_column(String(500))


class TickerWatch(Base):
    """A share whose price is refreshed daily."""

    __tablename__ = "ticker_watchlist"
    __table_args__ = (Index("idx_watchlist_next_refresh", "next_refresh_at"),)

    ticker: Mapped[str] = mapped_column(String(5), primary_key=True)
    next_refresh_at: Mapped[datetime] = mapped_column(Moment, default=now)


class BacktestRun(Base):
    """A strategy tried on past prices."""

    __tablename__ = "backtest_runs"
    __table_args__ = (
        Index("idx_backtest_run_user_id", "user_id"),
        Index("idx_backtest_run_portfolio_id", "portfolio_id"),
        Index("idx_backtest_run_strategy_id", "strategy_id"),
        Index("idx_backtest_run_api_key_id", "api_key_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=uuid.uuid4)
    user_id: Mapped[uuid.UUID] = mapped_column(Uuid)
    portfolio_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("portfolios.id", ondelete="CASCADE"))
    strategy_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("strategies.id", ondelete="SET NULL"))
    api_key_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("api_keys.id", ondelete="SET NULL"))
    start_date: Mapped[date] = mapped_column(Date)
    end_date: Mapped[date] = mapped_column(Date)
    status: Mapped[str] = mapped_column(String(20))
    initial_cash: Mapped[Decimal] = mapped_column(Numeric(20, 2))
    final_value: Mapped[Decimal | None] = mapped_column(Numeric(20, 2))
    created_at: Mapped[datetime] = mapped_column(Moment, default=now)


class BacktestAgentInvocation(Base):
    """What an agent was asked in the course of a backtest."""

    __tablename__ = "backtest_agent_invocations"
    __table_args__ = (Index("idx_backtest_invocation_run_id", "backtest_run_id"),)

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=uuid.uuid4)
    backtest_run_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("backtest_runs.id", ondelete="CASCADE"))
    outcome: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(Moment, default=now)


class StrategyActivation(Base):
    """A strategy at work on a portfolio."""

    __tablename__ = "strategy_activations"
    __table_args__ = (
        Index("idx_activation_strategy_id", "strategy_id"),
        Index("idx_activation_portfolio_id", "portfolio_id"),
        Index("idx_activation_user_id", "user_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=uuid.uuid4)
    user_id: Mapped[uuid.UUID] = mapped_column(Uuid)
    strategy_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("strategies.id", ondelete="CASCADE"))
    portfolio_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("portfolios.id", ondelete="CASCADE"))
    status: Mapped[str] = mapped_column(String(20), default="ACTIVE")
    created_at: Mapped[datetime] = mapped_column(Moment, default=now)


class ExplorationTask(Base):
    """A question put to an agent."""

    __tablename__ = "exploration_tasks"
    __table_args__ = (
        Index("idx_exploration_task_user_id", "user_id"),
        Index("idx_exploration_task_portfolio_id", "portfolio_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=uuid.uuid4)
    user_id: Mapped[uuid.UUID] = mapped_column(Uuid)
    portfolio_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("portfolios.id", ondelete="SET NULL"))
    prompt: Mapped[str] = mapped_column(String(2000))
    status: Mapped[str] = mapped_column(String(20), default="OPEN")
    created_at: Mapped[datetime] = mapped_column(Moment, default=now)


class StrategyConditionTrigger(Base):
    """A condition on a price that wakes an activation."""

    __tablename__ = "strategy_condition_triggers"
    __table_args__ = (
        Index("idx_trigger_activation_id", "activation_id"),
        Index("idx_trigger_user_id", "user_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=uuid.uuid4)
    user_id: Mapped[uuid.UUID] = mapped_column(Uuid)
    activation_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("strategy_activations.id", ondelete="CASCADE")
    )
    direction: Mapped[str] = mapped_column(String(5))
    threshold: Mapped[Decimal] = mapped_column(Numeric(20, 4))
    enabled: Mapped[bool] = mapped_column(Boolean, default=True)
    created_at: Mapped[datetime] = mapped_column(Moment, default=now)


class TriggerFireRecord(Base):
    """A trigger that fired, and what came of it."""

    __tablename__ = "trigger_fire_records"
    __table_args__ = (
        Index("idx_trigger_fire_trigger_id", "trigger_id"),
        Index("idx_trigger_fire_transaction_id", "transaction_id"),
        Index("idx_trigger_fire_exploration_task_id", "exploration_task_id"),
        Index("idx_trigger_fire_api_key_id", "api_key_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=uuid.uuid4)
    trigger_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("strategy_condition_triggers.id", ondelete="CASCADE")
    )
    transaction_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("transactions.id", ondelete="SET NULL")
    )
    exploration_task_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("exploration_tasks.id", ondelete="SET NULL")
    )
    api_key_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("api_keys.id", ondelete="RESTRICT"))
    price: Mapped[Decimal] = mapped_column(Numeric(20, 4))
    fired_at: Mapped[datetime] = mapped_column(Moment, default=now)


class BackfillTask(Base):
    """Past prices of a share, asked for."""

    __tablename__ = "backfill_tasks"

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=uuid.uuid4)
    ticker: Mapped[str] = mapped_column(String(5))
    status: Mapped[str] = mapped_column(String(20))
    rows_written: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(Moment, default=now)
