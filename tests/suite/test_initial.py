"""What the first look after a deployment takes for healthy."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from msgspec.structs import replace

from pytest_zebu.facts.answer import Known, NotAssessed
from pytest_zebu.facts.http import Step
from pytest_zebu.facts.web import Answer
from tests_prod.deployment_verification.test_initial import (
    expect_backend_health,
    expect_health,
    expect_same_page,
    health_of,
)


@pytest.mark.parametrize(("kind", "body", "expected"), [
    ("text/plain", "healthy\n", True), ("text/plain", "OK", True), ("", "ok\n", True), ("text/plain", "Healthy", True),
    ("application/json", '{"status": "healthy"}', True), ("application/json", '{"status": "UP"}', True), ("application/health+json", '{"status": "pass"}', True),
    ("text/plain; note=json", '{"status": "healthy"}', True), ("application/json", '\ufeff{"status": "ok"}', True), ("application/json", '"healthy"', True),
    ("application/json", '{"version": "1.2", "status": "healthy", "checks": {"database": "ok", "workers": 2}}', True),
    ("application/json", '{"status": "healthy", "debug": false, "log_level": "ERROR"}', True),
    ("application/json", '{"status":"starting"}', False), ("application/json", '{"status": "unhealthy"}', False), ("application/json", '{"status": "degraded"}', False),
    ("application/json", '{"status":"healthy","database":"down"}', False), ("application/json", '{"status":"healthy","checks":[{"redis":"DEGRADED"}]}', False),
    ("application/json", '{"status":"healthy","database":{"connected":false}}', False), ("application/json", '{"status":"ok","checks":{"prices":false}}', False),
    ("application/json", '{"status":"healthy","database":"error: connection refused"}', False), ("application/json", '{"status":"ok","errors":["no prices"]}', False),
    ("application/json", '{"status":"ok","errors":[],"jobs":"failed: 0"}', True), ("application/json", '{"status":"healthy","redis":false}', False), ("application/json", '{"status": "healthy"', False),
    ("text/plain", "unhealthy", False), ("text/plain", "not ok", False), ("text/html", "healthy", True), ("text/html; charset=utf-8", "OK", True), ("text/html", "welcome", False), ("text/html", "<!doctype html>healthy", False), ("", "<html>ok", False),
    ("application/json", '{"state": "healthy"}', True), ("application/json", '{"Status": "Healthy"}', True), ("application/json", '{"health": "ok", "status": 200}', True), ("application/json", '{"healthy": true}', True), ("application/json", '{"ok": true, "db": false}', False),
    ("application/json", '{"status": "running"}', True), ("application/json", '{"status": "ok", "details": {"maintenance": false}}', True), ("application/json", '{"status": "ok", "details": {"db": false}}', False), ("application/json", "true", None), ("application/json", '{"status": "ok", "features": {"cache": false}, "config": {"on_error": "fail"}}', True), ("application/json", '{"status": "warn", "ok": true}', None),
    ("text/plain", "alive\n", True), ("text/plain", "OK.", True), ("text/plain", "pong", True), ("text/plain", "down", False), ("text/plain", "all quiet", None),
    ("application/json", '["status", "healthy"]', None), ("application/json", '{"status": "healthyish"}', None),
    # What is wrong stands in a sentence, or under a name that says so; what describes a part is none itself.
    ("application/json", '{"status":"ok","db":"offline"}', False), ("application/json", '{"status":"ok","redis":"not connected"}', False), ("application/json", '{"status":"healthy","scheduler":"stopped"}', False),
    ("application/json", '{"status":"healthy","database":"Connection refused"}', False), ("application/json", '{"status":"healthy","redis":"could not connect to 10.0.0.2"}', False), ("application/json", '{"status":"ok","db":"Error connecting to db"}', False),
    ("application/json", '{"status":"ok","error":"database locked"}', False), ("application/json", '{"status":"ok","error":"none","last_error":"timeout"}', True), ("application/json", '{"status":"ok","errors":{"db":"x"}}', False),
    ("application/json", '{"status":"ok","errors":{"today":0}}', True), ("application/json", '{"status":"ok","info":{"db":{"status":"up"}},"error":{},"details":{"db":{"status":"up"}}}', True),
    ("application/json", '{"status":"healthy","checks":{"database":true,"maintenance":false}}', True), ("application/json", '{"status":"healthy","components":[{"name":"db","status":"healthy","critical":false}]}', True),
    ("application/json", '{"status":"healthy","components":[{"name":"db","connected":false}]}', False), ("application/json", '{"status":"healthy","checks":[{"prices":false}]}', False),
    ("application/json", '{"status":"Healthy","entries":{"npgsql":{"data":{},"status":"Unhealthy"}}}', False), ("application/json", '{"status":"UP","components":{"diskSpace":{"status":"UP","details":{"exists":true}}}}', True),
    ("application/json", '{"status":"ok","redis":"disabled","message":"connections are refused by nobody"}', True), ("text/plain", "offline", False),
    ("application/json", '{"status": 200}', None), ("application/json", '{}', None), ("text/plain", "", None), ("text/plain", "default", None), ("text/plain", "not unhealthy", None),
])  # fmt: skip
def test_what_says_healthy(kind: str, body: str, expected: bool | None) -> None:
    assert health_of(Answer("https://x/health", 200, "", {"content-type": (kind,)}, body, "")) is expected


@pytest.mark.parametrize("depth", [300, 600, 2000])
def test_json_that_is_too_deep_is_no_health(depth: int) -> None:
    said = f'{{"status": "healthy", "a": {"[" * depth}"down"{"]" * depth}}}'
    assert health_of(Answer("https://x/health", 200, "", {"content-type": ("application/json",)}, said, "")) is False


def test_json_that_was_cut_says_nothing() -> None:
    cut = Answer(
        "https://x/health", 200, "", {"content-type": ("application/json",)}, '{"status": "hea', "", is_cut=True
    )
    assert health_of(cut) is None


def answer(status: int, body: str = '{"status": "healthy"}', kind: str = "application/json", **more: Any) -> Answer:
    return Answer("https://x/health", status, "", {"content-type": (kind,)}, body, "", **more)


@pytest.mark.parametrize(("said", "complaint"), [
    (answer(204, "", ""), "not known"), (answer(200, "{}"), "not known"), (answer(200, "dying", "text/plain"), "not known"), (answer(200, "stopping", "text/plain"), "without saying healthy"), (answer(503), "answers 503"), (answer(404), "answers 404"), (answer(0), "answers nothing"),
    (answer(200, "<html>", "text/html"), "without saying healthy"),
])  # fmt: skip
def test_what_is_no_health(said: Answer, complaint: str) -> None:
    """What says nothing, or nothing that is understood, is neither."""
    with pytest.raises(NotAssessed if complaint == "not known" else AssertionError, match=complaint):
        expect_health(said)


PAGE = "<!doctype html><body><script src=/a.js></script></body>"
BOTS = '<script>(function(){a.src="/cdn-cgi/challenge-platform/scripts/jsd/main.js"})();</script>'
COUNTER = '<script defer src="https://static.cloudflareinsights.com/beacon.min.js"></script>\n'


@pytest.mark.parametrize(("body", "complaint"), [
    (PAGE, ""), (PAGE.replace("</body>", f"{BOTS}</body>"), ""), (PAGE.replace("</body>", f"{COUNTER}{BOTS}</body>"), ""), (PAGE.replace("</body>", f"{BOTS}{COUNTER}</body>"), ""),
    (PAGE.replace("/a.js", "/b.js"), "another page"), (PAGE.replace("/a.js", "/b.js") + BOTS, "cannot be compared"), (PAGE.replace("<script", "<script src=/evil.js></script><script"), "another page"),
    (PAGE.replace("<script", '<script nonce="8IBTHwOdqNKAWeKl7plt8g=="'), "cannot be compared"), (PAGE.replace("<script", "<script data-nonce-of=xxxxxxxxxx"), "another page"),
    (PAGE + "<script>/cdn-cgi/", "another page"), ("<script" * 20_000, "another page"),
])  # fmt: skip
def test_a_page_is_the_same_but_for_what_a_network_adds(body: str, complaint: str) -> None:
    own, seen = (hashlib.sha256(text.encode()).hexdigest() for text in (PAGE, body))
    said = replace(answer(200, body, "text/html"), sha256=seen)
    if not complaint:
        return expect_same_page(said, own)
    with pytest.raises(NotAssessed if "compared" in complaint else AssertionError, match=complaint):
        expect_same_page(said, own)


def test_a_page_of_hours_ago_may_be_the_one_before() -> None:
    """It was deployed since: that it differs from the machine's page of now is no fault."""
    own, old = (hashlib.sha256(text.encode()).hexdigest() for text in (PAGE, "the page before"))
    said = replace(answer(200, "the page before", "text/html"), sha256=old, ago="3 hours ago")
    with pytest.raises(NotAssessed, match=r"another page 3 hours ago than .* has now: run `zebu look` there again"):
        expect_same_page(said, own)
    expect_same_page(said, old)


@pytest.mark.parametrize(("end", "where", "complaint"), [
    (answer(200), "https://x/health/", ""), (answer(200), "https://y/health", "not declared"), (answer(200, "<html>", "text/html"), "https://x/login", "not answered as the backend does"),
    (answer(200, "healthy", "text/plain"), "https://x/health/", "not answered as the backend does"), (answer(503), "https://x/health/", "answers 503"),
    (answer(200), "http://x/health/", "not to https"), (None, "https://x/health/", "was not seen"),
])  # fmt: skip
def test_health_at_the_end_of_a_redirect(end: Answer | None, where: str, complaint: str) -> None:
    """A slash more is the same address; the site's health is none of the backend's."""
    said = replace(answer(307, "", ""), location=where, way=Known((Step(where, 200),)), end=end)
    if not complaint:
        return expect_backend_health(said, ("x",))
    with pytest.raises(AssertionError if end else NotAssessed, match=complaint):
        expect_backend_health(said, ("x",))
