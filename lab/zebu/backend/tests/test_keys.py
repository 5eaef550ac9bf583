"""Keys and administrators."""

import pytest
from fastapi.testclient import TestClient

from zebu.config import settings


def test_a_key_cannot_make_keys(client: TestClient, user: dict[str, str]) -> None:
    answer = client.post("/api/v1/api-keys", json={"label": "more"}, headers=user)
    assert answer.status_code == 403


def test_debug_is_for_administrators(client: TestClient, user: dict[str, str], admin: dict[str, str]) -> None:
    assert client.get("/api/v1/debug", headers=user).status_code == 403
    body = client.get("/api/v1/debug", headers=admin).json()
    assert body["database"]["connected"] is True
    assert body["environment"] == "production"


def test_missing_sign_in_settings_are_a_server_error(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLERK_SECRET_KEY")
    settings.cache_clear()
    assert client.get("/api/v1/portfolios").status_code == 500
    monkeypatch.undo()
    settings.cache_clear()
