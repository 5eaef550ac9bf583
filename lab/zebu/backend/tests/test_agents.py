"""Strategies at work: activations, triggers, questions, backtests on stored prices."""

from datetime import timedelta
from decimal import Decimal

import pytest
from fastapi.testclient import TestClient

from zebu import history
from zebu.models import now

API = "/api/v1"


@pytest.fixture
def priced(monkeypatch: pytest.MonkeyPatch, client: TestClient, admin: dict[str, str]) -> None:
    """IBM cost 10 ten days ago and one more each day since."""
    today = now().date()
    series = {today - timedelta(days=back): Decimal(20 - back) for back in range(11)}
    monkeypatch.setattr(history, "daily", lambda _ticker: series)
    answer = client.post(f"{API}/prices/fetch-historical", json={"ticker": "IBM"}, headers=admin)
    assert answer.json() == {"ticker": "IBM", "fetched": 11}


def _made(client: TestClient, user: dict[str, str], path: str, **body: object) -> str:
    answer = client.post(f"{API}/{path}", json=body, headers=user)
    assert answer.status_code == 201, answer.text
    return str(answer.json().get("id") or answer.json()["portfolio_id"])


def test_a_strategy_is_activated_watched_and_given_up(client: TestClient, user: dict[str, str]) -> None:
    strategy = _made(client, user, "strategies", name="hold")
    portfolio = _made(client, user, "portfolios", name="mine", initial_deposit="100.00")
    activation = _made(client, user, f"strategies/{strategy}/activate", portfolio_id=portfolio)
    trigger = _made(client, user, "triggers", activation_id=activation, direction="ABOVE", threshold="12.5")
    assert client.get(f"{API}/triggers/{trigger}/fires", headers=user).json()["total"] == 0
    stopped = client.post(f"{API}/activations/{activation}/deactivate", headers=user).json()
    assert stopped["status"] == "STOPPED"
    assert client.delete(f"{API}/triggers/{trigger}", headers=user).status_code == 204
    assert client.delete(f"{API}/strategies/{strategy}", headers=user).status_code == 204
    assert client.get(f"{API}/activations", headers=user).json()["total"] == 0


def test_others_cannot_activate_it(client: TestClient, user: dict[str, str], admin: dict[str, str]) -> None:
    strategy = _made(client, user, "strategies", name="hold")
    assert client.get(f"{API}/strategies/{strategy}", headers=admin).status_code == 403


def test_questions_stay_open(client: TestClient, user: dict[str, str]) -> None:
    task = _made(client, user, "exploration-tasks", prompt="what if")
    assert client.get(f"{API}/exploration-tasks/{task}", headers=user).json()["status"] == "OPEN"


def test_a_backtest_buys_and_holds(client: TestClient, user: dict[str, str], priced: None) -> None:
    strategy = _made(client, user, "strategies", name="hold", ticker="IBM")
    today = now().date()
    body = {
        "strategy_id": strategy,
        "start_date": str(today - timedelta(days=10)),
        "end_date": str(today),
        "initial_cash": "105.00",
    }
    answer = client.post(f"{API}/backtests", json=body, headers=user).json()
    assert Decimal(answer["final_value"]) == Decimal("210.00")
    assert client.get(f"{API}/portfolios", headers=user).json()["total"] == 0
    assert client.get(f"{API}/portfolios?include_backtest=true", headers=user).json()["total"] == 1
    for _ in range(4):
        client.post(f"{API}/backtests", json=body, headers=user)
    refused = client.post(f"{API}/backtests", json=body, headers=user)
    assert refused.status_code == 429
    assert refused.json()["code"] == "rate_limit_exceeded"
    assert int(refused.headers["retry-after"]) <= 60
    assert client.delete(f"{API}/backtests/{answer['id']}", headers=user).status_code == 204


def test_stored_prices_are_read_by_day(client: TestClient, user: dict[str, str], priced: None) -> None:
    body = client.get(f"{API}/prices/IBM/history", headers=user).json()
    assert body["count"] == 11
    assert Decimal(body["prices"][0]["price"]) == 10
    assert client.get(f"{API}/prices/IBM/history?interval=1min", headers=user).status_code == 422
    tomorrow = now().date() + timedelta(days=1)
    found = client.get(f"{API}/prices/IBM/check?date={tomorrow}", headers=user).json()
    assert found == {"available": False, "closest_date": str(now().date())}
    assert client.get(f"{API}/prices/", headers=user).json() == {"tickers": ["IBM"], "count": 1}


def test_values_are_recorded_daily(client: TestClient, user: dict[str, str], admin: dict[str, str]) -> None:
    portfolio = _made(client, user, "portfolios", name="mine", initial_deposit="100.00")
    place = f"{API}/portfolios/{portfolio}"
    assert client.post(f"{place}/snapshots/backfill", headers=user).json() == {"created": 1}
    assert client.get(f"{place}/performance?range=1W", headers=user).json()["absolute_change"] == "0.00"
    (cash,) = client.get(f"{place}/composition", headers=user).json()["composition"]
    assert cash == {"ticker": "CASH", "value": "100.00", "percentage": "100.00"}
    assert client.post(f"{API}/analytics/snapshots/daily", headers=admin).status_code == 200
    (snapshot,) = [
        job
        for job in client.get(f"{API}/admin/jobs/health", headers=admin).json()["jobs"]
        if job["job_name"] == "daily_snapshot"
    ]
    assert snapshot["last_status"] == "success"
    assert not snapshot["is_stale"]


def test_administrators_rule_the_data(
    client: TestClient, user: dict[str, str], admin: dict[str, str], priced: None
) -> None:
    assert client.get(f"{API}/admin/data-coverage", headers=user).status_code == 403
    (row,) = client.get(f"{API}/admin/data-coverage", headers=admin).json()["tickers"]
    assert row["count"] == 11
    assert client.post(f"{API}/admin/watchlist", json={"ticker": "IBM"}, headers=admin).status_code == 201
    assert client.delete(f"{API}/admin/watchlist/IBM", headers=admin).status_code == 204
    assert client.delete(f"{API}/admin/watchlist/IBM", headers=admin).status_code == 404
    assert client.post(f"{API}/admin/triggers/disable-all", headers=admin).json() == {"disabled": 0}
    assert len(client.get(f"{API}/debug/scheduler", headers=admin).json()["jobs"]) == 2
