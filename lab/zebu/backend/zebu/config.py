"""Settings, read once from the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import lru_cache


def _list(name: str) -> tuple[str, ...]:
    return tuple(part for part in os.environ.get(name, "").split(",") if part)


@dataclass(frozen=True, slots=True)
class Settings:
    """The values that the backend runs with."""

    environment: str
    log_level: str
    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    cors_origins: tuple[str, ...]
    clerk_secret_key: str = field(repr=False)
    clerk_api_url: str
    api_key_hmac_secret: str = field(repr=False)
    admin_user_ids: tuple[str, ...]
    alpha_vantage_api_key: str = field(repr=False)
    alpha_vantage_url: str
    alpha_vantage_per_minute: int
    alpha_vantage_per_day: int
    pool_size: int
    max_overflow: int

    @property
    def signs_in(self) -> bool:
        """Whether sign-in is configured; production refuses the test values."""
        refused = {"", "test"} if self.environment == "production" else {""}
        return self.clerk_secret_key not in refused and self.api_key_hmac_secret not in refused


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Read the environment.

    Raises:
        ValueError: a number is not a number.
    """
    env = os.environ.get
    return Settings(
        environment=env("APP_ENV", "development"),
        log_level=env("APP_LOG_LEVEL", "INFO"),
        database_url=env("DATABASE_URL", "sqlite://"),
        redis_url=env("REDIS_URL", "redis://redis:6379/0"),
        cors_origins=_list("CORS_ORIGINS"),
        clerk_secret_key=env("CLERK_SECRET_KEY", ""),
        clerk_api_url=env("CLERK_API_URL", "https://api.clerk.com/v1"),
        api_key_hmac_secret=env("API_KEY_HMAC_SECRET", ""),
        admin_user_ids=_list("ADMIN_USER_IDS"),
        alpha_vantage_api_key=env("ALPHA_VANTAGE_API_KEY", "demo"),
        alpha_vantage_url=env("ALPHA_VANTAGE_URL", "https://www.alphavantage.co/query"),
        alpha_vantage_per_minute=int(env("ALPHA_VANTAGE_RATE_LIMIT_PER_MIN", "5")),
        alpha_vantage_per_day=int(env("ALPHA_VANTAGE_RATE_LIMIT_PER_DAY", "500")),
        pool_size=int(env("DB_POOL_SIZE", "10")),
        max_overflow=int(env("DB_MAX_OVERFLOW", "20")),
    )
