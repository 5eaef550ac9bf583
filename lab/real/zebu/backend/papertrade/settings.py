"""What the environment says."""

import os
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Settings:
    """The values that the backend runs with; the defaults are those of development."""

    database_url: str = field(
        repr=False, default_factory=lambda: os.environ.get("DATABASE_URL", "sqlite://")
    )
    redis_url: str = field(
        repr=False, default_factory=lambda: os.environ.get("REDIS_URL", "redis://redis:6379/0")
    )
    clerk_secret_key: str = field(
        repr=False, default_factory=lambda: os.environ.get("CLERK_SECRET_KEY", "")
    )
    clerk_api_url: str = field(
        default_factory=lambda: os.environ.get("CLERK_API_URL", "https://api.clerk.com/v1")
    )
    alpha_vantage_api_key: str = field(
        repr=False, default_factory=lambda: os.environ.get("ALPHA_VANTAGE_API_KEY", "demo")
    )
    alpha_vantage_url: str = field(
        default_factory=lambda: os.environ.get(
            "ALPHA_VANTAGE_URL", "https://www.alphavantage.co/query"
        )
    )
    cors_origins: tuple[str, ...] = field(
        default_factory=lambda: tuple(
            os.environ.get("CORS_ORIGINS", "http://localhost:3000,http://localhost:5173").split(",")
        )
    )
    log_level: str = field(default_factory=lambda: os.environ.get("APP_LOG_LEVEL", "INFO"))


settings = Settings()
