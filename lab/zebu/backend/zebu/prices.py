"""Prices: the cache in Redis first, then the price service, within its limits."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, cast

import httpx
import redis

from zebu.config import settings
from zebu.errors import Refused
from zebu.models import now

CACHE_SECONDS = 3600
KEY = "papertrade:price:{}"
LIMITER = "papertrade:ratelimit:alphavantage:{}"


@dataclass(frozen=True, slots=True)
class Price:
    """A price per share, and when and where it was had."""

    ticker: str
    price: Decimal
    timestamp: datetime
    source: str

    @property
    def is_stale(self) -> bool:
        """Older than an hour."""
        return now() - self.timestamp > timedelta(hours=1)

    def as_json(self) -> dict[str, Any]:
        """The body of `GET /prices/{ticker}`."""
        return {
            "ticker": self.ticker,
            "price": str(self.price),
            "currency": "USD",
            "timestamp": self.timestamp.isoformat(),
            "source": self.source,
            "is_stale": self.is_stale,
        }


@lru_cache(maxsize=1)
def cache() -> redis.Redis:
    """The connection to Redis, opened at the first price request."""
    return redis.Redis.from_url(settings().redis_url, socket_timeout=2)


def _unavailable(reason: str) -> Refused:
    return Refused(503, "Market data is unavailable", "market_data_unavailable", {"reason": reason})


def _take_token() -> None:
    config = settings()
    for name, limit, seconds in (
        ("minute", config.alpha_vantage_per_minute, 60),
        ("day", config.alpha_vantage_per_day, 86_400),
    ):
        key = LIMITER.format(name)
        used = cast(int, cache().incr(key))
        if used == 1:
            cache().expire(key, seconds)
        if used > limit:
            raise _unavailable("rate_limited")


def _query(function: str, ticker: str) -> dict[str, Any]:
    config = settings()
    _take_token()
    try:
        answer = httpx.get(
            config.alpha_vantage_url,
            params={"function": function, "symbol": ticker, "apikey": config.alpha_vantage_api_key},
            timeout=5,
        )
        body = answer.json()
    except (httpx.HTTPError, ValueError):
        raise _unavailable("upstream_unreachable") from None
    if not isinstance(body, dict):
        raise _unavailable("upstream_garbled")
    # The texts name the key: they are not passed on.
    if "Information" in body or "Note" in body or "Error Message" in body:
        raise _unavailable("upstream_refused")
    return body


def _ask(ticker: str) -> Price:
    quote = _query("GLOBAL_QUOTE", ticker).get("Global Quote") or {}
    if not quote:
        raise Refused(404, f"Unknown ticker {ticker}", "ticker_not_found")
    try:
        amount = Decimal(quote["05. price"])
        day = datetime.fromisoformat(quote["07. latest trading day"]).replace(tzinfo=UTC)
    except (KeyError, InvalidOperation, ValueError):
        raise _unavailable("upstream_garbled") from None
    return Price(ticker, amount, max(day, now() - timedelta(minutes=1)), "alpha_vantage")


def price_of(ticker: str) -> Price:
    """The price of a share.

    Raises:
        Refused: 404 for an unknown ticker, 503 where there is no price to be had.
    """
    key = KEY.format(ticker)
    try:
        kept = cast("bytes | None", cache().get(key))
        if kept is not None:
            found = json.loads(kept)
            return Price(ticker, Decimal(found["price"]), datetime.fromisoformat(found["timestamp"]), "cache")
        fresh = _ask(ticker)
        value = json.dumps({"price": str(fresh.price), "timestamp": fresh.timestamp.isoformat()})
        cache().setex(key, CACHE_SECONDS, value)
    except redis.RedisError:
        raise _unavailable("cache_unreachable") from None
    return fresh


def daily(ticker: str) -> dict[date, Decimal]:
    """The closing prices of past trading days.

    Raises:
        Refused: 404 for an unknown ticker, 503 where there is nothing to be had.
    """
    try:
        series = _query("TIME_SERIES_DAILY", ticker).get("Time Series (Daily)") or {}
    except redis.RedisError:
        raise _unavailable("cache_unreachable") from None
    if not series:
        raise Refused(404, f"Unknown ticker {ticker}", "ticker_not_found")
    try:
        return {date.fromisoformat(day): Decimal(bar["4. close"]) for day, bar in series.items()}
    except (KeyError, InvalidOperation, ValueError):
        raise _unavailable("upstream_garbled") from None


def forget(ticker: str) -> bool:
    """Drop a cached price; whether there was one.

    Raises:
        Refused: 503 where the cache does not answer.
    """
    try:
        return bool(cache().delete(KEY.format(ticker)))
    except redis.RedisError:
        raise _unavailable("cache_unreachable") from None


def cached(ticker: str) -> dict[str, Any]:
    """What the cache holds of a share, and for how long still (seconds).

    Raises:
        Refused: 503 where the cache does not answer.
    """
    key = KEY.format(ticker)
    try:
        kept, seconds = cast("bytes | None", cache().get(key)), cast(int, cache().ttl(key))
    except redis.RedisError:
        raise _unavailable("cache_unreachable") from None
    return {"key": key, "cached": kept is not None, "ttl_seconds": seconds if kept is not None else None}
