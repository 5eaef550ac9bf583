"""The application."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware

from zebu import errors, jobs, logs
from zebu.config import settings
from zebu.routes import admin, agents, backtests, keys, portfolios, prices, strategies

log = logs.logger(__name__)


@asynccontextmanager
async def _lifespan(_app: FastAPI) -> AsyncIterator[None]:
    config = settings()
    logs.configure(config)
    log.info(
        "Application starting",
        environment=config.environment,
        log_level=config.log_level,
        json_output=config.environment == "production",
    )
    scheduler = asyncio.create_task(jobs.schedule())
    log.info("Application startup complete")
    yield
    scheduler.cancel()


app = FastAPI(title="Zebu API", version="0.1.0", lifespan=_lifespan)
errors.install(app)


@app.middleware("http")
async def _correlate(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    identity = request.headers.get("x-correlation-id") or str(uuid.uuid4())
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(
        correlation_id=identity,
        request_path=request.url.path,
        request_method=request.method,
        client_ip=request.client.host if request.client else None,
    )
    log.info("Request started", path=request.url.path, method=request.method)
    started = time.perf_counter()
    response = await call_next(request)
    log.info(
        "Request completed",
        status_code=response.status_code,
        duration_seconds=round(time.perf_counter() - started, 6),
    )
    response.headers["X-Correlation-ID"] = identity
    return response


app.add_middleware(
    CORSMiddleware,
    allow_origins=list(settings().cors_origins),
    allow_credentials=True,
    allow_methods=["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"],
    allow_headers=["*"],
    max_age=600,
)


@app.get("/health")
def health() -> dict[str, str]:
    """A constant: it says that the process answers, and nothing of what stands behind it."""
    return {"status": "healthy"}


@app.get("/")
def root() -> dict[str, str]:
    """A greeting."""
    return {"message": "Zebu API"}


api = APIRouter(prefix="/api/v1")


@api.get("/")
def api_root() -> dict[str, str]:
    """A greeting."""
    return {"message": "Zebu API v1"}


for part in (portfolios, prices, keys, strategies, backtests, agents, admin):
    api.include_router(part.router)
app.include_router(api)
