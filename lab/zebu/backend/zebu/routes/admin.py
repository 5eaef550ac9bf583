"""What administrators see."""

from __future__ import annotations

from typing import Any

import redis
from fastapi import APIRouter
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from zebu.auth import Administrator
from zebu.config import settings
from zebu.database import Database
from zebu.models import JobExecution, now
from zebu.prices import cache

router = APIRouter(tags=["admin"])
CADENCE_SECONDS = {"daily_snapshot": 86_400, "price_refresh": 86_400}


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
    for name, cadence in CADENCE_SECONDS.items():
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
