"""The price service: Alpha Vantage's query address. Errors have status 200, as there.

https://www.alphavantage.co/documentation/
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from lab.standins.server import Request, Response, StandIn


def last_trading_day(today: date) -> date:
    """The last weekday before today; the lab's market has no holidays."""
    day = today - timedelta(days=1)
    while day.weekday() > 4:
        day -= timedelta(days=1)
    return day


def make(state: Path) -> StandIn:
    """The stand-in. State: prices by symbol, age_days (of the quotes, beyond the last trading day)."""
    service = StandIn(state)

    @service.on("GET", r"/query")
    def query(request: Request, state: dict[str, Any]) -> Response:
        symbol = request.query.get("symbol", "")
        if not request.query.get("apikey"):
            return Response({"Error Message": "the parameter apikey is invalid or missing."})
        price = state["prices"].get(symbol)
        day = last_trading_day(datetime.now(UTC).date()) - timedelta(days=state.get("age_days", 0))
        match request.query.get("function"):
            case "GLOBAL_QUOTE" if price is None:
                return Response({"Global Quote": {}})
            case "GLOBAL_QUOTE":
                quote = {
                    "01. symbol": symbol,
                    "02. open": price,
                    "03. high": price,
                    "04. low": price,
                    "05. price": price,
                    "06. volume": "1000000",
                    "07. latest trading day": day.isoformat(),
                    "08. previous close": price,
                    "09. change": "0.0000",
                    "10. change percent": "0.0000%",
                }
                return Response({"Global Quote": quote})
            case "TIME_SERIES_DAILY" if price is not None:
                bar = {"1. open": price, "2. high": price, "3. low": price, "4. close": price, "5. volume": "1000000"}
                return Response({"Meta Data": {"2. Symbol": symbol}, "Time Series (Daily)": {day.isoformat(): bar}})
            case _:
                return Response({"Error Message": "Invalid API call. Please retry or visit the documentation."})

    return service
