"""The scheduled jobs, run at midnight UTC inside the process, each run on record."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from zebu import history, logs
from zebu.database import engine
from zebu.models import JobExecution, now

log = logs.logger(__name__)
DAY_SECONDS = 86_400


def _refresh(database: Session) -> int:
    return history.refresh(database)


def _snapshot(database: Session) -> int:
    return history.snapshots(database, (now() - timedelta(hours=1)).date())


JOBS: dict[str, Callable[[Session], int]] = {"price_refresh": _refresh, "daily_snapshot": _snapshot}


def run(name: str) -> int:
    """Run a job now and record it; what it counted.

    Raises:
        KeyError: there is no such job.
    """
    job = JOBS[name]
    with Session(engine()) as database:
        record = JobExecution(id=uuid.uuid4(), job_name=name, status="running", started_at=now())
        database.add(record)
        database.commit()
        try:
            count = job(database)
        except Exception as error:
            database.rollback()
            record.status, record.error_message = "failed", type(error).__name__
            raise
        else:
            record.status = "success"
        finally:
            record.finished_at = now()
            database.commit()
    return count


def next_run(moment: datetime) -> datetime:
    """The midnight after a moment."""
    return (moment + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)


async def schedule() -> None:
    """Run all jobs at each midnight until cancelled."""
    while True:
        await asyncio.sleep((next_run(now()) - now()).total_seconds())
        for name in JOBS:
            try:
                await asyncio.to_thread(run, name)
            except Exception as error:
                log.error("Job failed", job_name=name, error=type(error).__name__)
