"""A client of the application on an in-memory database, and a price cache without a server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from decimal import Decimal

os.environ.update(
    APP_ENV="production",
    DATABASE_URL="sqlite://",
    CLERK_SECRET_KEY="sk_live_of_the_tests",
    API_KEY_HMAC_SECRET="pepper of the tests",
    CORS_ORIGINS="https://zebu.test,https://www.zebu.test",
    ADMIN_USER_IDS="user_admin",
)

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from zebu import auth, prices
from zebu.database import engine
from zebu.main import app
from zebu.models import ApiKey, Base, now
from zebu.prices import Price
from zebu.routes import portfolios
from zebu.routes import prices as price_routes


@pytest.fixture
def client() -> Iterator[TestClient]:
    Base.metadata.create_all(engine())
    with TestClient(app, raise_server_exceptions=False) as test_client:
        yield test_client
    Base.metadata.drop_all(engine())


def _key_of(clerk_user_id: str) -> str:
    raw = auth.new_key()
    with Session(engine()) as session:
        session.add(
            ApiKey(
                user_id=auth.user_id_of(clerk_user_id),
                clerk_user_id=clerk_user_id,
                label="tests",
                key_hash=auth.hash_key(raw),
            )
        )
        session.commit()
    return raw


@pytest.fixture
def user(client: TestClient) -> dict[str, str]:
    return {"X-API-Key": _key_of("user_one")}


@pytest.fixture
def admin(client: TestClient) -> dict[str, str]:
    return {"X-API-Key": _key_of("user_admin")}


@pytest.fixture
def quoted(monkeypatch: pytest.MonkeyPatch) -> Decimal:
    """Every share costs this."""
    amount = Decimal("12.5000")

    def price_of(ticker: str) -> Price:
        return Price(ticker, amount, now(), "cache")

    for module in (prices, portfolios, price_routes):
        monkeypatch.setattr(module, "price_of", price_of)
    return amount
