"""Prices."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field
from sqlalchemy import func, select

from zebu import history
from zebu.auth import Administrator, User
from zebu.database import Database
from zebu.errors import Refused
from zebu.models import PriceHistory, now
from zebu.prices import cached, price_of

router = APIRouter(prefix="/prices", tags=["prices"])
Ticker = Annotated[str, Path(pattern=r"^[A-Z]{1,5}$")]


class Fetch(BaseModel):
    """Body of `POST /prices/fetch-historical`."""

    ticker: Annotated[str, Field(pattern=r"^[A-Z]{1,5}$")]


@router.get("/")
def known(_caller: User, database: Database) -> dict[str, Any]:
    """The shares whose past prices are stored."""
    tickers = list(database.scalars(select(PriceHistory.ticker).distinct().order_by(PriceHistory.ticker)))
    return {"tickers": tickers, "count": len(tickers)}


@router.post("/fetch-historical", status_code=201)
def fetch(body: Fetch, _caller: Administrator, database: Database) -> dict[str, Any]:
    """Ask the price service for past prices and store them."""
    return {"ticker": body.ticker, "fetched": history.store(database, body.ticker)}


@router.get("/debug/cache/{ticker}")
def cache_entry(ticker: Ticker, _caller: Administrator) -> dict[str, Any]:
    """What the cache holds of a share."""
    return cached(ticker)


@router.get("/batch")
def batch(_caller: User, tickers: Annotated[str, Query(min_length=1, max_length=200)]) -> dict[str, Any]:
    """Several prices; those that cannot be had are left out."""
    wanted = [name for name in tickers.split(",") if name]
    found = {}
    for name in wanted:
        try:
            found[name] = price_of(name).as_json()
        except Refused:
            continue
    return {"prices": found, "requested": len(wanted), "returned": len(found)}


@router.get("/{ticker}")
def price(ticker: Ticker, _caller: User) -> dict[str, Any]:
    """One price."""
    return price_of(ticker).as_json()


@router.get("/{ticker}/history")
def past(
    ticker: Ticker,
    _caller: User,
    database: Database,
    start: date | None = None,
    end: date | None = None,
    interval: Literal["1day"] = "1day",
) -> dict[str, Any]:
    """The stored daily prices of a share, oldest first; a month of them by default."""
    last = end or now().date()
    first = start or last - timedelta(days=30)
    rows = history.between(database, ticker, first, last)
    return {
        "ticker": ticker,
        "prices": [
            {"timestamp": row.timestamp.isoformat(), "price": str(row.price), "source": "database"}
            for row in rows
        ],
        "start": first.isoformat(),
        "end": last.isoformat(),
        "interval": interval,
        "count": len(rows),
    }


@router.get("/{ticker}/check")
def check(
    ticker: Ticker, _caller: User, database: Database, day: Annotated[date, Query(alias="date")]
) -> dict[str, Any]:
    """Whether there is a price of a day, and which earlier day is the closest."""
    until = datetime.combine(day, time.max, now().tzinfo)
    query = select(func.max(PriceHistory.timestamp)).where(PriceHistory.ticker == ticker)
    closest = database.scalar(query.where(PriceHistory.timestamp <= until))
    return {
        "available": closest is not None and closest.date() == day,
        "closest_date": closest and closest.date().isoformat(),
    }
