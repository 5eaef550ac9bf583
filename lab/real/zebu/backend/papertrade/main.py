"""The application."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from papertrade import routes
from papertrade.database import create_tables
from papertrade.settings import settings

logging.basicConfig(level=settings.log_level, format="%(levelname)s:     %(name)s - %(message)s")


@asynccontextmanager
async def _lifespan(_app: FastAPI) -> AsyncIterator[None]:
    create_tables()
    yield


app = FastAPI(title="PaperTrade API", version="0.1.0", lifespan=_lifespan)
app.add_middleware(
    CORSMiddleware,
    allow_origins=list(settings.cors_origins),
    allow_credentials=True,
    allow_methods=["*"],
    allow_headers=["*"],
)


@app.get("/health")
def health() -> dict[str, str]:
    """A constant."""
    return {"status": "healthy"}


@app.get("/")
def root() -> dict[str, str]:
    """A greeting."""
    return {"message": "PaperTrade API"}


app.include_router(routes.router)
