"""Tables. The migrations make them; a test compares the two."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    MetaData,
    Numeric,
    String,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


def now() -> datetime:
    """The present, with its zone."""
    return datetime.now(UTC)


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
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)


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
    timestamp: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)
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
    snapshot_date: Mapped[datetime] = mapped_column(DateTime(timezone=True))
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
    timestamp: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    interval: Mapped[str] = mapped_column(String(10), default="1day")
    source: Mapped[str] = mapped_column(String(20), default="alpha_vantage")
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)


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
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Strategy(Base):
    """A named trading strategy."""

    __tablename__ = "strategies"
    __table_args__ = (Index("idx_strategy_user_id", "user_id"),)

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=uuid.uuid4)
    user_id: Mapped[uuid.UUID] = mapped_column(Uuid)
    name: Mapped[str] = mapped_column(String(100))
    api_key_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("api_keys.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)


class JobExecution(Base):
    """A run of a scheduled job."""

    __tablename__ = "job_executions"
    __table_args__ = (Index("idx_job_execution_name_started", "job_name", "started_at"),)

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=uuid.uuid4)
    job_name: Mapped[str] = mapped_column(String(100))
    status: Mapped[str] = mapped_column(String(20))
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    error_message: Mapped[str | None] = mapped_column(String(500))
