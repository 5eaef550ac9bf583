"""Prices."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from zebu.auth import User
from zebu.errors import Refused
from zebu.prices import price_of

router = APIRouter(prefix="/prices", tags=["prices"])
Ticker = Annotated[str, Path(pattern=r"^[A-Z]{1,5}$")]


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
