"""Prices: from Redis for an hour, else from the price service."""

import json
from dataclasses import dataclass
from typing import Any

import httpx
import redis
from fastapi import HTTPException

from papertrade.models import now
from papertrade.settings import settings

KEY = "papertrade:price:{}"
CACHE_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Prices:
    """The cache, and the service behind it."""

    cache: redis.Redis
    client: httpx.Client

    def of(self, ticker: str) -> dict[str, Any]:
        """The price of a share.

        Raises:
            HTTPException: 404 for an unknown share, 503 where there is no price to be had.
        """
        kept = self.cache.get(KEY.format(ticker))
        if isinstance(kept, bytes):
            return {**json.loads(kept), "source": "cache"}
        answer = self.client.get(
            settings.alpha_vantage_url,
            params={
                "function": "GLOBAL_QUOTE",
                "symbol": ticker,
                "apikey": settings.alpha_vantage_api_key,
            },
        )
        quote = answer.json().get("Global Quote")
        if quote is None:
            raise HTTPException(503, {"type": "market_data_unavailable", "message": "No prices"})
        if not quote:
            raise HTTPException(404, {"type": "ticker_not_found", "message": f"No share {ticker}"})
        found = {
            "ticker": ticker,
            "price": quote["05. price"],
            "currency": "USD",
            "timestamp": now().isoformat(),
        }
        self.cache.setex(KEY.format(ticker), CACHE_SECONDS, json.dumps(found))
        return {**found, "source": "alpha_vantage"}
