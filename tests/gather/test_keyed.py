"""The look with the application's key: what it tells, and that the key goes nowhere else."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest

from pytest_zebu.facts.answer import Reason, Unknown
from pytest_zebu.gather import keyed
from pytest_zebu.gather.keyed import ask_with_key
from pytest_zebu.settings import Settings
from tests.gather.conftest import SECRET, Server

Declared = Callable[..., Settings]
PATH = "GET /api/v1/portfolios"


@pytest.mark.parametrize(("status", "body", "kind"), [
    (200, {"items": [], "total": 0}, "content"), (200, [], "content"), (200, {"detail": "no"}, "complaint"), (200, {"error": {}}, "complaint"),
    (200, {"success": True, "data": [], "error": None}, "content"), (200, {"items": [], "errors": []}, "content"), (200, {"success": False, "message": "no"}, "complaint"), (200, {"status": "error", "data": None}, "complaint"), (200, {"ok": False}, "complaint"),
    (200, {"message": "Internal Server Error"}, "complaint"), (200, {"code": 500, "msg": "x"}, "complaint"), (200, {"status": 500, "title": "x"}, "complaint"), (200, {"code": 200, "data": []}, "content"), (200, {"status": True, "data": []}, "content"),
    (200, b"<!doctype html>", "other"), (200, b'"text"', "other"), (401, {"detail": "who?"}, "complaint"), (200, b"[" + b" " * 70_000 + b"]", "content"),
])  # fmt: skip
@pytest.mark.hostile("requests")
def test_an_answer_is_its_status_and_its_kind(
    status: int, body: Any, kind: str, servers: tuple[Server, Server], declared: Declared
) -> None:
    here, _ = servers
    here.answers[PATH] = (status, {}, body)
    seen = ask_with_key(declared(probes={"api_key_file": "secret"}), f"{here.url}/api/v1/portfolios?limit=1")
    assert seen == {"status": status, "body": kind, "again": False}
    assert f"X-API-Key: {SECRET}" in here.arrived[-1]
    assert len(here.arrived) == 1


def test_what_breaks_is_asked_once_more(servers: tuple[Server, Server], declared: Declared) -> None:
    here, _ = servers
    here.answers[PATH] = (500, {}, b"Internal Server Error")
    seen = ask_with_key(declared(probes={"api_key_file": "secret"}), f"{here.url}/api/v1/portfolios")
    assert seen == {"status": 500, "body": "other", "again": True}
    assert len(here.arrived) == 2


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.hostile("requests")
def test_who_counts_requests_is_asked_later(
    status: int, servers: tuple[Server, Server], declared: Declared, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, _ = servers
    here.answers[PATH] = (status, {}, b"<html>")
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        here.answers[PATH] = (200, {}, [])

    monkeypatch.setattr("pytest_zebu.gather.keyed.time.sleep", wait)
    seen = ask_with_key(declared(probes={"api_key_file": "secret"}), f"{here.url}/api/v1/portfolios")
    assert (seen, waited) == ({"status": 200, "body": "content", "again": True}, [keyed.CALM_SECONDS])


@pytest.mark.hostile("requests")
def test_the_key_goes_to_nobody_else(servers: tuple[Server, Server], declared: Declared) -> None:
    here, elsewhere = servers
    here.redirect(302, elsewhere)
    seen = ask_with_key(declared(probes={"api_key_file": "secret"}), f"{here.url}/api/v1/portfolios")
    assert seen["status"] == 302
    assert not elsewhere.arrived
    # Nor to whom nobody trusts.
    distrusting = Settings(probes=declared(probes={"api_key_file": "secret"}).probes, folder=declared().folder)
    seen = ask_with_key(distrusting, f"{elsewhere.url}/api/v1/portfolios")
    assert isinstance(seen, Unknown)
    assert "was not sent" in seen.detail
    assert not elsewhere.arrived


def test_without_a_key_or_a_service_nothing_is_known(servers: tuple[Server, Server], declared: Declared) -> None:
    here, _ = servers
    seen = ask_with_key(declared(), f"{here.url}/api/v1/portfolios")
    assert isinstance(seen, Unknown)
    assert seen.reason is Reason.NOT_CONFIGURED
    assert not here.arrived
    seen = ask_with_key(declared(probes={"api_key_file": "secret"}), "https://127.0.0.1:1/api/v1/portfolios")
    assert isinstance(seen, Unknown)
    assert seen.reason is Reason.UNREACHABLE


@pytest.mark.hostile("requests")
def test_what_never_answers_is_told(monkeypatch: pytest.MonkeyPatch, declared: Declared) -> None:
    monkeypatch.setattr(keyed, "SECONDS", (1.0, 0.1))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/api/v1/portfolios"
        seen = ask_with_key(declared(probes={"api_key_file": "secret"}), url)
    assert seen == {"status": 0, "body": "other", "again": True}
