"""What anybody sees without an account."""

from fastapi.testclient import TestClient


def test_health_is_a_constant_and_answers_get_only(client: TestClient) -> None:
    assert client.get("/health").json() == {"status": "healthy"}
    assert client.head("/health").status_code == 405


def test_protected_routes_name_the_scheme(client: TestClient) -> None:
    forged = {"X-API-Key": "zk_" + "x" * 43}
    for headers in ({}, forged, {"Authorization": "Bearer nonsense"}):
        answer = client.get("/api/v1/portfolios", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert set(answer.json()) == {"detail", "code", "fields"}


def test_cors_allows_the_declared_origins_only(client: TestClient) -> None:
    allowed = client.get("/health", headers={"Origin": "https://zebu.test"})
    foreign = client.get("/health", headers={"Origin": "https://zebu.test.evil.test"})
    assert allowed.headers["access-control-allow-origin"] == "https://zebu.test"
    assert "access-control-allow-origin" not in foreign.headers
    preflight = client.options(
        "/health",
        headers={"Origin": "https://evil.test", "Access-Control-Request-Method": "GET"},
    )
    assert preflight.status_code == 400


def test_correlation_is_echoed(client: TestClient) -> None:
    assert client.get("/", headers={"X-Correlation-ID": "abc"}).headers["x-correlation-id"] == "abc"
