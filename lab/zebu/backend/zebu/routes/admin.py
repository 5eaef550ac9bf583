"""What administrators see."""

from __future__ import annotations

from typing import Annotated, Any

import redis
from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import SQLAlchemyError

from zebu import history
from zebu import jobs as scheduled
from zebu.auth import Administrator
from zebu.config import settings
from zebu.database import Database
from zebu.errors import Refused
from zebu.models import BackfillTask, JobExecution, PriceHistory, StrategyConditionTrigger, TickerWatch, now
from zebu.prices import cache, cached, forget

router = APIRouter(tags=["admin"])
Ticker = Annotated[str, Path(pattern=r"^[A-Z]{1,5}$")]


class Watched(BaseModel):
    """Body of the watch list's routes, and of a back-fill."""

    ticker: Annotated[str, Field(pattern=r"^[A-Z]{1,5}$")]


def _database_answers(database: Database) -> bool:
    try:
        database.execute(text("select 1"))
    except SQLAlchemyError:
        return False
    return True


def _redis_answers() -> bool:
    try:
        return bool(cache().ping())
    except redis.RedisError:
        return False


def _presence(value: str) -> dict[str, Any]:
    return {"present": bool(value), "prefix": value[:3], "length": len(value)}


@router.get("/debug")
def debug(_caller: Administrator, database: Database) -> dict[str, Any]:
    """The health of what stands behind the backend."""
    config = settings()
    answers = _redis_answers()
    return {
        "environment": config.environment,
        "database": {"connected": _database_answers(database), "pool_size": config.pool_size},
        "redis": {"connected": answers, "ping": answers},
        "api_keys": {
            "clerk": _presence(config.clerk_secret_key),
            "alpha_vantage": _presence(config.alpha_vantage_api_key),
        },
        "services": {"market_data": "alpha_vantage"},
    }


@router.get("/admin/jobs/health")
def jobs(_caller: Administrator, database: Database) -> dict[str, Any]:
    """The last run of each scheduled job."""
    found = []
    cadence = scheduled.DAY_SECONDS
    for name in scheduled.JOBS:
        query = select(JobExecution).where(JobExecution.job_name == name)
        last = database.scalar(query.order_by(JobExecution.started_at.desc()).limit(1))
        age = (now() - last.started_at).total_seconds() if last else None
        finished = last.finished_at if last else None
        found.append(
            {
                "job_name": name,
                "last_run": last and last.started_at.isoformat(),
                "last_status": last and last.status,
                "duration_seconds": (finished - last.started_at).total_seconds()
                if last and finished
                else None,
                "expected_cadence_seconds": cadence,
                "is_stale": age is None or age > 2 * cadence,
                "stale_threshold_seconds": 2 * cadence,
                "error_message": last and last.error_message,
            }
        )
    return {"jobs": found}


@router.get("/debug/scheduler")
def scheduler(_caller: Administrator) -> dict[str, Any]:
    """The scheduled jobs, and when they run next."""
    moment = scheduled.next_run(now()).isoformat()
    return {"running": True, "jobs": [{"id": name, "next_run_time": moment} for name in scheduled.JOBS]}


@router.get("/debug/price-cache/{ticker}")
def price_cache(ticker: Ticker, _caller: Administrator) -> dict[str, Any]:
    """What the cache holds of a share."""
    return cached(ticker)


@router.get("/admin/data-coverage")
def coverage(_caller: Administrator, database: Database) -> dict[str, Any]:
    """From when to when there are stored prices of each share."""
    query = select(
        PriceHistory.ticker, func.min(PriceHistory.timestamp), func.max(PriceHistory.timestamp), func.count()
    ).group_by(PriceHistory.ticker)
    return {
        "tickers": [
            {"ticker": ticker, "first": first.isoformat(), "last": last.isoformat(), "count": count}
            for ticker, first, last, count in database.execute(query.order_by(PriceHistory.ticker))
        ]
    }


@router.post("/admin/data-coverage/backfill", status_code=201)
def backfill(body: Watched, _caller: Administrator, database: Database) -> dict[str, Any]:
    """Fetch a share's past prices, and keep a record of having done so."""
    task = BackfillTask(ticker=body.ticker, status="failed")
    try:
        task.rows_written = history.store(database, body.ticker)
        task.status = "completed"
    finally:
        database.add(task)
        database.commit()
    return {"task_id": str(task.id), "status": task.status, "rows_written": task.rows_written}


@router.delete("/admin/data-coverage/tickers/{ticker}", status_code=204)
def drop(ticker: Ticker, _caller: Administrator, database: Database) -> Response:
    """Delete a share's stored and cached prices."""
    database.execute(delete(PriceHistory).where(PriceHistory.ticker == ticker))
    database.commit()
    forget(ticker)
    return Response(status_code=204)


@router.post("/admin/watchlist", status_code=201)
def watch(body: Watched, _caller: Administrator, database: Database) -> dict[str, str]:
    """Refresh a share's price daily."""
    if database.get(TickerWatch, body.ticker) is None:
        database.add(TickerWatch(ticker=body.ticker))
        database.commit()
    return {"ticker": body.ticker}


@router.delete("/admin/watchlist/{ticker}", status_code=204)
def unwatch(ticker: Ticker, _caller: Administrator, database: Database) -> Response:
    """Refresh it no longer."""
    found = database.get(TickerWatch, ticker)
    if found is None:
        raise Refused(404, "Not on the watch list", "ticker_not_found")
    database.delete(found)
    database.commit()
    return Response(status_code=204)


@router.post("/admin/triggers/disable-all")
def disable_triggers(_caller: Administrator, database: Database) -> dict[str, int]:
    """Switch every trigger off."""
    query = select(func.count()).where(StrategyConditionTrigger.enabled)
    disabled = database.scalar(query) or 0
    database.execute(update(StrategyConditionTrigger).values(enabled=False))
    database.commit()
    return {"disabled": disabled}


@router.post("/analytics/prices/refresh")
def refresh_prices(_caller: Administrator) -> dict[str, int]:
    """Run the price refresh now."""
    return {"refreshed": scheduled.run("price_refresh")}


@router.post("/analytics/snapshots/daily")
def daily_snapshots(_caller: Administrator) -> dict[str, int]:
    """Run the daily snapshot now."""
    return {"created": scheduled.run("daily_snapshot")}
