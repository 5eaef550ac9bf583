"""Tables. What belongs to what is known to the code only."""

import uuid
from datetime import UTC, date, datetime
from decimal import Decimal

from sqlalchemy import Date, DateTime, Index, Numeric, String, Uuid
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


def now() -> datetime:
    """The present, with its zone."""
    return datetime.now(UTC)


class Base(DeclarativeBase):
    """All tables."""


class Portfolio(Base):
    """A user's portfolio."""

    __tablename__ = "portfolios"
    __table_args__ = (Index("idx_portfolio_user_id", "user_id"),)

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=uuid.uuid4)
    user_id: Mapped[uuid.UUID] = mapped_column(Uuid)
    name: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)


class Transaction(Base):
    """A movement of cash, and of shares where it is a trade."""

    __tablename__ = "transactions"
    __table_args__ = (Index("idx_transaction_portfolio_id", "portfolio_id"),)

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=uuid.uuid4)
    portfolio_id: Mapped[uuid.UUID] = mapped_column(Uuid)
    transaction_type: Mapped[str] = mapped_column(String(20))
    timestamp: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)
    cash_change: Mapped[Decimal] = mapped_column(Numeric(20, 2))
    ticker: Mapped[str | None] = mapped_column(String(5))
    quantity: Mapped[Decimal | None] = mapped_column(Numeric(20, 4))


class PortfolioSnapshot(Base):
    """A portfolio's value at the end of a day."""

    __tablename__ = "portfolio_snapshots"

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=uuid.uuid4)
    portfolio_id: Mapped[uuid.UUID] = mapped_column(Uuid)
    snapshot_date: Mapped[date] = mapped_column(Date)
    total_value: Mapped[Decimal] = mapped_column(Numeric(20, 2))


class PriceHistory(Base):
    """A price that was seen."""

    __tablename__ = "price_history"
    __table_args__ = (Index("idx_price_history_ticker_timestamp", "ticker", "timestamp"),)

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=uuid.uuid4)
    ticker: Mapped[str] = mapped_column(String(5))
    price: Mapped[Decimal] = mapped_column(Numeric(20, 4))
    timestamp: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)
