"""A portfolio's life: opened, traded in, read, closed."""

import uuid
from decimal import Decimal

from fastapi.testclient import TestClient


def _open(client: TestClient, user: dict[str, str], deposit: str = "1000.00") -> str:
    answer = client.post(
        "/api/v1/portfolios", json={"name": "first", "initial_deposit": deposit}, headers=user
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["portfolio_id"])


def test_a_buy_moves_cash_into_holdings(client: TestClient, user: dict[str, str], quoted: Decimal) -> None:
    place = f"/api/v1/portfolios/{_open(client, user)}"
    order = {"action": "BUY", "ticker": "IBM", "quantity": "4"}
    assert client.post(f"{place}/trades", json=order, headers=user).status_code == 201
    balance = client.get(f"{place}/balance", headers=user).json()
    assert Decimal(balance["cash_balance"]) == Decimal(1000) - 4 * quoted
    assert Decimal(balance["total_value"]) == Decimal(1000)
    (held,) = client.get(f"{place}/holdings", headers=user).json()["holdings"]
    assert Decimal(held["quantity"]) == 4
    history = client.get(f"{place}/transactions", headers=user).json()
    assert [entry["transaction_type"] for entry in history["items"]] == ["DEPOSIT", "BUY"]


def test_too_expensive_is_refused_with_the_shortfall(
    client: TestClient, user: dict[str, str], quoted: Decimal
) -> None:
    place = f"/api/v1/portfolios/{_open(client, user, '10.00')}"
    order = {"action": "BUY", "ticker": "IBM", "quantity": "1"}
    answer = client.post(f"{place}/trades", json=order, headers=user)
    assert answer.status_code == 400
    assert answer.json()["code"] == "insufficient_funds"
    assert Decimal(answer.json()["fields"]["shortfall"]) == Decimal("2.50")


def test_validation_names_the_field(client: TestClient, user: dict[str, str]) -> None:
    place = f"/api/v1/portfolios/{_open(client, user)}"
    order = {"action": "HOLD", "ticker": "ibm", "quantity": "-1"}
    answer = client.post(f"{place}/trades", json=order, headers=user)
    assert answer.status_code == 422
    assert answer.json()["code"] == "validation_error"
    assert set(answer.json()["fields"]) == {"body.action", "body.ticker", "body.quantity"}


def test_closed_is_gone(client: TestClient, user: dict[str, str]) -> None:
    place = f"/api/v1/portfolios/{_open(client, user)}"
    assert client.delete(place, headers=user).status_code == 204
    assert client.get(place, headers=user).status_code == 404


def test_others_are_kept_out(client: TestClient, user: dict[str, str], admin: dict[str, str]) -> None:
    place = f"/api/v1/portfolios/{_open(client, user)}"
    assert client.get(place, headers=admin).status_code == 403
    assert client.get(f"/api/v1/portfolios/{uuid.uuid4()}", headers=user).status_code == 404
